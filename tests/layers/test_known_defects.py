"""Defects found in other libraries' layers, one test each.

Each would fail on the defect. D13 (a beam that goes on behind a finished
hypothesis) concerns decoding, which lives in no layer.
"""

import collections

import keras
import numpy as np
import pytest
import tflite_tools
from keras import ops
from layer_tools import (
    array,
    call,
    constructor_arguments,
    flat,
    lengths_mask,
    to_numpy,
)

from polyhead.layers import (
    Decoder,
    DecoderBlock,
    Encoder,
    EncoderBlock,
    FeedForward,
    LearnedPositions,
    MultiHeadAttention,
    Residual,
    RotaryPositions,
    SinusoidalPositions,
    attention,
)

X = array(2, 5, 8)
MASK = lengths_mask([3, 5], 5)


def test_d01_a_second_attention_on_the_same_tensor_still_sees_the_mask():
    x = keras.layers.Masking()(np.where(MASK[..., None], X, 0))
    for layer in (MultiHeadAttention(2), MultiHeadAttention(2), EncoderBlock(2, 16)):
        _, scores = layer(x, return_scores=True)
        assert (to_numpy(scores)[0, :, :, 3:] == 0).all()


def test_d02_asking_for_scores_leaves_a_fully_padded_row_as_it_was():
    layer = MultiHeadAttention(2)
    inputs = {"x": X, "padding_mask": lengths_mask([0, 5], 5)}
    plain = to_numpy(call(layer, inputs))
    output, scores = call(layer, inputs, return_scores=True)
    np.testing.assert_array_equal(to_numpy(output), plain)
    assert (to_numpy(scores)[0] == 0).all()


@pytest.mark.parametrize("dropout", [0.0, 0.1])
def test_d03_large_float16_queries_do_not_overflow(dropout):
    # Unscaled, q.k is 64 * 40 * 40 = 102,400 and infinite; scaled it is 12,800.
    shape = (1, 1, 2, 64)
    query = ops.full(shape, 40.0, dtype="float16")
    value = ops.convert_to_tensor(array(*shape).astype("float16"))
    output, scores = attention(
        query, query, value, dropout=(lambda w: w) if dropout else None
    )
    np.testing.assert_allclose(to_numpy(scores), 0.5, atol=1e-3)
    assert np.isfinite(to_numpy(output)).all()


def test_d04_one_key_head_serves_all_query_heads():
    query, key = array(2, 4, 3, 6), array(2, 1, 5, 6, seed=1)
    got, _ = attention(*[ops.convert_to_tensor(x) for x in (query, key, key)])
    wide = np.repeat(key, 4, axis=1)
    want, _ = attention(*[ops.convert_to_tensor(x) for x in (query, wide, wide)])
    np.testing.assert_allclose(to_numpy(got), to_numpy(want), atol=1e-6)


