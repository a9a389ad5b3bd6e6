"""Padded batches of piece ids."""

from types import SimpleNamespace

import numpy as np

from polyhead.apps.common.text.batches import (
    count_steps,
    pad,
    scoring_batches,
    training_batches,
)


class Letters:
    """A tokenizer with a piece for each letter."""

    def encode_all(self, texts, piece_dropout=0.0, rng=None):
        return [np.array([ord(letter) for letter in text]) for text in texts]


TEXTS = ["a" * length for length in (3, 30, 7, 1, 12, 9, 22)]


def make_batches(epoch, consistency=0.0):
    config = SimpleNamespace(
        batch_size=2, max_tokens=20, seed=1, piece_dropout=0.1, consistency=consistency
    )
    make_epoch = training_batches(config, Letters(), TEXTS, lambda rows: (rows,))
    return config, make_epoch(epoch)


def test_padding_is_short_and_long_texts_are_cut():
    padded = pad([np.array([5, 6]), np.arange(1, 30)], max_tokens=10)
    assert padded.shape == (2, 16) and padded.dtype == np.int32
    assert padded[0].tolist() == [5, 6] + [0] * 14
    assert padded[1].tolist() == [*range(1, 11)] + [0] * 6


def test_an_epoch_has_each_text_once_and_depends_on_its_number_alone():
    config, batches = make_batches(0)
    assert len(batches) == count_steps(config, len(TEXTS)) == 4
    rows = np.concatenate([targets for _, targets in batches])
    assert sorted(rows) == list(range(len(TEXTS)))
    for ids, targets in batches:
        lengths = np.minimum([len(TEXTS[row]) for row in targets], 20)
        assert ((ids > 0).sum(axis=1) == lengths).all()
    _, again = make_batches(0)
    _, other = make_batches(1)
    same = [np.array_equal(a[1], b[1]) for a, b in zip(batches, again, strict=True)]
    assert all(same)
    assert not all(
        np.array_equal(a[1], b[1]) for a, b in zip(batches, other, strict=True)
    )


def test_the_first_two_batches_differ_in_length_so_that_keras_leaves_it_open():
    _, batches = make_batches(0)
    assert batches[0][0].shape[1] != batches[1][0].shape[1]


def test_with_consistency_each_text_is_read_twice():
    _, batches = make_batches(0, consistency=1.0)
    ids, targets = batches[1]
    assert len(ids) == len(targets) == 4
    assert targets[:2].tolist() == targets[2:].tolist()


def test_scoring_has_each_text_once():
    ids = Letters().encode_all(TEXTS)
    batches = scoring_batches(ids, max_tokens=20, batch_size=3)
    assert sorted(np.concatenate([rows for rows, _ in batches])) == [*range(len(ids))]
    assert scoring_batches([], 20) == []
