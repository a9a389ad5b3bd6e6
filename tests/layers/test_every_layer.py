"""Every public layer keeps every law of layer_checks."""

import inspect

import keras
import numpy as np
import pytest
from keras import ops
from layer_checks import LAWS, LayerCase, applies, check_layer
from layer_tools import array, by_steps, lengths_mask

from polyhead import layers
from polyhead.layers import (
    ByteDropout,
    Decoder,
    DecoderBlock,
    Encoder,
    EncoderBlock,
    FeedForward,
    LearnedPositions,
    LinearBias,
    MaskedPooling,
    MultiHeadAttention,
    PatchEmbedding,
    RelativeBias,
    Residual,
    ReversibleNormalization,
    RotaryPositions,
    SinusoidalPositions,
    TokenEmbedding,
)

X = array(2, 6, 8)
MEMORY = array(2, 5, 10, seed=1)
MASK = lengths_mask([4, 6], 6)
MEMORY_MASK = lengths_mask([5, 3], 5)
PADDED = {"padding_mask": "x"}
IDS = np.array([[3, 1, 4, 1, 5, 0], [2, 6, 5, 3, 5, 8]], "int32")
DROPOUT = {"dropout": 0.5}


@keras.saving.register_keras_serializable("polyhead-tests")
class Wrapped(keras.layers.Layer):
    """Calls another layer in the way that `mode` names."""

    def __init__(self, inner, mode, **kwargs):
        super().__init__(**kwargs)
        self.inner = inner
        self.mode = mode

    def call(self, x):
        if self.mode == "bias":  # x: (B, H, T, S)
            shape = ops.shape(x)
            if None in shape:  # symbolic, of open length
                return x
            return x + ops.cast(self.inner(shape[2], shape[3]), x.dtype)
        if self.mode == "tied":
            return self.inner(self.inner(x), reverse=True)
        normal, statistics = self.inner.normalize(x)
        return normal, self.inner.denormalize(normal, statistics)

    def get_config(self):
        inner = keras.saving.serialize_keras_object(self.inner)
        return super().get_config() | {"inner": inner, "mode": self.mode}

    @classmethod
    def from_config(cls, config):
        inner = keras.saving.deserialize_keras_object(config["inner"])
        return cls(**{**config, "inner": inner})


def making(cls, *args, **fixed):
    """A maker of `cls` for a LayerCase; nested layers are made anew each time."""

    def make(**kwargs):
        made = {k: v() if callable(v) else v for k, v in (fixed | kwargs).items()}
        return cls(*args, **made)

    return make


def wrapping(mode, cls, *args, **fixed):
    def make(seed=None, dtype=None, name=None):
        inner = cls(*args, **fixed, seed=seed, dtype=dtype)
        return Wrapped(inner, mode, dtype=dtype, name=name)

    return make


def decoder_steps(layer, inputs):
    memory = layer.project_memory(ops.convert_to_tensor(inputs["memory"]))
    mask = inputs.get("memory_padding_mask")
    return by_steps(layer, inputs["x"], memory_cache=memory, memory_padding_mask=mask)


def self_steps(layer, inputs):
    mask = inputs.get("padding_mask")
    named = {} if mask is None else {"padding_mask": ops.convert_to_tensor(mask)}
    return by_steps(layer, inputs["x"], **named)


def plain_steps(layer, inputs):
    return by_steps(layer, inputs["x"])


ATTENTION_CASES = {
    "attention": LayerCase(
        making(MultiHeadAttention, 2),
        {"x": X, "padding_mask": MASK},
        padding=PADDED,
        noise=DROPOUT,
    ),
    "attention-scores": LayerCase(
        making(MultiHeadAttention, 2, use_bias=False),
        {"x": X, "attention_mask": array(2, 6, 6) > -1, "padding_mask": MASK},
        arguments={"return_scores": True},
        dynamic_axes={"x": (1,), "attention_mask": (1, 2), "padding_mask": (1,)},
    ),
    "attention-cross-grouped": LayerCase(
        making(MultiHeadAttention, 4, num_kv_heads=2, head_dim=6),
        {"x": X, "memory": MEMORY, "padding_mask": MEMORY_MASK},
        arguments={"return_scores": True},
        padding={"padding_mask": "memory"},
    ),
    "attention-causal-rotary-multi-query": LayerCase(
        making(
            MultiHeadAttention, 2, num_kv_heads=1, causal=True, rotary=RotaryPositions
        ),
        {"x": X, "padding_mask": MASK},
        padding=PADDED,
        causal=True,
        steps=self_steps,
        noise=DROPOUT,
    ),
    "attention-causal-window-linear-bias": LayerCase(
        making(
            MultiHeadAttention,
            2,
            causal=True,
            sliding_window=3,
            position_bias=lambda: LinearBias(2),
        ),
        {"x": array(2, 15, 8)},
        causal=True,
        steps=plain_steps,
    ),
    "attention-window-relative-bias": LayerCase(
        making(
            MultiHeadAttention,
            2,
            sliding_window=2,
            position_bias=lambda: RelativeBias(2, 8, 12, seed=0),
        ),
        {"x": array(2, 15, 8), "padding_mask": lengths_mask([9, 15], 15)},
        padding=PADDED,
        noise=DROPOUT,
    ),
    "attention-given-bias": LayerCase(
        making(MultiHeadAttention, 2),
        {"x": X, "attention_bias": array(2, 2, 6, 6, seed=3)},
        dynamic_axes={"x": (1,), "attention_bias": (2, 3)},
    ),
}

