"""The files that MediaPipe runs: which variant, how ids are cut, what is verified."""

import io
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from polyhead.apps.common.errors import PolyheadError, UsageError
from polyhead.apps.common.export import mediapipe
from polyhead.apps.common.export.litert import TFLitePredictor
from polyhead.apps.common.export.metadata import Metadata
from polyhead.apps.common.export.verification import Metric

pytestmark = pytest.mark.tensorflow

VOCABULARY = ["[PAD]", "[CLS]", "[SEP]", "a", "b"]
END, MAX_TOKENS = 2, 4
WEIGHTS = [np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32)]
IDS = [np.array(row, np.int32) for row in ([1, 3, 2], [1, 2], [1, 4, 4, 3, 4, 2])]
METRIC = Metric(
    "accuracy",
    score=lambda outputs: 1.0,
    differs=lambda ours, keras: (
        ours["probabilities"].argmax(1) != keras["probabilities"].argmax(1)
    ),
)


def add_up(weights, tables, ids, mask, segment_ids):
    """The sum of the tokens' vectors; cuts the ids as MediaPipe does."""
    import tensorflow as tf

    ids = (ids * mask + segment_ids)[:, :MAX_TOKENS]
    place = tf.cumsum(tf.ones_like(ids), axis=1)
    ids = tf.where((place == MAX_TOKENS) & (ids > 0), END, ids)
    real = tf.cast(ids > 0, tf.float32)[..., None]
    total = tf.reduce_sum(tf.gather(weights[0], ids) * real, axis=1)
    return {"probabilities": tf.reshape(total, (1, 2))}


def make_form(function=add_up):
    cut = [mediapipe.cut_ids(row, MAX_TOKENS) for row in IDS]
    expected = np.stack([WEIGHTS[0][row].sum(axis=0) for row in cut])
    inputs = dict.fromkeys(mediapipe.INPUTS, "ids")
    about = Metadata("Made.", inputs, {"probabilities": "p"}, vocabulary=VOCABULARY)
    expected = {"probabilities": expected.astype(np.float32)}
    return mediapipe.MediaPipeForm(function, IDS, expected, MAX_TOKENS, about)


def test_the_smallest_exact_variant_is_written():
    every = ["float32", "float16", "int8"]
    assert mediapipe.choose_variant(every) == "float16"
    assert mediapipe.choose_variant(["float32", "int8"]) == "int8"
    assert mediapipe.choose_variant(["float32"]) == "float32"


def test_a_variant_that_mediapipe_does_not_run_is_refused():
    with pytest.raises(UsageError, match="full_int8: none of these is for MediaPipe"):
        mediapipe.choose_variant(["full_int8"])


def test_the_last_id_stays_when_ids_are_cut():
    assert mediapipe.cut_ids(IDS[2], 4).tolist() == [1, 4, 4, 2]
    assert mediapipe.cut_ids(IDS[0], 4).tolist() == [1, 3, 2]


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The folder and the facts of both files."""
    folder = tmp_path_factory.mktemp("export")
    return folder, make_form().write(WEIGHTS, METRIC, folder, ["float32"], 0.0)


def test_both_files_are_verified_and_measured(exported):
    folder, files = exported
    assert list(files) == ["mediapipe.tflite", "mediapipe_static.tflite"]
    for name, facts in files.items():
        assert (facts["variant"], facts["max_tokens"]) == ("float32", MAX_TOKENS)
        assert facts["disagreements"] == 0 and facts["rows"] == 3
        assert facts["bytes"] == (folder / name).stat().st_size
    lengths = [facts["measured_tokens"] for facts in files.values()]
    assert lengths == [3, MAX_TOKENS]  # the median text, and the static length


def test_the_files_take_ids_and_hold_the_vocabulary(exported):
    for name, any_length in mediapipe.FILES.items():
        path = exported[0] / name
        inputs = TFLitePredictor(path).inputs
        length = -1 if any_length else MAX_TOKENS
        shapes = {key: d["shape_signature"].tolist() for key, d in inputs.items()}
        assert shapes == dict.fromkeys(mediapipe.INPUTS, [1, length])
        with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
            words = archive.read("vocab.txt").decode().split("\n")
        assert words == VOCABULARY


def test_another_answer_than_that_of_keras_is_refused(tmp_path):
    form = make_form()
    wrong = {"probabilities": form.expected["probabilities"] + 0.01}
    with pytest.raises(
        PolyheadError, match="mediapipe.tflite: .* nothing was exported"
    ):
        replace(form, expected=wrong).write(WEIGHTS, METRIC, tmp_path, ["float32"], 0.0)


def test_a_file_with_branches_is_refused(tmp_path):
    import tensorflow as tf

    def branch(weights, tables, ids, mask, segment_ids):
        total = add_up(weights, tables, ids, mask, segment_ids)["probabilities"]
        longer = tf.reduce_all(ids[:, :1] > 1)
        doubled = tf.cond(longer, lambda: 2 * total, lambda: total @ tf.eye(2))
        return {"probabilities": tf.reshape(doubled, (1, 2))}

    with pytest.raises(
        PolyheadError, match="3 graphs, but MediaPipe runs files of one"
    ):
        make_form(branch).write(WEIGHTS, METRIC, tmp_path, ["float32"], 0.0)
