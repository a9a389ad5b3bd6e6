"""Defects of other libraries in configurations and saved files, one test each."""

import keras
import numpy as np
import pytest
from layer_tools import array, call, constructor_arguments, to_numpy

from polyhead.layers import (
    Decoder,
    DecoderBlock,
    Encoder,
    EncoderBlock,
    FeedForward,
    MultiHeadAttention,
    Residual,
)

X = array(2, 5, 8)
CHANGED = {
    MultiHeadAttention: {
        "num_heads": 2,
        "head_dim": 6,
        "num_kv_heads": 1,
        "causal": True,
        "sliding_window": 3,
        "use_bias": False,
        "dropout": 0.25,
        "qk_norm": True,
        "logit_soft_cap": 20.0,
        "seed": 11,
    },
    FeedForward: {
        "hidden_dim": 12,
        "activation": "silu",
        "gated": True,
        "dropout": 0.25,
        "use_bias": False,
        "seed": 11,
    },
    EncoderBlock: {
        "num_heads": 2,
        "feedforward_dim": 12,
        "num_kv_heads": 1,
        "head_dim": 6,
        "causal": True,
        "sliding_window": 3,
        "activation": "silu",
        "gated": True,
        "norm": "rms_norm",
        "norm_position": "post",
        "dropout": 0.25,
        "attention_dropout": 0.125,
        "feedforward_dropout": 0.375,
        "stochastic_depth": 0.5,
        "use_bias": False,
        "qk_norm": True,
        "logit_soft_cap": 20.0,
        "epsilon": 0.01,
        "seed": 11,
    },
}
CHANGED[DecoderBlock] = {
    key: value for key, value in CHANGED[EncoderBlock].items() if key != "causal"
} | {"cross_attention": False}
CHANGED[Encoder] = CHANGED[EncoderBlock] | {
    "num_layers": 2,
    "positions": "learned",
    "max_length": 9,
    "share_weights": True,
}
CHANGED[Decoder] = CHANGED[DecoderBlock] | {
    "num_layers": 2,
    "positions": "learned",
    "max_length": 9,
    "share_weights": True,
}
OBJECTS = {"rotary", "position_bias"}


@pytest.mark.parametrize("cls", CHANGED)
def test_d05_every_argument_is_in_the_config(cls):
    changed = CHANGED[cls]
    fixed = {"causal"} if cls in (DecoderBlock, Decoder) else set()
    names = set(constructor_arguments(cls)) - OBJECTS - fixed
    assert names == set(changed), "a constructor argument has no value here"
    required = {"num_heads": 2, "feedforward_dim": 16, "num_layers": 1, "hidden_dim": 8}
    plain = cls(**{k: v for k, v in required.items() if k in names}).get_config()
    unchanged = [k for k in names - set(required) if plain[k] == changed[k]]
    assert not unchanged, "the values here must differ from the defaults"
    config = cls(**changed).get_config()
    assert {k: config[k] for k in changed} == changed


@pytest.mark.parametrize("norm", ["layer_norm", "rms_norm"])
def test_d10_name_and_dtype_survive_the_config(norm):
    layer = Residual(FeedForward(16), norm=norm, name="branch", dtype="mixed_bfloat16")
    copy = Residual.from_config(layer.get_config())
    assert copy.name == "branch"
    assert copy.dtype_policy.name == "mixed_bfloat16"
    call(copy, {"x": X})
    assert copy.compute_dtype == "bfloat16"


@pytest.mark.parametrize("cls", [EncoderBlock, DecoderBlock, Encoder, Decoder])
def test_d18_a_reloaded_block_computes_the_same(cls, tmp_path):
    layer = cls(**CHANGED[cls])
    x = keras.Input((None, 8))
    model = keras.Model(x, layer(x))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(to_numpy(loaded(X)), to_numpy(model(X)))
    assert loaded.layers[-1].get_config() == layer.get_config()
