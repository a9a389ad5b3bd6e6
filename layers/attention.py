"""The arithmetic of attention: pure functions, the same for every path."""

from keras import ops


def masked_softmax(logits, mask=None):
    """Softmax over the last axis, in float32, of the entries that `mask` keeps.

    Args:
        logits: Tensor `(..., S)`.
        mask: Boolean tensor that broadcasts to `logits`, or `None`.

    Returns:
        Float32 weights; exact zeros where the mask is False, so that a row without a
        kept entry is all zeros, with finite gradients.

    Example:

    >>> masked_softmax(np.zeros((1, 3)), np.array([[True, True, False]])).numpy()
    array([[0.5, 0.5, 0. ]], dtype=float32)
    """
    logits = ops.cast(logits, "float32")
    if mask is None:
        return _softmax(logits)
    # Hidden logits are put a little below the kept ones. A large negative constant
    # would stretch the range of int8 calibration, and gives NaN in float16.
    kept = ops.where(mask, logits, 0.0)
    floor = ops.stop_gradient(ops.min(kept, axis=-1, keepdims=True)) - 30.0
    weights = _softmax(ops.where(mask, logits, floor))
    return weights * ops.cast(mask, "float32")


def _softmax(logits):
    if logits.shape[-1] == 1:
        return ops.exp(logits - logits)  # Keras warns of a softmax over one entry
    return ops.softmax(logits, axis=-1)


def attention(query, key, value, mask=None, bias=None, scale=None, dropout=None):
    """Scaled dot-product attention.

    Args:
        query: Tensor `(B, H, T, D)`.
        key: Tensor `(B, K, S, D)`, where K divides H: every `H / K` query heads share
            a key head.
        value: Tensor `(B, K, S, D)`.
        mask: Boolean tensor that broadcasts to `(B, H, T, S)`; True = attend.
        bias: Tensor that broadcasts to `(B, H, T, S)`, added to the logits.
        scale: Factor on the query; `1 / sqrt(D)` if `None`.
        dropout: Function applied to the weights, or `None`.

    Returns:
        The output `(B, H, T, D)` and the weights before dropout `(B, H, T, S)`, which
        are float32.

    Example:

    >>> query, key = np.ones((1, 4, 2, 8), "float32"), np.ones((1, 2, 5, 8), "float32")
    >>> output, scores = attention(query, key, key)
    >>> tuple(output.shape), tuple(scores.shape)
    ((1, 4, 2, 8), (1, 4, 2, 5))
    """
    heads, kv_heads = query.shape[1], key.shape[1]
    if heads % kv_heads:
        raise ValueError(
            f"{heads} query heads cannot share {kv_heads} key heads evenly."
        )
    if scale is None:
        scale = query.shape[-1] ** -0.5
    # The query is scaled before the product, which could overflow in float16.
    key = ops.transpose(key, (0, 1, 3, 2))  # (B, K, D, S)
    logits = _grouped_matmul(query * scale, key)  # (B, H, T, S)
    logits = ops.cast(logits, "float32")
    if bias is not None:
        logits = logits + ops.cast(bias, "float32")
    scores = masked_softmax(logits, mask)
    weights = scores if dropout is None else dropout(scores)
    output = _grouped_matmul(ops.cast(weights, value.dtype), value)
    return output, scores


def _grouped_matmul(left, right):
    """`(B, H, T, X) @ (B, K, X, Y) -> (B, H, T, Y)`, K dividing H, at rank 4."""
    heads, groups = left.shape[1], right.shape[1]
    if heads == groups:
        return ops.matmul(left, right)
    length, width = ops.shape(left)[2], ops.shape(left)[3]
    # The heads of a group lie side by side: they join the queries in one long row.
    left = ops.reshape(left, (-1, groups, heads // groups * length, width))
    product = ops.matmul(left, right)
    return ops.reshape(product, (-1, heads, length, ops.shape(product)[3]))
