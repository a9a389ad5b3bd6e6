"""Padded batches of piece ids: all rows, little padding, the same at every resume."""

from types import SimpleNamespace

import numpy as np
import pytest

from polyhead.apps.common.text.batches import (
    EpochBatches,
    count_steps,
    fit_batch_size,
    pad,
    scoring_batches,
    training_batches,
)

ROWS = [np.arange(1, 1 + n) for n in (3, 12, 0, 30, 7, 9, 1)]


def test_rows_are_padded_to_a_multiple_of_eight():
    padded = pad(ROWS, max_tokens=20)
    assert padded.shape == (7, 24) and padded.dtype == np.int32
    for row, ids in zip(padded, ROWS, strict=True):
        assert row[:20].tolist() == [*ids[:20], *[0] * (20 - len(ids[:20]))]
        assert not row[20:].any()
    assert pad([], 20).shape == (0, 8)


def make_epoch(rng=0, readings=1):
    return EpochBatches(
        [ROWS] * readings, 2, 20, np.random.default_rng(rng), lambda rows: (rows,)
    )


def test_an_epoch_has_every_row_once():
    epoch = make_epoch()
    assert len(epoch) == 4
    rows = np.concatenate([rows for _, rows in epoch[:]])
    assert sorted(rows) == list(range(7))
    for ids, rows in epoch[:]:
        for given, row in zip(ids, rows, strict=True):
            assert given[given > 0].tolist() == ROWS[row][:20].tolist()
    # Like lengths share a batch; the first is the longest, the second the shortest.
    lengths = [ids.shape[1] for ids, _ in epoch[:]]
    assert (lengths[0], lengths[1]) == (max(lengths), min(lengths)) == (24, 8)


def test_two_readings_stand_in_the_two_halves_of_a_batch():
    for ids, rows in make_epoch(readings=2)[:]:
        half = len(rows) // 2
        assert rows[:half].tolist() == rows[half:].tolist()
        np.testing.assert_array_equal(ids[:half], ids[half:])


class Letters:
    """A tokenizer that gives each letter an id, and draws what it leaves out."""

    def encode_all(self, texts, piece_dropout, rng):
        rows = [np.array([ord(letter) for letter in text]) for text in texts]
        return [row[rng.random(len(row)) >= piece_dropout] for row in rows]


@pytest.mark.parametrize("consistency", [0.0, 1.0])
def test_an_epoch_follows_from_the_seed_and_its_number(consistency):
    settings = {"seed": 3, "piece_dropout": 0.4, "consistency": consistency}
    config = SimpleNamespace(batch_size=4, max_tokens=16, **settings)
    texts = ["abcdefgh" * (1 + n % 3) for n in range(10)]
    make = training_batches(config, Letters(), texts, lambda rows: (rows,))
    one, again, other = (make(epoch)[:] for epoch in (5, 5, 6))
    for (x, rows), (y, same) in zip(one, again, strict=True):
        np.testing.assert_array_equal(x, y)
        assert rows.tolist() == same.tolist()
    pairs = zip(one, other, strict=True)
    assert any(x.shape != y.shape or (x != y).any() for (x, _), (y, _) in pairs)
    assert len(one) == count_steps(config, len(texts))
    assert sum(len(rows) for _, rows in one) == len(texts) * (2 if consistency else 1)


def test_there_are_two_updates_an_epoch_at_least():
    config = SimpleNamespace(batch_size=64)
    assert [fit_batch_size(config, rows) for rows in (1, 5, 127, 1000)] == [
        1,
        3,
        64,
        64,
    ]
    assert [count_steps(config, rows) for rows in (1, 5, 127, 1000)] == [1, 2, 2, 16]


def test_scoring_reads_every_row_once_with_little_padding():
    batches = scoring_batches(ROWS, 20, batch_size=3)
    assert sorted(np.concatenate([rows for rows, _ in batches])) == list(range(7))
    assert [ids.shape[1] for _, ids in batches] == [8, 16, 24]
    assert scoring_batches([], 20) == []
