"""Compiling a pure function for the backend in use."""

from collections.abc import Callable, Sequence

import keras
import numpy as np
from keras import ops


def compile_function(
    function: Callable, weights: Sequence[np.ndarray]
) -> Callable[[np.ndarray], np.ndarray]:
    """Compiles `function(weights, ids)` for many calls with the same weights.

    Args:
        function: pure, in `keras.ops`.
        weights: copied to the device once.

    Returns:
        Takes `(B, T)` int32 ids; gives the function's result as an array.
    """
    values = [ops.convert_to_tensor(weight) for weight in weights]
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        # One trace for all batch sizes and lengths.
        ids = tf.TensorSpec((None, None), "int32")
        weight_specs = [tf.TensorSpec(value.shape, value.dtype) for value in values]
        compiled = tf.function(function, input_signature=(weight_specs, ids))
    elif backend == "jax":
        import jax

        compiled = jax.jit(function)
    else:
        import torch

        compiled = torch.no_grad()(function)
    return lambda ids: ops.convert_to_numpy(
        compiled(values, ops.convert_to_tensor(ids))
    )
