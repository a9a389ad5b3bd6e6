"""Defects of other libraries in attention, masks and positions, one test each.

Each test would fail on the defect. D13 (a beam that continues a finished hypothesis)
concerns decoding, which is in no layer.
"""

import keras
import numpy as np
import pytest
from keras import ops
from layer_tools import array, call, flat, lengths_mask, to_numpy

from polyhead.layers import (
    Decoder,
    DecoderBlock,
    Encoder,
    EncoderBlock,
    FeedForward,
    LearnedPositions,
    MultiHeadAttention,
    Residual,
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
