"""A function alone as a .tflite file, and its time; for benchmarks of parts."""

import time
from collections.abc import Callable

import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from tensorflow.python.framework.convert_to_constants import (
    convert_variables_to_constants_v2,
)

TURNS, CALLS = 5, 200


def convert(function: Callable, shape: tuple, dtype: tf.DType) -> bytes:
    """The file of a function of one tensor; builtin operators only."""
    spec = tf.TensorSpec(shape, dtype)
    traced = tf.function(function).get_concrete_function(spec)
    if traced.variables:  # LiteRT reads them only after they are written
        traced = convert_variables_to_constants_v2(traced)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([traced])
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    return converter.convert()


def clock(file: bytes, data: np.ndarray) -> float:
    """The shortest of many calls on one thread, in milliseconds."""
    interpreter = Interpreter(model_content=file, num_threads=1)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], data)
    times = []
    for _ in range(CALLS):
        start = time.perf_counter()
        interpreter.invoke()
        times.append(time.perf_counter() - start)
    return 1e3 * min(times)
