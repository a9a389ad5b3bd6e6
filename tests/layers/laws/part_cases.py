"""The small layers that the laws are checked on: positions and parts."""

import numpy as np
from layer_case import LayerCase
from layer_makers import making, wrapping
from layer_tools import array, lengths_mask

from polyhead.layers import (
    ByteDropout,
    FeedForward,
    LearnedPositions,
    LinearBias,
    MaskedPooling,
    PatchEmbedding,
    PointerHead,
    RelativeBias,
    Residual,
    ReversibleNormalization,
    RotaryPositions,
    SegmentEmbedding,
    SinusoidalPositions,
    SmoothingBank,
    TokenEmbedding,
)

X = array(2, 6, 8)
MASK = lengths_mask([4, 6], 6)
MEMORY_MASK = lengths_mask([5, 3], 5)
PADDED = {"padding_mask": "x"}
IDS = np.array([[3, 1, 4, 1, 5, 0], [2, 6, 5, 3, 5, 8]], "int32")
DROPOUT = {"dropout": 0.5}
SHARES = np.abs(array(2, 2, 6, 5, seed=2))
SHARES /= SHARES.sum(axis=-1, keepdims=True)

POSITION_CASES = {
    "rotary": LayerCase(
        making(RotaryPositions), {"x": array(2, 2, 6, 8)}, dynamic_axes={"x": (2,)}
    ),
    "rotary-yarn-partial": LayerCase(
        making(
            RotaryPositions, fraction=0.5, scaling="yarn", scale=4.0, trained_length=64
        ),
        {"x": array(2, 2, 6, 8)},
        dynamic_axes={"x": (2,)},
    ),
    "sinusoidal": LayerCase(making(SinusoidalPositions), {"x": X}),
    "learned": LayerCase(making(LearnedPositions, 16), {"x": X}),
    "learned-stretched": LayerCase(
        making(LearnedPositions, 4, interpolate=True), {"x": X}
    ),
    "linear-bias": LayerCase(
        wrapping("bias", LinearBias, 3), {"x": array(2, 3, 6, 7)}, dynamic_axes={}
    ),
    "linear-bias-learned": LayerCase(
        wrapping("bias", LinearBias, 3, learned=True),
        {"x": array(2, 3, 6, 7)},
        dynamic_axes={},
    ),
    "relative-bias": LayerCase(
        wrapping("bias", RelativeBias, 3, num_buckets=8, max_distance=12),
        {"x": array(2, 3, 6, 7)},
        dynamic_axes={},
    ),
}

SERIES = np.abs(array(2, 15, 2, seed=3)) + 0.5
SERIES[0, :2], SERIES[1, 6, 0] = np.nan, np.nan
SMOOTHERS = {"levels": (0.1, 0.5), "trends": ("none", "theta", (0.1, 0.9))}

SMALL_CASES = {
    "smoothing-bank": LayerCase(
        making(SmoothingBank, 3, **SMOOTHERS), {"x": SERIES}, per_position=False
    ),
    "smoothing-bank-seasons": LayerCase(
        making(SmoothingBank, 5, season_length=(2, 4), seasons=(0.0, 0.3), **SMOOTHERS),
        {"x": SERIES},
        arguments={"return_parts": True},
        per_position=False,
    ),
    "feed-forward": LayerCase(making(FeedForward, 16), {"x": X}, noise=DROPOUT),
    "feed-forward-swiglu": LayerCase(
        making(FeedForward, 16, activation="silu", gated=True, use_bias=False),
        {"x": X},
    ),
    "byte-dropout": LayerCase(
        making(ByteDropout, rate=0.0), {"x": X}, noise={"rate": 0.3}
    ),
    "residual-pre": LayerCase(
        making(Residual, layer=lambda: FeedForward(16, seed=0)),
        {"x": X},
        noise={"dropout": 0.3, "stochastic_depth": 0.5},
    ),
    "residual-post-rms": LayerCase(
        making(
            Residual,
            layer=lambda: FeedForward(16, seed=0),
            norm="rms_norm",
            norm_position="post",
        ),
        {"x": X},
        noise=DROPOUT,
    ),
    "token-embedding": LayerCase(
        making(TokenEmbedding, 9, 8, scale=True, mask_zero=True), {"x": IDS}
    ),
    "token-embedding-tied": LayerCase(
        wrapping("tied", TokenEmbedding, 9, 8), {"x": IDS}
    ),
    "token-embedding-untied": LayerCase(
        wrapping("tied", TokenEmbedding, 9, 8, tie_weights=False), {"x": IDS}
    ),
    "segment-embedding": LayerCase(
        making(SegmentEmbedding, 2), {"x": X, "segment_ids": IDS % 2}
    ),
    "pointer": LayerCase(
        making(PointerHead),
        {
            "x": X,
            "logits": array(2, 6, 9, seed=1),
            "scores": SHARES,
            "memory_ids": IDS[:, :5],
            "memory_padding_mask": MEMORY_MASK,
        },
        dynamic_axes={"x": (1,), "logits": (1,), "scores": (2,)},
    ),
    "patches": LayerCase(
        making(PatchEmbedding, 3, 8, stride=2, padding="end"),
        {"x": array(2, 13, 2)},
        per_position=False,
    ),
    "patches-whole": LayerCase(
        making(PatchEmbedding, 3, 8), {"x": array(2, 12, 2)}, per_position=False
    ),
    "patches-image": LayerCase(
        making(PatchEmbedding, (2, 3), 8),
        {"x": array(2, 8, 9, 3)},
        dynamic_axes={},
    ),
    "reversible-normalization": LayerCase(
        wrapping("normalize", ReversibleNormalization, affine=True),
        {"x": 5 + 3 * array(2, 9, 2)},
    ),
    "reversible-normalization-last": LayerCase(
        wrapping("normalize", ReversibleNormalization, subtract="last"),
        {"x": 5 + 3 * array(2, 9, 2)},
    ),
} | {
    f"pooling-{mode}": LayerCase(
        making(MaskedPooling, mode=mode),
        {"x": X, "padding_mask": MASK},
        padding=PADDED,
        per_position=False,
    )
    for mode in ("mean", "max", "attention", "first", "last")
}
