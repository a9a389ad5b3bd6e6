"""Running a .tflite file, and what is read off it."""

import numpy as np
import pytest
from export_tools import INPUTS, make_exportable, write_linear_tflite

from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.export.litert import (
    TFLitePredictor,
    count_subgraphs,
    custom_operators,
    measure,
)

pytestmark = pytest.mark.tensorflow


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return write_linear_tflite(tmp_path_factory.mktemp("linear") / "model.tflite")


def test_rows_are_answered_one_by_one(path):
    predictor = TFLitePredictor(path)
    expected = make_exportable().tflite.expected["y"]
    np.testing.assert_allclose(predictor(**INPUTS)["y"], expected, atol=1e-5)
    assert predictor(x=np.zeros((0, 8), np.float32))["y"].shape == (0, 512)


def test_a_plain_function_has_one_graph_and_builtin_operators(path):
    assert count_subgraphs(path.read_bytes()) == 1
    assert custom_operators(path.read_bytes()) == []


def test_latency_and_memory_are_measured_in_a_process_of_their_own(path):
    facts = measure(path, INPUTS, threads=2)
    assert 0 < facts["latency_ms"]["median"] <= facts["latency_ms"]["p95"]
    assert facts["memory_bytes"] is None or facts["memory_bytes"] > 0


def test_a_file_that_cannot_be_measured_is_named(tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(b"no model" * 99)
    with pytest.raises(PolyheadError, match="model.tflite: LiteRT cannot run it"):
        measure(path, INPUTS)


def test_a_written_file_shows_its_custom_operators():
    import tensorflow as tf

    function = tf.function(lambda x: tf.strings.length(tf.strings.as_string(x)))
    concrete = function.get_concrete_function(tf.TensorSpec((1, 4), tf.float32))
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], tf.Module())
    converter.target_spec.supported_ops = [tf.lite.OpsSet.SELECT_TF_OPS]
    names = custom_operators(converter.convert())
    assert {"FlexAsString", "FlexStringLength"} <= set(names)


@pytest.mark.parametrize("content", [None, b"", b"no model" * 99])
def test_a_missing_or_broken_file_is_named(tmp_path, content):
    path = tmp_path / "model_int8.tflite"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PolyheadError, match="model_int8.tflite: .*export the run"):
        TFLitePredictor(path)