POSITION_CASES = {
    "rotary": LayerCase(
        making(RotaryPositions), {"x": array(2, 2, 6, 8)}, dynamic_axes={"x": (2,)}
    ),
    "sinusoidal": LayerCase(making(SinusoidalPositions), {"x": X}),
    "learned": LayerCase(making(LearnedPositions, 16), {"x": X}),
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

SMALL_CASES = {
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
    for mode in ("mean", "max", "attention", "first")
}

BLOCK_CASES = {
    "encoder-block": LayerCase(
        making(EncoderBlock, 2, 16),
        {"x": X, "padding_mask": MASK},
        arguments={"return_scores": True},
        padding=PADDED,
        noise={"dropout": 0.3, "attention_dropout": 0.3, "stochastic_depth": 0.3},
    ),
    "encoder-block-causal": LayerCase(
        making(
            EncoderBlock,
            2,
            16,
            causal=True,
            rotary=RotaryPositions,
            norm="rms_norm",
            norm_position="post",
            activation="silu",
            gated=True,
            use_bias=False,
        ),
        {"x": X},
        causal=True,
        steps=plain_steps,
    ),
    "decoder-block": LayerCase(
        making(DecoderBlock, 2, 16, position_bias=lambda: LinearBias(2)),
        {
            "x": X,
            "memory": MEMORY,
            "padding_mask": MASK,
            "memory_padding_mask": MEMORY_MASK,
        },
        arguments={"return_scores": True},
        padding=PADDED | {"memory_padding_mask": "memory"},
        causal=True,
        noise=DROPOUT,
    ),
    "decoder-block-alone": LayerCase(
        making(DecoderBlock, 2, 16, cross_attention=False),
        {"x": X},
        causal=True,
        steps=plain_steps,
    ),
}

STACK_CASES = {
    f"encoder-{positions}": LayerCase(
        making(
            Encoder,
            2,
            2,
            16,
            positions=positions,
            max_length=12 if positions == "learned" else None,
            causal=True,
        ),
        {"x": X, "padding_mask": MASK},
        padding=PADDED,
        causal=True,
        steps=plain_steps,
        # The positions by themselves have every law above.
        laws=(
            "file_round_trip",
            "mixed_precision",
            "padding_content_is_unseen",
            "steps_equal_full_pass",
            "tflite_dynamic",
        ),
    )
    for positions in ("rotary", "linear_bias", "relative_bias", "sinusoidal", "learned")
} | {
    "encoder": LayerCase(
        making(
            Encoder, 2, 2, 16, positions="learned", max_length=9, norm_position="post"
        ),
        {"x": X, "padding_mask": MASK},
        arguments={"return_scores": True},
        padding=PADDED,
        noise={"stochastic_depth": 0.5},
    ),
    "decoder": LayerCase(
        making(Decoder, 2, 2, 16, positions="relative_bias"),
        {"x": X, "memory": MEMORY, "memory_padding_mask": MEMORY_MASK},
        padding={"memory_padding_mask": "memory"},
        causal=True,
        steps=decoder_steps,
        noise=DROPOUT,
    ),
    "decoder-rotary": LayerCase(
        making(Decoder, 2, 2, 16, positions="rotary", sliding_window=3),
        {"x": X, "memory": MEMORY, "memory_padding_mask": MEMORY_MASK},
        arguments={"return_scores": True},
        padding={"memory_padding_mask": "memory"},
        causal=True,
        steps=decoder_steps,
    ),
}

CASES = ATTENTION_CASES | POSITION_CASES | SMALL_CASES | BLOCK_CASES | STACK_CASES
PAIRS = [
    pytest.param(
        case,
        law,
        id=f"{name}-{law}",
        marks=[pytest.mark.tensorflow] if law.startswith("tflite") else [],
    )
    for name, case in CASES.items()
    for law in LAWS
    if applies(case, law)
]


@pytest.mark.parametrize("case, law", PAIRS)
def test_layer_keeps_the_law(case, law):
    check_layer(case, law)


def public_layers():
    public = {name: getattr(layers, name) for name in layers.__all__}
    return {
        name: value
        for name, value in public.items()
        if inspect.isclass(value) and issubclass(value, keras.layers.Layer)
    }


def test_no_public_layer_is_left_out():
    seen = set()
    for case in CASES.values():
        layer = case.make()
        seen |= {type(layer), type(getattr(layer, "inner", layer))}
    assert set(public_layers().values()) <= seen


@pytest.mark.parametrize("name", sorted(public_layers()))
def test_layer_is_registered_under_the_package(name):
    registered = keras.saving.get_registered_name(public_layers()[name])
    assert registered == f"polyhead>{name}"
