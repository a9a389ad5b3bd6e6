"""Sliding-window attention whose cost grows linearly with the length."""

from keras import ops

from .attention import attention
from .masks import window_mask


def windowed_attention(
    query,
    key,
    value,
    window,
    causal=False,
    padding_mask=None,
    position_bias=None,
    dropout=None,
    soft_cap=None,
):
    """Self-attention in which a query sees only the keys inside its window.

    The sequence is cut into blocks of the window's length. The queries of a block
    attend to the keys of the same block and of the adjacent ones, which hold all keys
    inside the window. The blocks are put on the batch axis. The result is the same as
    that of `attention` with `window_mask`.

    Args:
        query: Tensor `(B, H, T, D)`.
        key: Tensor `(B, K, T, D)`.
        value: Tensor `(B, K, T, D)`.
        window: int. Window size; see `window_mask`.
        causal: bool. Whether later keys are hidden. Defaults to `False`.
        padding_mask: Boolean tensor `(B, T)`; True = a key to attend to. Defaults to
            `None`.
        position_bias: `LinearBias` or `RelativeBias` layer. Defaults to `None`.
        dropout: Function applied to the attention weights. Defaults to `None`.
        soft_cap: float. Limit of the scaled products; see `attention`. Defaults to
            `None`.

    Returns:
        Tensor `(B, H, T, D)`.
    """
    batch, length = ops.shape(query)[0], ops.shape(query)[2]
    num_blocks = (length + window - 1) // window
    if padding_mask is None:
        padding_mask = ops.ones((batch, length), dtype="bool")
    query = _to_blocks(query, num_blocks, window)  # (B, N, H, w * D)
    key = _with_neighbours(_to_blocks(key, num_blocks, window), causal)
    value = _with_neighbours(_to_blocks(value, num_blocks, window), causal)
    # Outside the sequence the mask is False, so no query attends to the padding.
    padding_mask = ops.cast(padding_mask, "bool")
    if padding_mask.shape[0] == 1:
        padding_mask = ops.broadcast_to(padding_mask, (batch, length))
    padding_mask = ops.expand_dims(padding_mask, 1)
    padding_mask = ops.expand_dims(padding_mask, 3)  # (B, 1, T, 1)
    key_is_real = _with_neighbours(_to_blocks(padding_mask, num_blocks, window), causal)
    num_keys = window * (2 if causal else 3)
    band = window_mask(window, num_keys, window, causal, offset=window)
    bias = None
    if position_bias is not None:
        bias = position_bias(window, num_keys, offset=window)
    output, _ = attention(
        _on_batch_axis(query, window),
        _on_batch_axis(key, num_keys),
        _on_batch_axis(value, num_keys),
        mask=ops.logical_and(ops.reshape(key_is_real, (-1, 1, 1, num_keys)), band),
        bias=bias,
        dropout=dropout,
        soft_cap=soft_cap,
    )  # (B * N, H, w, D)
    num_heads, head_dim = output.shape[1], output.shape[3]
    output = ops.reshape(output, (-1, num_blocks, num_heads, window * head_dim))
    output = ops.transpose(output, (0, 2, 1, 3))
    output = ops.reshape(output, (-1, num_heads, num_blocks * window, head_dim))
    return output[:, :, :length]


def _to_blocks(x, num_blocks, window):
    """`(B, heads, T, D) -> (B, N, heads, w * D)`, zeros after the end."""
    num_heads, head_dim = x.shape[1], x.shape[3]
    tail = ops.zeros((ops.shape(x)[0], num_heads, window, head_dim), dtype=x.dtype)
    x = ops.concatenate([x, tail], axis=2)[:, :, : num_blocks * window]
    x = ops.reshape(x, (-1, num_heads, num_blocks, window * head_dim))
    return ops.transpose(x, (0, 2, 1, 3))


def _with_neighbours(x, causal):
    """Joins each block with the one before it and, unless causal, the one after it."""
    outside = ops.zeros_like(x[:, :1])
    before = ops.concatenate([outside, x[:, :-1]], axis=1)
    if causal:
        return ops.concatenate([before, x], axis=3)
    after = ops.concatenate([x[:, 1:], outside], axis=1)
    return ops.concatenate([before, x, after], axis=3)


def _on_batch_axis(x, length):
    """`(B, N, heads, length * D) -> (B * N, heads, length, D)`."""
    num_heads, width = x.shape[2], x.shape[3]
    return ops.reshape(x, (-1, num_heads, length, width // length))
