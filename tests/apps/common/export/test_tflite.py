"""Writing .tflite files: builtin operators and static shapes alone."""

import dataclasses

import numpy as np
import pytest
from export_tools import INPUTS, TABLES, WEIGHTS, linear, make_exportable

from polyhead.apps.common.errors import PolyheadError, UsageError
from polyhead.apps.common.export.export import export
from polyhead.apps.common.export.litert import TFLitePredictor
from polyhead.apps.common.export.tflite import export_tflite

pytestmark = pytest.mark.tensorflow


def test_the_file_gives_what_the_function_gives(tmp_path):
    path = tmp_path / "model.tflite"
    export_tflite(linear, WEIGHTS, TABLES, INPUTS, path)
    predictor = TFLitePredictor(path)
    assert predictor.inputs["x"]["shape_signature"].tolist() == [1, 8]
    expected = make_exportable().tflite.expected["y"]
    np.testing.assert_allclose(predictor(**INPUTS)["y"], expected, atol=1e-5)


def test_any_length_leaves_the_second_dimension_open(tmp_path):
    import tensorflow as tf

    def add_up(weights, tables, x):
        return {"y": tf.reduce_sum(x, axis=1, keepdims=True)}

    path = tmp_path / "model.tflite"
    export_tflite(add_up, [], {}, INPUTS, path, any_length=True)
    predictor = TFLitePredictor(path)
    assert predictor.inputs["x"]["shape_signature"].tolist() == [1, -1]
    for length in (3, 11):
        ones = np.ones((2, length), np.float32)
        assert predictor(x=ones)["y"].tolist() == [[length], [length]]


def test_an_unknown_variant_is_refused(tmp_path):
    with pytest.raises(UsageError, match="variant 'int4': choose from float32"):
        export_tflite(linear, WEIGHTS, TABLES, INPUTS, tmp_path / "a.tflite", "int4")


def test_an_operator_that_is_no_builtin_is_refused_by_name(tmp_path):
    import keras
    import tensorflow as tf

    exportable = make_exportable()

    class Speller(keras.layers.Layer):
        def call(self, y):
            spelled = tf.strings.length(tf.strings.as_string(y))
            return y + tf.cast(spelled, y.dtype)

    speller = Speller(name="speller")

    def flex(weights, tables, x):
        return {"y": speller(linear(weights, tables, x)["y"])}

    form = dataclasses.replace(exportable.tflite, function=flex)
    named = r"AsString \(at speller.*/AsString\), StringLength \(at speller.*\);"
    with pytest.raises(PolyheadError, match=f"no TFLite .*: {named}"):
        export(
            dataclasses.replace(exportable, tflite=form),
            tmp_path / "export",
            ["tflite"],
            ["float32"],
        )
    assert list(tmp_path.iterdir()) == []


def test_a_shape_made_from_values_is_refused(tmp_path):
    import tensorflow as tf

    def dynamic(weights, tables, x):
        return {"y": tf.boolean_mask(x, x > 0)}

    with pytest.raises(PolyheadError, match="makes shapes from values"):
        export_tflite(dynamic, [], {}, INPUTS, tmp_path / "model.tflite")
