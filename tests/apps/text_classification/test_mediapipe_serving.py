"""A classifier of word pieces: the files that MediaPipe runs, and attributions."""

import importlib
import importlib.util
import io
import os
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from keras import ops
from review_tools import TINY

from polyhead.apps.common.errors import PolyheadError, UsageError
from polyhead.apps.common.export import mediapipe
from polyhead.apps.common.export.inspection import inspect_tflite
from polyhead.apps.common.export.litert import TFLitePredictor, count_subgraphs
from polyhead.apps.common.text.wordpiece import WordPieceTokenizer
from polyhead.apps.text_classification import Config, train
from polyhead.apps.text_classification.mediapipe_serving import (
    MediaPipeModel,
    check_tokenizer,
)

pytestmark = pytest.mark.tensorflow

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
TEXTS = [
    "A splendid film, and DREADFUL music",
    "",
    "café 中文 delightful 😀",
    "the plot was awful " * 40,
]


@pytest.fixture(scope="module")
def run(reviews, tmp_path_factory):
    config = Config(
        train=str(reviews / "train.csv"),
        test=str(reviews / "test.csv"),
        run=str(tmp_path_factory.mktemp("pieces") / "run"),
        epochs=4,
        max_tokens=32,
        tokenizer="mediapipe",
        **TINY,
    )
    return train(config, quiet=True)


@pytest.fixture(scope="module")
def exported(run):
    return run.export(["savedmodel", "tflite", "mediapipe"], ["float32"])["files"]


def read_files(run, exported):
    return {name: run.path / "export" / name for name in mediapipe.FILES}


def test_it_learns_and_every_engine_reads_text(run, exported):
    assert run.metrics["test"]["accuracy"] > 0.9
    ours = run.probabilities(TEXTS)
    assert np.abs(run.probabilities(TEXTS, "savedmodel") - ours).max() < 1e-5
    short = TEXTS[:3]
    assert np.abs(run.probabilities(short, "tflite") - ours[:3]).max() < 1e-5


def test_the_files_agree_with_keras(exported):
    for name in mediapipe.FILES:
        facts = exported[name]
        assert facts["disagreements"] == 0 and facts["rows"] == 200
        assert facts["largest_difference"] < 1e-4


def test_the_files_have_one_graph_and_three_inputs(run, exported):
    for name, any_length in mediapipe.FILES.items():
        path = run.path / "export" / name
        assert count_subgraphs(path.read_bytes()) == 1
        predictor = TFLitePredictor(path)
        length = -1 if any_length else 32
        found = {
            n: (d["shape_signature"].tolist(), d["dtype"])
            for n, d in predictor.inputs.items()
        }
        assert found == dict.fromkeys(mediapipe.INPUTS, ([1, length], np.int32))
        shapes = {n: d["shape"].tolist() for n, d in predictor.outputs.items()}
        assert shapes == {"probabilities": [1, 2], "token_attributions": [1, 32]}


def test_vocabulary_and_labels_are_inside(run, exported):
    for name in mediapipe.FILES:
        content = (run.path / "export" / name).read_bytes()
        archive = zipfile.ZipFile(io.BytesIO(content))
        vocabulary = archive.read("vocab.txt").decode().split("\n")
        assert vocabulary == run.tokenizer.pieces
        labels = archive.read("probabilities_labels.txt").decode().split("\n")
        assert labels == ["bad", "good"]


def test_both_files_cut_alike(run, exported):
    whole = WordPieceTokenizer(run.tokenizer.pieces, True, 1000).encode(TEXTS[3])
    for most in (len(whole) - 1, len(whole)):
        cut = run.tokenizer.find_cut([TEXTS[3], ""], most)
        assert cut == [most < len(whole), False]
    assert len(whole) > 32
    ids = np.array(whole, np.int32)
    wanted = run.probabilities(TEXTS[3:])[0]
    for name, any_length in mediapipe.FILES.items():
        row = ids if any_length else mediapipe.cut_ids(ids, 32)
        path = run.path / "export" / name
        found = mediapipe.run_rows(path, [row], 0 if any_length else 32)
        assert np.abs(found["probabilities"][0] - wanted).max() < 1e-4


