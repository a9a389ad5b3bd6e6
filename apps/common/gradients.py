"""Gradients on any backend."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np


def gradients(function: Callable, values: Sequence[Any]) -> list[np.ndarray]:
    """The gradients of `function(*values)`, a scalar, with respect to its arguments.

    The function is in `keras.ops`, and the values are tensors of the backend.

    >>> from keras import ops
    >>> x = ops.convert_to_tensor([1.0, 2.0])
    >>> gradients(lambda x: ops.sum(x * x), [x])[0].tolist()
    [2.0, 4.0]
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(values)
            result = function(*values)
        slopes = tape.gradient(result, values)
    elif backend == "jax":
        import jax

        slopes = jax.grad(function, argnums=tuple(range(len(values))))(*values)
    else:
        import torch

        leaves = [value.detach().requires_grad_() for value in values]
        slopes = torch.autograd.grad(function(*leaves), leaves)
    return [keras.ops.convert_to_numpy(slope) for slope in slopes]
