"""A sliding window gives the masked answer at a cost linear in the length."""

import numpy as np
import pytest
from keras import ops
from layer_tools import array, call, flat, gradients, largest_tensor, lengths_mask

from polyhead.layers import (
    LinearBias,
    MultiHeadAttention,
    RelativeBias,
    RotaryPositions,
)

OPTIONS = {
    "plain": {},
    "grouped": {"num_kv_heads": 1},
    "rotary": {"rotary": RotaryPositions},
    "linear-bias": {"position_bias": lambda: LinearBias(2)},
    "relative-bias": {"position_bias": lambda: RelativeBias(2, 8, 16)},
}


def attention_layer(x, **kwargs):
    made = {k: v() if callable(v) else v for k, v in kwargs.items()}
    layer = MultiHeadAttention(2, **made)
    call(layer, {"x": x[:, :2]})
    return layer


def dense_twin(layer, x, option):
    """The same weights without a window, and without causality of its own."""
    twin = attention_layer(x, **OPTIONS[option])
    twin.set_weights(layer.get_weights())
    return twin


def window_mask(length, window, causal):
    distance = np.arange(length)[:, None] - np.arange(length)[None, :]
    if causal:
        return (distance >= 0) & (distance < window)
    return np.abs(distance) < window


# Lengths below, at and above multiples of the window; windows of one and of all.
SIZES = [(1, 3), (7, 3), (16, 4), (33, 4), (12, 1), (9, 20)]


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("length, window", SIZES)
def test_window_equals_the_mask(length, window, causal):
    x = array(2, length, 8)
    layer = attention_layer(x, sliding_window=window, causal=causal)
    mask = np.broadcast_to(window_mask(length, window, causal), (2, length, length))
    padding = lengths_mask([length, max(1, length - 2)], length)
    twin = dense_twin(layer, x, "plain")
    for extra in ({}, {"padding_mask": padding}):
        got = flat(call(layer, {"x": x, **extra}))[0]
        want = flat(call(twin, {"x": x, "attention_mask": mask, **extra}))[0]
        np.testing.assert_allclose(got, want, atol=1e-5)


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("option", OPTIONS)
def test_window_with_every_option_equals_the_mask(option, causal):
    length, window = 45, 8
    x = array(2, length, 8)
    layer = attention_layer(x, sliding_window=window, causal=causal, **OPTIONS[option])
    twin = dense_twin(layer, x, option)
    mask = np.broadcast_to(window_mask(length, window, causal), (2, length, length))
    padding = lengths_mask([length, 20], length)
    free = np.random.default_rng(1).random((2, length, length)) > 0.3
    bias = array(2, 2, length, length, seed=4)
    for extra in (
        {"padding_mask": padding},
        {"attention_mask": free},
        {"attention_bias": bias, "padding_mask": padding},
        {"attention_bias": bias[:1, :1]},
    ):
        dense = extra | {"attention_mask": mask & extra.get("attention_mask", True)}
        got = flat(call(layer, {"x": x, **extra}))[0]
        want = flat(call(twin, {"x": x, **dense}))[0]
        np.testing.assert_allclose(got, want, atol=1e-5, err_msg=str(list(extra)))


@pytest.mark.parametrize("causal", [True, False])
def test_window_scores_come_in_full(causal):
    x = array(2, 21, 8)
    layer = attention_layer(x, sliding_window=4, causal=causal)
    plain = flat(call(layer, {"x": x}))[0]
    output, scores = flat(call(layer, {"x": x}, return_scores=True))
    assert scores.shape == (2, 2, 21, 21)
    kept = np.broadcast_to(window_mask(21, 4, causal), scores.shape)
    assert (scores[~kept] == 0).all() and (scores[kept] > 0).all()
    np.testing.assert_allclose(scores.sum(-1), 1, atol=1e-5)
    np.testing.assert_allclose(output, plain, atol=1e-5)


def test_window_gradients_equal_those_of_the_mask():
    x = array(1, 37, 8)
    layer = attention_layer(x, sliding_window=5, causal=True)
    twin = dense_twin(layer, x, "plain")
    padding = lengths_mask([30], 37)
    mask = window_mask(37, 5, True)[None]
    got = gradients(layer, {"x": x, "padding_mask": padding})
    want = gradients(twin, {"x": x, "padding_mask": padding, "attention_mask": mask})
    for a, b in zip(got, want, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("option", OPTIONS)
def test_window_cost_is_linear_in_the_length(option, causal):
    window = 32
    layer = attention_layer(
        array(1, 4, 8), sliding_window=window, causal=causal, **OPTIONS[option]
    )

    def run(x, mask):
        return layer(x, padding_mask=mask)

    def largest(length):
        x, mask = array(1, length, 8), lengths_mask([length - 5], length)
        return largest_tensor(run, x, mask)

    # A dense path makes a tensor of 2048 x 2048 (and more, with its two heads).
    assert largest(2048) < 2048 * 2048 // 4
    assert largest(4096) <= 2.1 * largest(2048)


def test_the_counter_sees_a_dense_path():
    layer = attention_layer(array(1, 4, 8))
    assert largest_tensor(lambda x: layer(x), array(1, 256, 8)) >= 256 * 256


def test_window_over_a_memory():
    """Query t of a cross-attention sees the keys near position t."""
    x, memory = array(1, 9, 8), array(1, 13, 6, seed=1)
    layer = MultiHeadAttention(2, sliding_window=3)
    _, scores = call(layer, {"x": x, "memory": memory}, return_scores=True)
    distance = np.arange(9)[:, None] - np.arange(13)[None, :]
    kept = np.broadcast_to(np.abs(distance) < 3, (1, 2, 9, 13))
    scores = flat(scores)[0]
    assert (scores[~kept] == 0).all() and (scores[kept] > 0).all()


def test_window_must_be_positive():
    with pytest.raises(ValueError, match="0"):
        MultiHeadAttention(2, sliding_window=0)(ops.convert_to_tensor(array(1, 4, 8)))
