"""Compiles a pure function for the backend in use."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops


class CompiledFunction:
    """A function of weights and arrays, compiled for calls with the same weights.

    A call takes one array for each of `inputs`, and gives the result as NumPy arrays.

    Args:
        function: `(weights, *arrays)` to a nest of tensors; pure, in `keras.ops`.
        weights: copied to the device once; see `set_weights`.
        inputs: shape and type of each array; a type alone stands for the shape
            `(B, T)`, such as token ids.
    """

    def __init__(
        self,
        function: Callable,
        weights: Sequence[np.ndarray],
        inputs: Sequence[str | tuple[tuple[int | None, ...], str]] = ("int32",),
    ) -> None:
        self.set_weights(weights)
        backend = keras.backend.backend()
        if backend == "tensorflow":
            import tensorflow as tf

            # One trace for all batch sizes and lengths.
            kinds = [((None, None), x) if isinstance(x, str) else x for x in inputs]
            arrays = [tf.TensorSpec(*kind) for kind in kinds]
            specs = [tf.TensorSpec(value.shape, value.dtype) for value in self.weights]
            self.compiled = tf.function(
                function, input_signature=(specs, *arrays), autograph=False
            )
        elif backend == "jax":
            import jax

            self.compiled = jax.jit(function)
        else:
            import torch

            self.compiled = torch.no_grad()(function)

    def set_weights(self, weights: Sequence[np.ndarray]) -> None:
        """Replaces the weights, by others of the same shapes, for the next calls."""
        self.weights = [ops.convert_to_tensor(weight) for weight in weights]

    def __call__(self, *arrays: np.ndarray) -> Any:
        tensors = [ops.convert_to_tensor(array) for array in arrays]
        outputs = self.compiled(self.weights, *tensors)
        return keras.tree.map_structure(ops.convert_to_numpy, outputs)
