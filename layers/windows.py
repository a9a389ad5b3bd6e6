"""Sliding-window attention in blocks: the cost grows linearly with the length."""

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
):
    """Self-attention in which a position sees only the `window` nearest.

    The sequence is cut into blocks as long as the window. A block of queries sees its
    own block of keys and the neighbours, which hold all that the window reaches; the
    blocks lie on the batch axis. Same answer as attention under `window_mask`.

    Args:
        query: Tensor `(B, H, T, D)`.
        key: Tensor `(B, K, T, D)`.
        value: Tensor `(B, K, T, D)`.
        window: Window size, see `window_mask`.
        causal: Whether later keys are hidden.
        padding_mask: Boolean `(B, T)` over the keys, or `None`.
        position_bias: Layer that gives the bias of relative positions, or `None`.
        dropout: Function applied to the weights, or `None`.

    Returns:
        Tensor `(B, H, T, D)`.
    """
    batch, length = ops.shape(query)[0], ops.shape(query)[2]
    blocks = (length + window - 1) // window
    if padding_mask is None:
        padding_mask = ops.ones((batch, length), dtype="bool")
    query = _to_blocks(query, blocks, window)  # (B, N, H, w * D)
    key = _with_neighbours(_to_blocks(key, blocks, window), causal)
    value = _with_neighbours(_to_blocks(value, blocks, window), causal)
    # Outside the sequence, the mask is filled with False: nothing attends there.
    padding_mask = ops.expand_dims(ops.cast(padding_mask, "bool"), 1)
    padding_mask = ops.expand_dims(padding_mask, 3)  # (B, 1, T, 1)
    keep = _with_neighbours(_to_blocks(padding_mask, blocks, window), causal)
    reach = window * (2 if causal else 3)
    band = window_mask(window, reach, window, causal, offset=window)
    bias = None
    if position_bias is not None:
        bias = position_bias(window, reach, offset=window)
    output, _ = attention(
        _on_batch_axis(query, window),
        _on_batch_axis(key, reach),
        _on_batch_axis(value, reach),
        mask=ops.logical_and(ops.reshape(keep, (-1, 1, 1, reach)), band),
        bias=bias,
        dropout=dropout,
    )  # (B * N, H, w, D)
    heads, depth = output.shape[1], output.shape[3]
    output = ops.reshape(output, (-1, blocks, heads, window * depth))
    output = ops.transpose(output, (0, 2, 1, 3))
    output = ops.reshape(output, (-1, heads, blocks * window, depth))
    return output[:, :, :length]


def _to_blocks(x, blocks, window):
    """`(B, heads, T, D) -> (B, N, heads, w * D)`, zeros after the end."""
    heads, depth = x.shape[1], x.shape[3]
    tail = ops.zeros((ops.shape(x)[0], heads, window, depth), dtype=x.dtype)
    x = ops.concatenate([x, tail], axis=2)[:, :, : blocks * window]
    x = ops.reshape(x, (-1, heads, blocks, window * depth))
    return ops.transpose(x, (0, 2, 1, 3))


def _with_neighbours(x, causal):
    """Lists each block after the one before it and, unless causal, before the next."""
    outside = ops.zeros_like(x[:, :1])
    before = ops.concatenate([outside, x[:, :-1]], axis=1)
    if causal:
        return ops.concatenate([before, x], axis=3)
    after = ops.concatenate([x[:, 1:], outside], axis=1)
    return ops.concatenate([before, x, after], axis=3)


def _on_batch_axis(x, length):
    """`(B, N, heads, length * D) -> (B * N, heads, length, D)`."""
    heads, width = x.shape[2], x.shape[3]
    return ops.reshape(x, (-1, heads, length, width // length))
