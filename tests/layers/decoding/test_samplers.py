"""Samplers: what is kept, what is drawn, when a row stops."""

import keras
import numpy as np
import pytest
from keras import ops
from layer_tools import array, to_numpy

from polyhead.layers import draw_symbols, has_stopped, keep_probable

SHARES = np.array([[0.05, 0.5, 0.15, 0.3], [0.25, 0.25, 0.25, 0.25]])
LOGITS = np.log(SHARES).astype("float32")


def kept(**arguments):
    return (
        np.isfinite(to_numpy(keep_probable(LOGITS, **arguments))).astype(int).tolist()
    )


@pytest.mark.parametrize(
    "arguments, want",
    [
        ({}, [[1, 1, 1, 1], [1, 1, 1, 1]]),
        ({"top_k": 1}, [[0, 1, 0, 0], [1, 0, 0, 0]]),
        ({"top_k": 9}, [[1, 1, 1, 1], [1, 1, 1, 1]]),
        ({"top_p": 0.5}, [[0, 1, 0, 0], [1, 1, 0, 0]]),
        ({"top_p": 0.79}, [[0, 1, 0, 1], [1, 1, 1, 1]]),
        ({"min_p": 0.2}, [[0, 1, 1, 1], [1, 1, 1, 1]]),
        ({"min_p": 1.0}, [[0, 1, 0, 0], [1, 1, 1, 1]]),
        ({"top_k": 3, "top_p": 0.6}, [[0, 1, 0, 1], [1, 1, 0, 0]]),
    ],
)
def test_what_is_kept(arguments, want):
    assert kept(**arguments) == want
    tensors = {name: ops.convert_to_tensor(x) for name, x in arguments.items()}
    assert kept(**tensors) == want


def test_rows_may_have_numbers_of_their_own():
    assert kept(top_k=ops.convert_to_tensor([2, 0])) == [[0, 1, 0, 1], [1, 1, 1, 1]]
    shares = ops.convert_to_tensor([0.0, 0.9])  # none: the most probable one is drawn
    assert kept(top_p=shares) == [[0, 1, 0, 0], [1, 1, 1, 1]]


def test_what_is_kept_keeps_its_logit():
    got = to_numpy(keep_probable(LOGITS, top_p=0.5))
    np.testing.assert_array_equal(got[np.isfinite(got)], LOGITS[np.isfinite(got)])


def test_a_seed_decides_and_shares_are_those_of_the_model():
    logits = np.repeat(LOGITS[:1], 4000, axis=0)
    one, same, other = (to_numpy(draw_symbols(logits, seed=s)) for s in (3, 3, 4))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()
    shares = np.bincount(one.astype(int), minlength=4) / len(one)
    np.testing.assert_allclose(shares, SHARES[0], atol=0.03)
    cold = to_numpy(draw_symbols(logits, seed=3, temperature=0.5))
    sharper = SHARES[0] ** 2 / (SHARES[0] ** 2).sum()
    shares = np.bincount(cold.astype(int), minlength=4) / len(cold)
    np.testing.assert_allclose(shares, sharper, atol=0.03)
    few = to_numpy(draw_symbols(logits, seed=3, top_k=2))
    assert set(few) == {1, 3}


def test_a_generator_draws_other_symbols_each_time():
    generator = keras.random.SeedGenerator(0)
    logits = np.zeros((50, 9), "float32")
    draws = [to_numpy(draw_symbols(logits, seed=generator)) for _ in range(2)]
    assert (draws[0] != draws[1]).any()


def test_a_temperature_for_each_row():
    logits = np.repeat(array(1, 9), 2, axis=0)
    temperature = ops.convert_to_tensor([0.0, 1e9])
    drawn = [
        to_numpy(draw_symbols(logits, seed=s, temperature=temperature))
        for s in range(20)
    ]
    assert {int(row[0]) for row in drawn} == {int(logits[0].argmax())}
    assert len({int(row[1]) for row in drawn}) > 3


def test_a_row_stops_with_any_of_the_sequences():
    ids = np.array([[5, 6, 7], [5, 7, 6], [7, 6, 2]], "int32")
    got = to_numpy(has_stopped(ids, [[2], [6, 7], [1, 2, 3, 4]])).astype(bool)
    assert got.tolist() == [True, False, True]
    with pytest.raises(ValueError, match="must have one symbol or more"):
        has_stopped(ids, [[]])


@pytest.mark.parametrize(
    "arguments", [{"top_k": 0}, {"top_p": 0.0}, {"top_p": 1.1}, {"min_p": -0.1}]
)
def test_impossible_numbers_are_refused(arguments):
    with pytest.raises(ValueError, match=next(iter(arguments))):
        keep_probable(LOGITS, **arguments)
    with pytest.raises(ValueError, match="temperature"):
        draw_symbols(LOGITS, temperature=0.0)
