"""What may come next: ties, forbidden symbols, and runs that are too long."""

import numpy as np
import pytest
from keras import ops

from polyhead.layers.candidates import (
    END,
    NEVER,
    PAD,
    START,
    History,
    candidates,
    endless,
    largest,
)


@pytest.mark.parametrize("size", [3, 40, 97, 1000, 9700])
def test_largest_orders_ties_by_column(size):
    x = np.random.default_rng(size).integers(0, 40, (5, size)).astype("float32")
    k = min(9, size)
    values, columns = largest(ops.convert_to_tensor(x), k)
    want = np.argsort(-x, axis=1, kind="stable")[:, :k]
    np.testing.assert_array_equal(ops.convert_to_numpy(columns), want)
    taken = np.take_along_axis(x, want, axis=1)
    np.testing.assert_array_equal(ops.convert_to_numpy(values), taken)


def test_a_tie_with_a_neighbour_of_the_largest_goes_to_the_lower_column():
    x = np.zeros((1, 9700), "float32")
    x[0, 9000] = 5
    x[0, [100, 5000, 9001]] = 3
    _, columns = largest(ops.convert_to_tensor(x), 5)
    assert ops.convert_to_numpy(columns)[0].tolist() == [9000, 100, 5000, 9001, 0]


@pytest.mark.parametrize(
    ("recent", "symbol"),
    [
        ([3, 3, 3, 3, 3, 3, 3, 3, 3], 3),
        ([4, 3, 3, 3, 3, 3, 3, 3, 3], 0),
        ([3, 4, 3, 4, 3, 4, 3, 4, 3], 4),
        ([3, 4, 5, 3, 4, 5, 3, 4, 5], 3),
        ([3, 4, 5, 6, 3, 4, 5, 6, 3], 0),  # a period of 4 is above a third of 9
        ([0, 0, 0, 0, 0, 0, 3, 3, 3], 0),
        ([3, 3, 4, 3, 3, 4, 3, 3, 4], 3),
    ],
)
def test_what_makes_a_run_too_long(recent, symbol):
    tensor = ops.convert_to_tensor([[recent]], dtype="int32")
    assert ops.convert_to_numpy(endless(tensor)).tolist() == [[symbol]]


def test_forbidden_symbols_are_at_minus_infinity_and_the_end_comes_first():
    logits = np.array([[[9.0, 8.0, 1.0, 3.0, 2.0, 0.0]]], "float32")
    banned = ops.convert_to_tensor([[3]], dtype="int32")
    values, ids = candidates(ops.convert_to_tensor(logits), banned, 6, START, END)
    values, ids = (ops.convert_to_numpy(x)[0, 0] for x in (values, ids))
    logp = logits[0, 0] - np.log(np.exp(logits).sum())
    assert ids[0] == END
    by_id = dict(zip(ids[1:].tolist(), values[1:].tolist(), strict=True))
    assert by_id[PAD] == by_id[START] == by_id[END] == by_id[3] == NEVER
    assert values[0] == pytest.approx(logp[END], rel=1e-5)
    assert by_id[4] == pytest.approx(logp[4], rel=1e-5)
    assert by_id[5] == pytest.approx(logp[5], rel=1e-5)


def test_a_history_keeps_the_symbols_in_their_places():
    history = History(max_steps=4, max_run=3)
    state = history.start(2, 1)
    for position, symbols in enumerate(([[5], [6]], [[5], [7]], [[5], [8]])):
        symbols = ops.convert_to_tensor(symbols, dtype="int32")
        state = history.add(state, position, symbols)
    ids = ops.convert_to_numpy(history.ids(state))[:, 0]
    assert ids.tolist() == [[5, 5, 5, 0], [6, 7, 8, 0]]
    # Three of a kind are as long as a run may be.
    banned = history.banned(state, ops.convert_to_tensor(3, dtype="int32"))
    assert ops.convert_to_numpy(banned).tolist() == [[5], [0]]
    with pytest.raises(ValueError, match="max_run must be 3 or more, not 2"):
        History(4, 2)
