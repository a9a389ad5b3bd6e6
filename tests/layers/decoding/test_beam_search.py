"""Beam search on tables computed by hand, against brute force and a slow search."""

import math

import numpy as np
import pytest
from decoding_tools import (
    END,
    START,
    A,
    B,
    C,
    brute_force,
    random_table,
    run,
    score_of,
    slow_beam,
    strip,
    table,
)
from keras import ops

from polyhead.layers.beam_search import beam_search, to_ancestors
from polyhead.layers.decoding import greedy

# The empty sentence has .55 and is finished at once. A beam that goes on with it
# multiplies it by .57 at each step (what follows the end is noise), and A B wins with
# 0.45 * 0.98 * 0.98 = .432.
FREEZE = table(
    6,
    {
        START: {END: 0.55, A: 0.45},
        A: {B: 0.98, C: 0.02},
        B: {END: 0.98, C: 0.02},
        END: {END: 0.57, C: 0.43},
        C: {END: 1.0},
    },
)


@pytest.mark.parametrize("early_stopping", [True, False])
def test_a_finished_hypothesis_is_frozen(early_stopping):
    ids, scores = run(
        beam_search,
        [FREEZE],
        beam_size=2,
        length_penalty=0.0,
        n_best=2,
        early_stopping=early_stopping,
    )
    assert [strip(row) for row in ids[0]] == [(), (A, B)]
    want = [math.log(0.55), math.log(0.45 * 0.98 * 0.98)]
    np.testing.assert_allclose(scores[0], want, atol=1e-5)


@pytest.mark.parametrize(
    ("penalty", "best", "score"),
    [
        (0.0, (), math.log(0.55)),
        # log .55 = -.598 against log .432 / 3 = -.280
        (1.0, (A, B), math.log(0.45 * 0.98 * 0.98) / 3),
        # the length counts the end symbol: without it, or with one more at 0.3, the
        # other sentence would win: -.839 / 3 ** .2 = -.674, below -.598
        (0.2, (), math.log(0.55)),
        (0.35, (A, B), math.log(0.45 * 0.98 * 0.98) / 3**0.35),
    ],
)
def test_length_penalty(penalty, best, score):
    ids, scores = run(
        beam_search,
        [FREEZE],
        beam_size=2,
        length_penalty=penalty,
        early_stopping=False,
    )
    assert strip(ids[0, 0]) == best
    assert scores[0, 0] == pytest.approx(score, abs=1e-5)


@pytest.mark.parametrize("penalty", [0.0, 1.0, 2.0])
@pytest.mark.parametrize("seed", range(3))
def test_a_large_beam_is_brute_force(seed, penalty):
    log_table = random_table(seed)
    best = brute_force(log_table, limit=3, penalty=penalty)
    ids, scores = run(
        beam_search,
        [log_table],
        max_steps=4,
        beam_size=40,  # 1 + 3 + 9 + 27 sentences
        length_penalty=penalty,
        n_best=40,
        early_stopping=False,
    )
    assert [strip(row) for row in ids[0]] == [symbols for _, symbols in best]
    np.testing.assert_allclose(scores[0], [s for s, _ in best], atol=1e-5)


@pytest.mark.parametrize("early_stopping", [True, False])
@pytest.mark.parametrize("beam_size", [1, 2, 3, 5])
def test_small_beams_equal_a_slow_one(beam_size, early_stopping):
    tables = [random_table(seed, size=9) for seed in range(12)]
    n_best = min(2, beam_size)
    for penalty in (0.0, 0.6, 1.0):
        ids, scores = run(
            beam_search,
            tables,
            max_steps=8,
            beam_size=beam_size,
            length_penalty=penalty,
            n_best=n_best,
            early_stopping=early_stopping,
        )
        for row, log_table in enumerate(tables):

            def next_logp(symbols, log_table=log_table):
                return log_table[symbols[-1] if symbols else START]

            want = slow_beam(next_logp, 7, beam_size, penalty, n_best, early_stopping)
            got = [strip(r) for r in ids[row]][: len(want)]
            assert got == [symbols for _, symbols in want]
            found = scores[row, : len(want)]
            np.testing.assert_allclose(found, [s for s, _ in want], atol=1e-5)
            assert (scores[row, len(want) :] == -np.inf).all()
            # and the scores are of those very sentences
            alone = [score_of(log_table, symbols, penalty) for symbols in got]
            np.testing.assert_allclose(found, alone, atol=1e-5)


def test_a_beam_of_one_is_greedy():
    tables = [random_table(seed, size=12) for seed in range(20)]
    ids, scores = run(greedy, tables, max_steps=10)
    beam, normalised = run(beam_search, tables, max_steps=10, beam_size=1)
    np.testing.assert_array_equal(beam[:, 0], ids)
    lengths = (ids > 0).sum(axis=1) + 1
    np.testing.assert_allclose(normalised[:, 0], scores / lengths, rtol=1e-5)
    assert len(set(lengths)) > 2


def test_ancestors_are_the_slots_that_a_hypothesis_descends_from():
    slots = ops.convert_to_tensor([[[0, 1, -1], [0, 0, -1]]], dtype="int32")
    mask = ops.convert_to_numpy(to_ancestors(slots, 2))
    assert mask.shape == (1, 2, 6)
    # Step t of beam n owns the slot 2 t + n.
    assert mask[0, 0].tolist() == [True, False, False, True, False, False]
    assert mask[0, 1].tolist() == [True, False, True, False, False, False]
