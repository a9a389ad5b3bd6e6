"""The type of a tensor in annotations."""

from typing import Any, TypeAlias

# A tensor of the backend, a `keras.KerasTensor` or an array: they share no type.
Tensor: TypeAlias = Any
