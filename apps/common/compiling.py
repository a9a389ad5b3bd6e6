"""Compiling a pure function for the backend in use."""

from collections.abc import Callable, Sequence

import keras
import numpy as np
from keras import ops


class CompiledFunction:
    """A function of weights and ids, compiled for many calls with the same weights.

    Args:
        function: `(weights, *ids)` to a nest of tensors; pure, in `keras.ops`.
        weights: copied to the device once; see `set_weights`.
        inputs: how many arrays of ids it takes.

    Call arguments:
        ids: `(B, T)` int32, one or more.

    Returns:
        The function's result as arrays.
    """

    def __init__(
        self, function: Callable, weights: Sequence[np.ndarray], inputs: int = 1
    ):
        self.set_weights(weights)
        backend = keras.backend.backend()
        if backend == "tensorflow":
            import tensorflow as tf

            # One trace for all batch sizes and lengths.
            ids = [tf.TensorSpec((None, None), "int32")] * inputs
            specs = [tf.TensorSpec(value.shape, value.dtype) for value in self.weights]
            self.compiled = tf.function(
                function, input_signature=(specs, *ids), autograph=False
            )
        elif backend == "jax":
            import jax

            self.compiled = jax.jit(function)
        else:
            import torch

            self.compiled = torch.no_grad()(function)

    def set_weights(self, weights: Sequence[np.ndarray]) -> None:
        """Gives the calls to come other weights of the same shapes."""
        self.weights = [ops.convert_to_tensor(weight) for weight in weights]

    def __call__(self, *ids: np.ndarray):
        tensors = [ops.convert_to_tensor(array) for array in ids]
        outputs = self.compiled(self.weights, *tensors)
        return keras.tree.map_structure(ops.convert_to_numpy, outputs)
