"""Writing and running a SavedModel."""

import numpy as np
import pytest
from export_tools import INPUTS, TABLES, WEIGHTS, linear, make_exportable

from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.export.savedmodel import (
    SavedModelPredictor,
    export_savedmodel,
    tokenize_strings,
)

pytestmark = pytest.mark.tensorflow


def test_each_signature_answers_any_number_of_rows(tmp_path, monkeypatch):
    monkeypatch.setattr("polyhead.apps.common.export.savedmodel.BATCH_SIZE", 16)

    def negated(weights, tables, x):
        return {"y": -linear(weights, tables, x)["y"]}

    functions = {"serving_default": (linear, INPUTS), "negated": (negated, INPUTS)}
    export_savedmodel(functions, WEIGHTS, TABLES, tmp_path)
    expected = make_exportable().savedmodel.expected["y"]
    predictor = SavedModelPredictor(tmp_path)
    for rows in (0, 1, 40):
        outputs = predictor(x=INPUTS["x"][:rows])
        np.testing.assert_allclose(outputs["y"], expected[:rows], atol=1e-5)
    other = SavedModelPredictor(tmp_path, "negated")(**INPUTS)["y"]
    np.testing.assert_allclose(other, -expected, atol=1e-5)


def test_texts_come_back_in_their_order(tmp_path):
    import tensorflow as tf

    def measure(weights, tables, text):
        return {"length": tf.strings.length(text)}

    examples = {"text": np.array([b"a"], object)}
    export_savedmodel({"serving_default": (measure, examples)}, [], {}, tmp_path)
    outputs = SavedModelPredictor(tmp_path).predict_texts(["four", "", "é", "longest"])
    assert outputs["length"].tolist() == [4, 0, 2, 7]


def test_strings_become_ids_as_long_as_the_longest():
    import tensorflow as tf

    lengths = []

    def tokenize(data):
        lengths.append(data.shape[1])
        ids = tf.pad(tf.cast(data, tf.int32), [[0, 0], [0, 5]])
        return ids, data[:, 0] == ord("c")

    strings = tf.constant([b"ab", b"", b"abcdef", b"c"])
    ids, cut = tokenize_strings(strings, tokenize, 4)
    assert lengths == [4]  # what lies behind `max_bytes` is not read
    assert ids.numpy()[:3].tolist() == [[97, 98, 0, 0], [0] * 4, [97, 98, 99, 100]]
    assert cut.numpy().tolist() == [False, False, True, True]
    assert tokenize_strings(tf.constant([b""]), tokenize, 4)[0].shape == (1, 1)


def test_a_missing_or_broken_savedmodel_is_named(tmp_path):
    with pytest.raises(PolyheadError, match="savedmodel: missing: export the run"):
        SavedModelPredictor(tmp_path / "savedmodel")
    (tmp_path / "saved_model.pb").write_bytes(b"no model")
    with pytest.raises(PolyheadError, match="cannot load it"):
        SavedModelPredictor(tmp_path)
