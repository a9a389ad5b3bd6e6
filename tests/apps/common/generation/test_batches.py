"""Batches of pairs: one budget, little padding, shapes that Keras can follow."""

from dataclasses import dataclass

import numpy as np
import pytest

from polyhead.apps.common.data.pairs import Pairs
from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.generation.batches import (
    PairBatches,
    count_pieces,
    leave_out_long,
    pair_batches,
)
from polyhead.apps.common.text.byte_pieces import Tokenizer
from polyhead.layers.candidates import END, START


@dataclass(frozen=True)
class Config:
    """What of a configuration decides the batches."""

    max_tokens: int = 128
    max_output_tokens: int | None = None
    piece_dropout: float = 0.1
    carry_case: bool = False
    tokens_per_batch: int = 4096
    seed: int = 0


@dataclass(frozen=True)
class Dataset:
    """What of a data set decides which pairs are trained on."""

    train: Pairs
    report: dict


def make_sides(count, source, target, seed=0):
    """Ids whose lengths lie in the two ranges."""
    rng = np.random.default_rng(seed)
    return [
        [
            rng.integers(3, 99, rng.integers(*side)).astype(np.int32)
            for _ in range(count)
        ]
        for side in (source, target)
    ]


def make_pairs(sources, targets):
    return Pairs(sources, targets, np.arange(1, len(sources) + 1), "pairs")


def test_every_pair_comes_once_whole_and_within_the_budget():
    sources, targets = make_sides(500, (1, 40), (1, 40))
    batches = PairBatches(sources, targets, 600, np.random.default_rng(1))
    seen = []
    for (source, target), following in batches:
        assert max(source.shape[1], target.shape[1]) * len(source) <= 600 or (
            len(source) == 1
        )
        for row in np.flatnonzero(following.any(axis=1)):
            s, t, f = (x[row][x[row] > 0] for x in (source, target, following))
            assert t[0] == START and f[-1] == END
            assert t[1:].tolist() == f[:-1].tolist()
            seen.append((s.tolist(), f[:-1].tolist()))
    wanted = [(s.tolist(), t.tolist()) for s, t in zip(sources, targets, strict=True)]
    assert sorted(seen) == sorted(wanted)


@pytest.mark.parametrize("target", [(1, 5), (2, 18), (1, 60)])
def test_the_longest_batch_is_first(target):
    for seed in range(40):
        sources, targets = make_sides(300, (5, 60), target, seed)
        batches = PairBatches(sources, targets, 512, np.random.default_rng(seed))
        widths = [max(s.shape[1], goal.shape[1]) for (s, goal), _ in batches]
        assert (widths[0], widths[1]) == (max(widths), min(widths))


def test_padding_is_told_as_it_is():
    sources, targets = make_sides(3000, (5, 30), (5, 30))
    batches = PairBatches(sources, targets, 2000, np.random.default_rng(0))
    real = sum(len(s) + len(t) + 1 for s, t in zip(sources, targets, strict=True))
    assert batches.tokens == real
    spent = sum(source.size + goal.size for (source, goal), _ in batches)
    assert batches.padding == pytest.approx(1 - real / spent)


def test_an_epoch_is_a_function_of_its_number():
    texts = [f"some words and the number {n}" for n in range(60)]
    pairs = make_pairs(texts, texts[::-1])
    tokenizer = Tokenizer.learn(texts, 300, False)
    config = Config(tokens_per_batch=200, piece_dropout=0.2)
    first, again = (pair_batches(config, tokenizer, pairs) for _ in range(2))
    for epoch in (0, 3):
        for (x, y), (other_x, other_y) in zip(first(epoch), again(epoch), strict=True):
            assert np.array_equal(x[0], other_x[0]) and np.array_equal(y, other_y)
    (a, _), _ = first(0)[2]
    (b, _), _ = first(1)[2]
    assert a.shape != b.shape or not np.array_equal(a, b)


def test_piece_dropout_never_cuts_a_sentence_that_fits():
    texts = [f"the words of sentence number {n}" for n in range(50)]
    tokenizer = Tokenizer.learn(texts, 320, False)
    longest = max(map(len, tokenizer.encode_all(texts)))
    config = Config(max_tokens=longest + 1, piece_dropout=0.5, tokens_per_batch=400)
    pairs = make_pairs(texts, texts)
    assert (count_pieces(tokenizer, pairs) < config.max_tokens).all()
    read = []
    for (source, _), _ in pair_batches(config, tokenizer, pairs)(0):
        for row in source:
            ids = row[row > 2]  # without the end
            read.append(b"".join(tokenizer.pieces[i] for i in ids).decode().strip())
    assert sorted(read) == sorted(texts)


def test_pairs_with_too_many_pieces_are_found():
    texts = ["short", "a much longer sentence than that one", "short too"]
    tokenizer = Tokenizer.learn(texts, 270, False)
    pieces = count_pieces(tokenizer, make_pairs(texts, ["x", "y", "z"]))
    assert pieces.shape == (3, 2)
    assert (pieces < 12).all(axis=1).tolist() == [True, False, True]


def test_a_pair_alone_has_a_row_of_padding_beside_it():
    sources, targets = make_sides(3, (30, 31), (30, 31))
    batches = PairBatches(sources, targets, 31, np.random.default_rng(0))
    assert len(batches) == 3
    for (source, target), following in batches:
        for array in (source, target, following):
            assert len(array) == 2 and array[0].any() and not array[1].any()


def test_long_pairs_leave_training_and_it_is_noted():
    texts = ["short", "a much longer sentence than that one", "short too"]
    tokenizer = Tokenizer.learn(texts, 270, False)
    report = {"removed": {"empty": 2}, "warnings": ["2 of 5 training pairs removed"]}
    dataset = Dataset(make_pairs(texts, ["x", "y", "z"]), report)
    kept = leave_out_long(Config(max_tokens=12), tokenizer, dataset)
    assert kept.train.sources == ["short", "short too"]
    assert kept.train.rows.tolist() == [1, 3]
    assert kept.report["removed"] == {"empty": 2, "pieces": 1}
    assert kept.report["warnings"] == [
        "2 of 5 training pairs removed",
        "one training pair has more than 11 pieces and is left out",
    ]
    # Where all fit, there is nothing to say.
    same = leave_out_long(Config(max_tokens=128), tokenizer, dataset)
    assert same.report["warnings"] == report["warnings"]
    assert same.report["removed"]["pieces"] == 0
    message = "pairs: no training pair has at most 1 pieces a side: raise max_tokens"
    with pytest.raises(PolyheadError, match=message):
        leave_out_long(Config(max_tokens=2), tokenizer, dataset)
    # Each side has a limit of its own.
    with pytest.raises(PolyheadError, match="at most 127 and 1 pieces on their sides"):
        limits = Config(max_tokens=128, max_output_tokens=2)
        leave_out_long(limits, tokenizer, dataset)
    swapped = Config(max_tokens=128, max_output_tokens=12)
    kept = leave_out_long(swapped, tokenizer, Dataset(make_pairs(texts, texts), report))
    assert kept.train.targets == ["short", "short too"]
