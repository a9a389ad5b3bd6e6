"""The layers that the laws are checked on, with their inputs."""

from layer_case import LayerCase
from layer_makers import decoder_steps, making, plain_steps, self_steps
from layer_tools import array, lengths_mask
from part_cases import (
    DROPOUT,
    MASK,
    MEMORY_MASK,
    PADDED,
    POSITION_CASES,
    SMALL_CASES,
    X,
)

from polyhead.layers import (
    Decoder,
    DecoderBlock,
    Encoder,
    EncoderBlock,
    LinearBias,
    MultiHeadAttention,
    RelativeBias,
    RotaryPositions,
)

MEMORY = array(2, 5, 10, seed=1)

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
    "attention-normed-capped": LayerCase(
        making(
            MultiHeadAttention,
            2,
            num_kv_heads=1,
            causal=True,
            rotary=RotaryPositions,
            qk_norm=True,
            logit_soft_cap=2.0,
        ),
        {"x": X},
        causal=True,
        steps=plain_steps,
    ),
    "attention-given-bias": LayerCase(
        making(MultiHeadAttention, 2),
        {"x": X, "attention_bias": array(2, 2, 6, 6, seed=3)},
        dynamic_axes={"x": (1,), "attention_bias": (2, 3)},
    ),
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
    "encoder-shared": LayerCase(
        making(
            Encoder,
            3,
            2,
            16,
            positions=lambda: RotaryPositions(base=100.0),
            share_weights=True,
            causal=True,
        ),
        {"x": X},
        arguments={"return_scores": [-1]},
        causal=True,
        steps=plain_steps,
        noise=DROPOUT,
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
