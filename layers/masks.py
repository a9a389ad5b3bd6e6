"""Boolean attention masks. True means: attend."""

import keras
import numpy as np
from keras import ops

from .tensors import Tensor, count_from


def _positions(query_length, key_length, offset):
    """Query positions `(1 or B, 1, T, 1)` and key positions `(1, 1, 1, S)`, int32."""
    # Integers are expanded, not booleans: a new axis on bool needs Flex in TFLite.
    query = count_from(offset, query_length)
    key = ops.reshape(ops.arange(key_length, dtype="int32"), (1, 1, 1, -1))
    if len(query.shape) == 1:
        return ops.reshape(query, (1, 1, -1, 1)), key
    return ops.expand_dims(ops.expand_dims(query, 1), 3), key


def causal_mask(
    query_length: int | Tensor, key_length: int | Tensor, offset: int | Tensor = 0
) -> Tensor:
    """Mask with which a query sees the keys up to its own position.

    Keras's attention layers make this mask from `use_causal_mask=True`.

    Args:
        query_length: int or int32 scalar tensor. Number of queries, T.
        key_length: int or int32 scalar tensor. Number of keys, S.
        offset: int, or int32 tensor `()` or `(B,)`. Position of the first query among
            the keys, of all rows or of each. Defaults to `0`.

    Returns:
        Boolean tensor `(1, 1, T, S)`, or `(B, 1, T, S)` where each row has an offset.

    Example:

    >>> causal_mask(2, 3)[0, 0].numpy().tolist()
    [[True, False, False], [True, True, False]]
    """
    query, key = _positions(query_length, key_length, offset)
    return key <= query


def window_mask(
    query_length: int | Tensor,
    key_length: int | Tensor,
    window: int,
    causal: bool = False,
    offset: int | Tensor = 0,
) -> Tensor:
    """Mask with which a query sees the keys less than `window` positions away.

    Keras's attention layers make this mask from `sliding_window`.

    Args:
        query_length: int or int32 scalar tensor. Number of queries, T.
        key_length: int or int32 scalar tensor. Number of keys, S.
        window: int. The query at position t sees the keys at positions s with
            `|t - s| < window`, itself included.
        causal: bool. Whether later keys are hidden as well. Defaults to `False`.
        offset: int, or int32 tensor `()` or `(B,)`. Position of the first query among
            the keys, of all rows or of each. Defaults to `0`.

    Returns:
        Boolean tensor `(1, 1, T, S)`, or `(B, 1, T, S)` where each row has an offset.

    Example:

    >>> window_mask(3, 3, window=2, causal=True)[0, 0].numpy().astype(int).tolist()
    [[1, 0, 0], [1, 1, 0], [0, 1, 1]]
    """
    query, key = _positions(query_length, key_length, offset)
    if causal:
        return ops.logical_and(key <= query, key > query - window)
    return ops.abs(key - query) < window


def position_mask(query_length, key_length, causal, window, offset=0):
    """Mask that hides keys by their position, or `None` if it would hide none."""
    if window is not None:
        return window_mask(query_length, key_length, window, causal, offset)
    return causal_mask(query_length, key_length, offset) if causal else None


def choose_padding_mask(explicit_mask, *keras_masks):
    """Returns the mask that the caller passed, or else the first Keras mask.

    Keras passes the mask that is attached to a tensor as the argument `mask` when a
    layer is called with one tensor, and as `x_mask` for the tensor argument `x` when it
    is called with several. Every layer here takes both and chooses between them here.
    """
    for mask in (explicit_mask, *keras_masks):
        if mask is not None:
            return to_array(mask)
    return None


