"""Attention in float64 numpy, written from the paper and on its own."""

import numpy as np


def attention(query, key, value, mask=None, bias=None, scale=None):
    """Loops over batch, head and query; masked keys are left out altogether."""
    query, key, value = (np.asarray(x, "float64") for x in (query, key, value))
    batch, heads, length, depth = query.shape
    groups, keys = key.shape[1:3]
    shape = (batch, heads, length, keys)
    mask = np.broadcast_to(True if mask is None else mask, shape)
    bias = np.broadcast_to(0.0 if bias is None else bias, shape)
    scale = depth**-0.5 if scale is None else scale
    output = np.zeros((batch, heads, length, value.shape[-1]))
    scores = np.zeros(shape)
    for b, h, t in np.ndindex(batch, heads, length):
        group = h // (heads // groups)
        kept = np.flatnonzero(mask[b, h, t])
        if not len(kept):
            continue
        logits = key[b, group, kept] @ query[b, h, t] * scale + bias[b, h, t, kept]
        weights = np.exp(logits - logits.max())
        weights /= weights.sum()
        scores[b, h, t, kept] = weights
        output[b, h, t] = weights @ value[b, group, kept]
    return output, scores