def test_attributions_add_up_to_the_logit(run):
    serving = run.serving
    model = MediaPipeModel(serving, run.tokenizer.ids["[SEP]"])
    ids = run.tokenizer.encode_all(TEXTS[:1])[0][None]
    found = model.inner([ids])
    shares = np.array(model.share(ids, found)).sum(axis=1)
    each = [ops.convert_to_numpy(head.bias) for head in model.heads]
    biases = sum(each) / len(each)
    assert np.abs(shares + biases - np.array(found["logits"])).max() < 1e-4


def test_the_deciding_word_stands_out(run, exported):
    ids = run.tokenizer.encode_all(["the splendid film"])
    path = run.path / "export" / "mediapipe.tflite"
    found = mediapipe.run_rows(path, ids, 0)["token_attributions"][0]
    pieces = [run.tokenizer.pieces[i] for i in ids[0]]
    count = len(pieces)
    assert (found >= 0).all() and (found <= 1).all()
    assert np.array_equal(found[count:], np.full(32 - count, 0.5, np.float32))
    assert "".join(pieces)[5:-5].replace("##", "") == "thesplendidfilm"
    assert 1 <= found[:count].argmax() < count - 1


def test_a_byte_run_cannot_be_exported(review_run):
    with pytest.raises(UsageError, match="--set tokenizer=mediapipe"):
        review_run.export(["mediapipe"])


def test_what_else_is_refused(run, tmp_path):
    with pytest.raises(UsageError, match="full_int8: none of these is for MediaPipe"):
        run.export(["mediapipe"], ["full_int8"])
    cased = WordPieceTokenizer(run.tokenizer.pieces, False, 32)
    with pytest.raises(UsageError, match="fine-tune an uncased one"):
        check_tokenizer(cased)
    holed = WordPieceTokenizer([*run.tokenizer.pieces, ""], True, 32)
    with pytest.raises(UsageError, match="an empty piece, which MediaPipe would leave"):
        check_tokenizer(holed)
    with pytest.raises(UsageError, match="tokenizer 'words'"):
        train(replace(run.config, tokenizer="words", run=str(tmp_path)))


def test_a_file_with_branches_is_refused(run, exported):
    with_branch = run.path / "export" / "model_float32.tflite"
    with pytest.raises(PolyheadError, match="3 graphs, but MediaPipe"):
        mediapipe.check_one_graph("x.tflite", with_branch.read_bytes())


def test_the_guide_names_the_tensors(run, exported):
    guide = (Path(__file__).parents[3] / "docs/mediapipe.md").read_text("utf-8")
    for name, path in read_files(run, exported).items():
        found = inspect_tflite(path)
        sides = []
        for side in ("inputs", "outputs"):
            shapes = {n: f"{t['type']}{t['shape']}" for n, t in found[side].items()}
            row = ", ".join(f"`{n}` {shape}" for n, shape in shapes.items())
            row = row.replace("[1, 32]", "[1, max_tokens]")
            sides.append(row.replace("[1, 2]", "[1, labels]"))
        assert f"| `{name}` | {sides[0]} | {sides[1]} |" in guide


needs_client = pytest.mark.skipif(
    "POLYHEAD_MEDIAPIPE_PYTHON" not in os.environ
    and importlib.util.find_spec("mediapipe") is None,
    reason="no mediapipe: name a Python that has it in POLYHEAD_MEDIAPIPE_PYTHON",
)


@needs_client
def test_mediapipe_answers_as_keras_does(run, exported, monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    probe = importlib.import_module("mediapipe_probe")
    ours = run.probabilities(TEXTS)
    for name in mediapipe.FILES:
        answers = probe.classify(run.path / "export" / name, TEXTS)["answers"]
        scores = np.array([heads[0]["scores"] for heads in answers])
        assert np.abs(scores - ours).max() < 1e-3
        labels = [heads[0]["label"] for heads in answers]
        assert labels == [run.label_names[i] for i in ours.argmax(axis=1)]
        names = [head["name"] for head in answers[0]]
        assert names == ["probabilities", "token_attributions"]