def check_mask(mask, name, *sizes):
    """Refuses a mask that is added to logits, and one that does not fit.

    Args:
        mask: Tensor, or `None`, which always fits.
        name: str. Name of the argument, for the error.
        *sizes: int or `None` (not known). Size of each axis of the mask. The first, the
            batch, may be 1 in the mask.

    Raises:
        ValueError: If the mask is of floats, or has another shape.
    """
    if mask is None:
        return
    mask = to_array(mask)
    check_boolean(mask, name)
    shape = tuple(mask.shape)
    pairs = zip(shape, sizes, strict=False)
    fits = [None in pair or pair[0] == pair[1] for pair in pairs]
    if len(shape) != len(sizes) or not (fits[0] or shape[0] == 1) or not all(fits[1:]):
        axes = "(B, S)" if len(sizes) == 2 else "(B, T, S)"
        raise ValueError(f"{name} must be {axes} = {sizes}, not of shape {shape}.")


def check_boolean(mask, name):
    """Refuses a mask of floats, which would be inverted: 0 there means attend."""
    dtype = keras.backend.standardize_dtype(to_array(mask).dtype)
    if "float" in dtype:
        raise ValueError(
            f"{name} must be boolean, where True means attend, not {dtype}. Numbers "
            "that are added to the attention logits go to attention_bias."
        )


def to_array(mask):
    """A list as an array; anything else as it is."""
    return np.asarray(mask) if isinstance(mask, (list, tuple)) else mask


def hide_values(value, padding_mask):
    """As `hide_padding`, for the values `(B, K, S, D)` of a cache."""
    if padding_mask is None:
        return value
    keep = ops.expand_dims(ops.expand_dims(ops.cast(padding_mask, "bool"), 1), 3)
    return ops.where(keep, value, ops.zeros((), dtype=value.dtype))


def hide_padding(x, padding_mask):
    """Makes zeros of the vectors `x (B, T, E)` that `padding_mask (B, T)` hides.

    An attention weight of zero does not hide a NaN: `0 * NaN` is NaN.
    """
    if padding_mask is None:
        return x
    keep = ops.expand_dims(ops.cast(padding_mask, "bool"), 2)
    return ops.where(keep, x, ops.zeros((), dtype=x.dtype))


def key_mask(padding_mask):
    """Turns a padding mask `(B, S)` into an attention mask `(B, 1, 1, S)`."""
    if padding_mask is None:
        return None
    padding_mask = ops.cast(padding_mask, "bool")
    return ops.expand_dims(ops.expand_dims(padding_mask, 1), 1)


def query_key_mask(attention_mask):
    """Turns an attention mask `(B, T, S)` into `(B, 1, T, S)`."""
    if attention_mask is None:
        return None
    return ops.expand_dims(ops.cast(attention_mask, "bool"), 1)


def repeat_keys(x, beams):
    """Repeats each entry of `(1, H, 1, S)` `beams` times: `(1, H, 1, S * beams)`.

    The cache has one slot for each hypothesis at each position, so the mask or bias of
    a position is repeated for all of its slots.

    Example:

    >>> repeat_keys(np.array([[[[1, 2]]]]), beams=3)[0, 0, 0].numpy().tolist()
    [1, 1, 1, 2, 2, 2]
    """
    if x is None or beams == 1:
        return x
    num_heads, length = x.shape[1], ops.shape(x)[3]
    x = ops.reshape(x, (1, num_heads, length, 1))
    x = ops.broadcast_to(x, (1, num_heads, length, beams))
    return ops.reshape(x, (1, num_heads, 1, length * beams))


def combine_masks(*masks: Tensor | None) -> Tensor | None:
    """Combines masks with a logical and.

    Args:
        *masks: Boolean tensors that broadcast to one shape. `None` hides nothing.

    Returns:
        The combined mask, or `None` if every mask is `None`.

    Raises:
        ValueError: If a mask is of floats.

    Example:

    >>> padding = np.array([[True, True, False]])
    >>> combine_masks(causal_mask(3, 3), None, padding)[0, 0, 2].numpy().tolist()
    [True, True, False]
    """
    combined = None
    for mask in masks:
        if mask is None:
            continue
        check_boolean(mask, "A mask")
        combined = mask if combined is None else ops.logical_and(combined, mask)
    return combined