CHANGED = {
    MultiHeadAttention: {
        "num_heads": 2,
        "head_dim": 6,
        "num_kv_heads": 1,
        "causal": True,
        "sliding_window": 3,
        "use_bias": False,
        "dropout": 0.25,
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
}
CHANGED[Decoder] = CHANGED[DecoderBlock] | {
    "num_layers": 2,
    "positions": "learned",
    "max_length": 9,
}
OBJECTS = {"rotary", "position_bias"}


@pytest.mark.parametrize("cls", CHANGED)
def test_d05_every_argument_is_in_the_config(cls):
    changed = CHANGED[cls]
    fixed = {"causal"} if cls in (DecoderBlock, Decoder) else set()
    names = constructor_arguments(cls) - OBJECTS - fixed
    assert names == set(changed), "a constructor argument has no value here"
    required = {"num_heads": 2, "feedforward_dim": 16, "num_layers": 1, "hidden_dim": 8}
    plain = cls(**{k: v for k, v in required.items() if k in names}).get_config()
    unchanged = [k for k in names - set(required) if plain[k] == changed[k]]
    assert not unchanged, "the values here must differ from the defaults"
    config = cls(**changed).get_config()
    assert {k: config[k] for k in changed} == changed


def test_d05_dropout_changes_nothing_at_inference():
    layer, without = MultiHeadAttention(2, dropout=0.9), MultiHeadAttention(2)
    call(layer, {"x": X}), call(without, {"x": X})
    pairs = zip(without.trainable_variables, layer.trainable_variables, strict=True)
    for to, source in pairs:
        to.assign(source)
    np.testing.assert_allclose(
        to_numpy(call(layer, {"x": X})), to_numpy(call(without, {"x": X})), atol=1e-6
    )


def test_d06_symbolic_scores_of_a_cross_attention_have_the_memory_length():
    query, memory = keras.Input((5, 8)), keras.Input((7, 8))
    output, scores = MultiHeadAttention(2)(query, memory, return_scores=True)
    assert scores.shape == (None, 2, 5, 7)
    assert output.shape == (None, 5, 8)
    _, (own, cross) = DecoderBlock(2, 16)(query, memory, return_scores=True)
    assert own.shape == (None, 2, 5, 5) and cross.shape == (None, 2, 5, 7)


@pytest.mark.parametrize("num_kv_heads", [None, 2, 1])
def test_d07_the_memory_may_have_another_width(num_kv_heads):
    layer = MultiHeadAttention(4, num_kv_heads=num_kv_heads)
    memory = array(2, 7, 6, seed=1)
    assert tuple(call(layer, {"x": X, "memory": memory}).shape) == (2, 5, 8)
    decoder = Decoder(1, 4, 16, num_kv_heads=num_kv_heads)
    assert tuple(call(decoder, {"x": X, "memory": memory}).shape) == (2, 5, 8)


@pytest.mark.parametrize(
    "policy, limit", [("mixed_bfloat16", 2**-8), ("mixed_float16", 2**-11)]
)
def test_d08_sinusoidal_positions_in_half_precision(policy, limit):
    x = ops.zeros((1, 4096, 64))
    full = to_numpy(SinusoidalPositions(dtype="float32")(x))
    low = to_numpy(SinusoidalPositions(dtype=policy)(x))
    # The rounding of a number up to 1 is all that may differ.
    assert np.abs(full - low).max() <= limit
    assert len(np.unique(low[0], axis=0)) == 4096


@pytest.mark.parametrize(
    "make",
    [
        SinusoidalPositions,
        lambda: LearnedPositions(9),
        lambda: FeedForward(16),
        lambda: Residual(FeedForward(16)),
        lambda: MultiHeadAttention(2),
        lambda: EncoderBlock(2, 16),
        lambda: DecoderBlock(2, 16, cross_attention=False),
        lambda: Encoder(2, 2, 16),
        lambda: Decoder(2, 2, 16, cross_attention=False),
    ],
)
def test_d09_the_mask_goes_on(make):
    x = keras.layers.Masking()(np.where(MASK[..., None], X, 0))
    passed = keras.src.backend.get_keras_mask(make()(x))
    np.testing.assert_array_equal(to_numpy(passed), MASK)


@pytest.mark.parametrize("norm", ["layer_norm", "rms_norm"])
def test_d10_name_and_dtype_survive_the_config(norm):
    layer = Residual(FeedForward(16), norm=norm, name="branch", dtype="mixed_bfloat16")
    copy = Residual.from_config(layer.get_config())
    assert copy.name == "branch"
    assert copy.dtype_policy.name == "mixed_bfloat16"
    call(copy, {"x": X})
    assert copy.compute_dtype == "bfloat16"


@pytest.mark.parametrize(
    "make",
    [
        lambda: MultiHeadAttention(4),
        lambda: EncoderBlock(4, 16),
        lambda: DecoderBlock(4, 16, cross_attention=False),
        lambda: Encoder(2, 4, 16),
    ],
)
def test_d11_heads_must_divide_the_hidden_size(make):
    with pytest.raises(ValueError, match=r"(?s)\b10\b.*\b4\b|\b4\b.*\b10\b"):
        call(make(), {"x": array(1, 3, 10)})


def test_d12_decoder_has_scores_shapes_and_a_seed():
    memory = array(2, 7, 6, seed=1)
    make = [Decoder(2, 2, 16, dropout=0.5, seed=s) for s in (1, 1, 2)]
    a, b, c = (
        flat(call(d, {"x": X, "memory": memory}, training=True))[0] for d in make
    )
    np.testing.assert_array_equal(a, b)
    assert np.abs(a - c).max() > 1e-3
    output, scores = call(make[0], {"x": X, "memory": memory}, return_scores=True)
    assert [tuple(tuple(s.shape) for s in pair) for pair in scores] == [
        ((2, 2, 5, 5), (2, 2, 5, 7))
    ] * 2
    assert tuple(make[0].compute_output_shape(X.shape)) == (2, 5, 8)
    assert tuple(make[0].compute_output_shape(X.shape, memory.shape)) == (2, 5, 8)


def convert_dynamic(layer):
    specs = tflite_tools.specs_of({"x": X[:1]}, {"x": (1,)})
    return tflite_tools.convert(lambda x: layer(x), layer.variables, specs)


@pytest.mark.tensorflow
@pytest.mark.parametrize("dropout", [0.0, 0.1])
def test_d14_causal_attention_of_open_length_has_builtin_operators_only(dropout):
    layer = MultiHeadAttention(2, causal=True, dropout=dropout)
    call(layer, {"x": X})
    content = convert_dynamic(layer)
    assert not [name for name in tflite_tools.operators(content) if "Flex" in name]


@pytest.mark.tensorflow
def test_d15_positions_follow_a_resize():
    encoder = Encoder(1, 2, 16, positions="sinusoidal")
    call(encoder, {"x": X})
    content = convert_dynamic(encoder)
    for length in (1, 12, 5):
        x = array(1, length, 8, seed=length)
        (got,) = tflite_tools.run(content, {"x": x})
        np.testing.assert_allclose(got, to_numpy(encoder(x)), atol=1e-4)


@pytest.mark.tensorflow
def test_d16_the_weights_are_in_the_file():
    layer = FeedForward(256)
    x = array(1, 2, 64)
    call(layer, {"x": x})
    specs = tflite_tools.specs_of({"x": x})
    content = tflite_tools.convert(lambda x: layer(x), layer.variables, specs)
    assert len(content) > 4 * sum(w.size for w in map(to_numpy, layer.weights))
    (got,) = tflite_tools.run(content, {"x": x})
    np.testing.assert_allclose(got, to_numpy(layer(x)), atol=1e-4)


@pytest.mark.tensorflow
def test_d17_a_cached_step_never_rearranges_the_cache():
    length, layer = (
        64,
        MultiHeadAttention(4, num_kv_heads=2, causal=True, rotary=RotaryPositions()),
    )
    call(layer, {"x": X})
    key, value = (to_numpy(part) for part in layer.make_cache(1, length))
    inputs = {
        "query": X[:1, :1],
        "key": key,
        "value": value,
        "position": np.array(3, "int32"),
    }
    specs = tflite_tools.specs_of(inputs)
    content = tflite_tools.convert(
        lambda query, key, value, position: layer.step(query, (key, value), position),
        layer.variables,
        specs,
    )
    interpreter = tflite_tools.interpreter_for(content)
    sizes = {d["index"]: np.prod(d["shape"]) for d in interpreter.get_tensor_details()}
    moved = [
        op["op_name"]
        for op in interpreter._get_ops_details()
        if op["op_name"] in ("TRANSPOSE", "CONCATENATION", "PACK", "STRIDED_SLICE")
        and max(sizes[i] for i in op["outputs"]) >= key.size
    ]
    assert not moved
    assert "DYNAMIC_UPDATE_SLICE" in tflite_tools.operators(content)
    wanted, (wanted_key, wanted_value) = layer.step(
        ops.convert_to_tensor(X[:1, :1]), (key, value), 3
    )
    got = tflite_tools.run(content, inputs)
    for a, b in zip(got, (wanted, wanted_key, wanted_value), strict=True):
        np.testing.assert_allclose(a, to_numpy(b), atol=1e-5)
    # Past the end the file leaves its cache as it was, too.
    _, *cache = tflite_tools.run(content, inputs | {"position": np.int32(length)})
    assert (cache[0] == key).all() and (cache[1] == value).all()


@pytest.mark.parametrize("cls", [EncoderBlock, DecoderBlock, Encoder, Decoder])
def test_d18_a_reloaded_block_computes_the_same(cls, tmp_path):
    layer = cls(**CHANGED[cls])
    x = keras.Input((None, 8))
    model = keras.Model(x, layer(x))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(to_numpy(loaded(X)), to_numpy(model(X)))
    assert loaded.layers[-1].get_config() == layer.get_config()


def test_d19_no_dropout_is_left_on_at_inference():
    encoder = Encoder(
        2, 2, 16, dropout=0.5, attention_dropout=0.5, stochastic_depth=0.5, seed=1
    )
    inputs = {"x": X, "padding_mask": MASK}
    one, two = (to_numpy(call(encoder, inputs)) for _ in range(2))
    three = to_numpy(call(encoder, inputs, training=False))
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(one, three)
    assert np.abs(to_numpy(call(encoder, inputs, training=True)) - one).max() > 1e-2


@pytest.mark.tensorflow
def test_d20_a_static_signature_computes_no_shapes():
    layer = EncoderBlock(2, 16, causal=True, rotary=RotaryPositions())
    call(layer, {"x": X})
    specs = tflite_tools.specs_of({"x": X[:1]})
    content = tflite_tools.convert(lambda x: layer(x), layer.variables, specs)
    found = collections.Counter(tflite_tools.operators(content))
    assert not set(found) & {"SHAPE", "REDUCE_PROD", "PACK", "RANGE", "FILL", "GATHER"}
    # query, key, value, output, up, down; and the two products of attention
    assert found["FULLY_CONNECTED"] == 6 and found["BATCH_MATMUL"] == 2
    assert found["TRANSPOSE"] <= 4 and found["RESHAPE"] <= 4
