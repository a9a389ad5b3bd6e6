"""Conversion to TFLite with builtin operators only, and the plain interpreter."""

from importlib.metadata import version

import keras
import numpy as np
import pytest

from polyhead.apps.common.devices.runtimes import OLDEST, find_oldest
from polyhead.apps.common.export.inspection import read_operators


def convert(function, variables, specs, optimize=False):
    """Converts `function(**tensors)`; its Keras variables become constants.

    Args:
        function: takes tensors by name, returns a nest of tensors.
        variables: all Keras variables that `function` reads.
        specs: dict of name -> tf.TensorSpec, the signature.
        optimize: True for dynamic-range int8.

    Returns: the file's bytes, whose operators the oldest LiteRT has too.
    """
    import tensorflow as tf

    values = [(v, keras.ops.convert_to_numpy(v)) for v in variables]

    @tf.function(input_signature=[specs])
    def traced(tensors):
        constants = [(v, tf.constant(value)) for v, value in values]
        with keras.StatelessScope(state_mapping=constants):
            outputs = keras.tree.flatten(function(**tensors))
        return {f"output_{i:03d}": tf.identity(x) for i, x in enumerate(outputs)}

    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [traced.get_concrete_function()], tf.Module()
    )
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    if optimize:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    content = converter.convert()
    oldest = find_oldest(read_operators(content))
    assert oldest == {"litert": OLDEST, "because": None}
    return content


def specs_of(inputs, dynamic_axes=None):
    """Signature for arrays of batch 1; `dynamic_axes`: name -> axes left open."""
    import tensorflow as tf

    specs = {}
    for name, value in inputs.items():
        shape = list(np.shape(value))
        for axis in (dynamic_axes or {}).get(name, ()):
            shape[axis] = None
        specs[name] = tf.TensorSpec(shape, np.asarray(value).dtype, name=name)
    return specs


def interpreter_for(content):
    from ai_edge_litert.interpreter import Interpreter

    return Interpreter(model_content=content, num_threads=1)


def operators(content):
    """Names of the operators in the file, in order."""
    details = interpreter_for(content)._get_ops_details()
    return [entry["op_name"] for entry in details if entry["op_name"] != "DELEGATE"]


def run(content, inputs):
    """Runs the file in the interpreter (it resizes to these shapes)."""
    runner = interpreter_for(content).get_signature_runner()
    known = runner.get_input_details()  # an unused input is dropped at conversion
    outputs = runner(**{k: np.asarray(v) for k, v in inputs.items() if k in known})
    return [outputs[name] for name in sorted(outputs)]


def skip_older_converters():
    """Skips a test that counts operators: older converters leave a few more."""
    if tuple(map(int, version("tensorflow").split(".")[:2])) < (2, 21):
        pytest.skip("the converter of an older TensorFlow leaves more operators")
