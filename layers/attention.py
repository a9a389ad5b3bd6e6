"""The arithmetic of attention, as functions without weights."""

from collections.abc import Callable

from keras import ops

from .masks import check_boolean
from .tensors import Tensor


def masked_softmax(logits: Tensor, mask: Tensor | None = None) -> Tensor:
    """Softmax over the last axis, in float32, of the entries that `mask` keeps.

    `keras.layers.Softmax` is the layer that does this in Keras.

    Args:
        logits: Tensor `(..., S)`.
        mask: Boolean tensor that broadcasts to `logits`; True = keep. Defaults to
            `None`, which keeps all entries.

    Returns:
        Float32 tensor of the shape of `logits`. It is exactly zero where the mask is
        False. A row in which the mask keeps nothing is all zeros and has finite
        gradients.

    Raises:
        ValueError: If the mask is of floats.

    Example:

    >>> masked_softmax(np.zeros((1, 3)), np.array([[True, True, False]])).numpy()
    array([[0.5, 0.5, 0. ]], dtype=float32)
    """
    logits = ops.cast(logits, "float32")
    if mask is None:
        return _softmax(logits)
    check_boolean(mask, "mask")
    # Hidden logits are set a little below the smallest kept one. A large negative
    # constant would widen the range of int8 calibration, and gives NaN in float16.
    kept = ops.where(mask, logits, 0.0)
    floor = ops.stop_gradient(ops.min(kept, axis=-1, keepdims=True)) - 30.0
    weights = _softmax(ops.where(mask, logits, floor))
    return weights * ops.cast(mask, "float32")


def _softmax(logits):
    if logits.shape[-1] == 1:
        return ops.exp(logits - logits)  # Keras warns about a softmax over one entry
    return ops.softmax(logits, axis=-1)


def attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None = None,
    bias: Tensor | None = None,
    scale: float | None = None,
    dropout: Callable | None = None,
    soft_cap: float | None = None,
) -> tuple[Tensor, Tensor]:
    """Scaled dot-product attention.

    `keras.ops.dot_product_attention` does this in Keras, with the heads on axis 2
    instead of axis 1.

    Args:
        query: Tensor `(B, H, T, D)`.
        key: Tensor `(B, K, S, D)`, where K divides H: each key head serves `H / K`
            query heads.
        value: Tensor `(B, K, S, D)`.
        mask: Boolean tensor that broadcasts to `(B, H, T, S)`; True = attend. Defaults
            to `None`.
        bias: Tensor that broadcasts to `(B, H, T, S)`, added to the logits. Defaults to
            `None`.
        scale: float. Factor on the query. Defaults to `None`, which is `1 / sqrt(D)`.
        dropout: Function applied to the attention weights. Defaults to `None`.
        soft_cap: float. Limit c of the scaled products, which become
            `c * tanh(product / c)` before the bias is added. Defaults to `None`.

    Returns:
        A tuple of the output `(B, H, T, D)` and the attention weights `(B, H, T, S)`,
        in float32 and before dropout.

    Raises:
        ValueError: If H is not a multiple of K, or if the mask is of floats.

    Example:

    >>> query, key = np.ones((1, 4, 2, 8), "float32"), np.ones((1, 2, 5, 8), "float32")
    >>> output, scores = attention(query, key, key)
    >>> tuple(output.shape), tuple(scores.shape)
    ((1, 4, 2, 8), (1, 4, 2, 5))
    """
    num_heads, num_kv_heads = query.shape[1], key.shape[1]
    if num_heads % num_kv_heads:
        raise ValueError(
            f"The number of query heads, {num_heads}, must be a multiple of the number "
            f"of key heads, {num_kv_heads}."
        )
    if scale is None:
        scale = query.shape[-1] ** -0.5
    # The query is scaled before the product, which could overflow in float16.
    key = ops.transpose(key, (0, 1, 3, 2))  # (B, K, D, S)
    logits = _grouped_matmul(query * scale, key)  # (B, H, T, S)
    logits = ops.cast(logits, "float32")
    if soft_cap is not None:
        logits = soft_cap * ops.tanh(logits / soft_cap)
    if bias is not None:
        logits = logits + ops.cast(bias, "float32")
    scores = masked_softmax(logits, mask)
    weights = scores if dropout is None else dropout(scores)
    output = _grouped_matmul(ops.cast(weights, value.dtype), value)
    return output, scores


def _grouped_matmul(left, right):
    """`(B, H, T, X) @ (B, K, X, Y) -> (B, H, T, Y)`, K dividing H, at rank 4."""
    num_heads, num_groups = left.shape[1], right.shape[1]
    if num_heads == num_groups:
        return ops.matmul(left, right)
    length, width = ops.shape(left)[2], ops.shape(left)[3]
    # The heads of a group are adjacent, so their queries form one long sequence.
    left = ops.reshape(left, (-1, num_groups, num_heads // num_groups * length, width))
    product = ops.matmul(left, right)
    return ops.reshape(product, (-1, num_heads, length, ops.shape(product)[3]))
