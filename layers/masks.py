"""Boolean attention masks. True means: attend."""

from keras import ops

from .tensors import Tensor


def _positions(query_length, key_length, offset):
    """Query positions `(1, 1, T, 1)` and key positions `(1, 1, 1, S)`, int32."""
    # Integers are expanded, not booleans: a new axis on bool needs Flex in TFLite.
    query = ops.arange(query_length, dtype="int32") + ops.cast(offset, "int32")
    key = ops.arange(key_length, dtype="int32")
    return ops.reshape(query, (1, 1, -1, 1)), ops.reshape(key, (1, 1, 1, -1))


def causal_mask(
    query_length: int | Tensor, key_length: int | Tensor, offset: int | Tensor = 0
) -> Tensor:
    """Mask with which a query sees the keys up to its own position.

    Keras's attention layers make this mask from `use_causal_mask=True`.

    Args:
        query_length: int or int32 scalar tensor. Number of queries, T.
        key_length: int or int32 scalar tensor. Number of keys, S.
        offset: int or int32 scalar tensor. Position of the first query among the keys.
            Defaults to `0`.

    Returns:
        Boolean tensor `(1, 1, T, S)`.

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
        offset: int or int32 scalar tensor. Position of the first query among the keys.
            Defaults to `0`.

    Returns:
        Boolean tensor `(1, 1, T, S)`.

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
            return mask
    return None


def key_mask(padding_mask):
    """Turns a padding mask `(B, S)` into an attention mask `(B, 1, 1, S)`."""
    if padding_mask is None:
        return None
    padding_mask = ops.cast(padding_mask, "bool")
    return ops.expand_dims(ops.expand_dims(padding_mask, 1), 1)


def query_key_mask(attention_mask):
    """Turns an attention mask `(B, T, S)` into `(B, 1, T, S)`; keeps one of rank 4."""
    if attention_mask is None:
        return None
    attention_mask = ops.cast(attention_mask, "bool")
    if len(attention_mask.shape) == 3:
        attention_mask = ops.expand_dims(attention_mask, 1)
    return attention_mask


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

    Example:

    >>> padding = np.array([[True, True, False]])
    >>> combine_masks(causal_mask(3, 3), None, padding)[0, 0, 2].numpy().tolist()
    [True, True, False]
    """
    combined = None
    for mask in masks:
        if mask is None:
            continue
        combined = mask if combined is None else ops.logical_and(combined, mask)
    return combined
