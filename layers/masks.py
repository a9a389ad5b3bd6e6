"""Boolean attention masks. True means: attend."""

from keras import ops


def _positions(query_length, key_length, offset):
    """Query positions `(1, 1, T, 1)` and key positions `(1, 1, 1, S)`, int32."""
    # Integers are expanded, not booleans: a new axis on bool needs Flex in TFLite.
    query = ops.arange(query_length, dtype="int32") + ops.cast(offset, "int32")
    key = ops.arange(key_length, dtype="int32")
    return ops.reshape(query, (1, 1, -1, 1)), ops.reshape(key, (1, 1, 1, -1))


def causal_mask(query_length, key_length, offset=0):
    """Lets query `t`, at position `t + offset`, see the keys up to its position.

    Args:
        query_length: Number of queries, T.
        key_length: Number of keys, S.
        offset: Position of the first query among the keys.

    Returns:
        Boolean tensor `(1, 1, T, S)`.

    Example:

    >>> causal_mask(2, 3)[0, 0].numpy().tolist()
    [[True, False, False], [True, True, False]]
    """
    query, key = _positions(query_length, key_length, offset)
    return key <= query


def window_mask(query_length, key_length, window, causal=False, offset=0):
    """Lets a query see the keys closer than `window`, itself included.

    Args:
        query_length: Number of queries, T.
        key_length: Number of keys, S.
        window: Window size w: causal, position t sees `(t - w, t]`; otherwise all
            keys with `|t - s| < w`.
        causal: Whether later keys are hidden.
        offset: Position of the first query among the keys.

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


def key_mask(padding_mask):
    """Turns a padding mask `(B, S)` into an attention mask `(B, 1, 1, S)`."""
    if padding_mask is None:
        return None
    padding_mask = ops.cast(padding_mask, "bool")
    return ops.expand_dims(ops.expand_dims(padding_mask, 1), 1)


def query_key_mask(attention_mask):
    """Turns an attention mask `(B, T, S)` into `(B, 1, T, S)`; rank 4 passes."""
    if attention_mask is None:
        return None
    attention_mask = ops.cast(attention_mask, "bool")
    if len(attention_mask.shape) == 3:
        attention_mask = ops.expand_dims(attention_mask, 1)
    return attention_mask


def repeat_keys(x, beams):
    """Repeats every entry of `(1, H, 1, S)` `beams` times: `(1, H, 1, S * beams)`.

    It gives a position's mask or bias to the cache slots of all hypotheses there.

    Example:

    >>> repeat_keys(np.array([[[[1, 2]]]]), beams=3)[0, 0, 0].numpy().tolist()
    [1, 1, 1, 2, 2, 2]
    """
    if x is None or beams == 1:
        return x
    heads, length = x.shape[1], ops.shape(x)[3]
    x = ops.reshape(x, (1, heads, length, 1))
    x = ops.broadcast_to(x, (1, heads, length, beams))
    return ops.reshape(x, (1, heads, 1, length * beams))


def combine_masks(*masks):
    """Joins masks with a logical and; `None` stands for a mask that hides nothing.

    Returns:
        The joined mask, or `None` when every mask is `None`.

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
