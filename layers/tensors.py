"""The type of a tensor in annotations, and positions that are counted."""

from typing import Any, TypeAlias

from keras import ops

# A tensor of the backend, a `keras.KerasTensor` or an array: they share no type.
Tensor: TypeAlias = Any


def count_from(offset, length):
    """The positions `offset, offset + 1, ...`, int32: `(T,)`, or `(B, T)` by row.

    Args:
        offset: int, or int32 tensor `()` or `(B,)`. The first position, of all rows or
            of each.
        length: int or int32 scalar tensor. Number of positions, T.
    """
    offset = ops.cast(offset, "int32")
    positions = ops.arange(length, dtype="int32")
    if len(offset.shape) == 1:
        offset = ops.expand_dims(offset, 1)
    return positions + offset
