"""Batches of pairs with one budget of tokens, like lengths together."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from polyhead.layers.candidates import END, START

from ..augmentation.epochs import Augment
from ..data.pairs import Pairs, choose
from ..errors import PolyheadError
from ..text.byte_pieces import Tokenizer
from ..text.letter_case.letters import LetterCase
from ..text.limits import token_limits
from .losses import PARTS

Rows = Sequence[np.ndarray]  # the ids of each text
# Padded lengths are multiples of this: JAX compiles anew for every shape.
LENGTH_STEP = 8 if keras.backend.backend() == "jax" else 1


def round_up(length: Any) -> Any:
    """The padded length of a length, or of an array of lengths."""
    return -(-length // LENGTH_STEP) * LENGTH_STEP


def pad_rows(rows: Rows) -> np.ndarray:
    """Rows of ids as one `(B, T)` int32 array, T a multiple of `LENGTH_STEP`."""
    longest = max((len(row) for row in rows), default=1)
    padded = np.zeros((len(rows), round_up(max(longest, 1))), np.int32)
    for target, row in zip(padded, rows, strict=True):
        target[: len(row)] = row
    return padded


def encode_source(ids: Rows, max_tokens: int) -> list[np.ndarray]:
    """Piece ids as the encoder reads them: cut, with the end symbol."""
    return [np.append(row[: max_tokens - 1], END) if len(row) else row for row in ids]


class PairBatches(Sequence):
    """An epoch's batches of `((source, target), following)`, all `(B, T)` ids.

    Args:
        sources: piece ids of every source, with the end symbol.
        targets: piece ids of every target, without start and end symbol.
        budget: tokens of a batch: its pairs times the longer side's padded length.
        rng: draws the order of the batches, and which pairs of like length share one.
    """

    def __init__(
        self, sources: Rows, targets: Rows, budget: int, rng: np.random.Generator
    ) -> None:
        self.sources, self.targets = sources, targets
        sides = np.array(
            [[len(s), len(t) + 1] for s, t in zip(sources, targets, strict=True)]
        )
        # A little noise, or a batch would always have the same pairs.
        noise = rng.uniform(0, 2, len(sides))
        order = np.lexsort([sides.min(axis=1) + noise, sides.max(axis=1)])
        cuts = cut_batches(order, round_up(sides.max(axis=1)[order]), budget)
        middle: Any = rng.permutation(len(cuts) - 2) + 1 if len(cuts) > 2 else []
        # The longest batch first: too little memory shows at once. Then the shortest:
        # a dry run compiles for one length, at the second for any, then it is timed.
        ends = [len(cuts) - 1, 0] if len(cuts) > 1 else [0]
        self.rows = [cuts[number] for number in [*ends, *middle]]
        self.tokens = int(sides.sum())  # of both sides, padding not counted
        padded = [round_up(sides[rows].max(axis=0)).sum() for rows in self.rows]
        spent = sum(n * len(rows) for n, rows in zip(padded, self.rows, strict=True))
        self.padding = float(1 - self.tokens / max(spent, 1))  # a share

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, number: Any) -> Any:
        if isinstance(number, slice):
            return [self[i] for i in range(*number.indices(len(self)))]
        rows = self.rows[number]
        # The model takes the rows in parts, none of which may be empty.
        empty = [np.zeros(0, np.int32)] * max(0, PARTS - len(rows))
        source = [self.sources[row] for row in rows]
        target = [np.append(START, self.targets[row]) for row in rows]
        following = [np.append(self.targets[row], END) for row in rows]
        return (
            (pad_rows(source + empty), pad_rows(target + empty)),
            pad_rows(following + empty),
        )


def cut_batches(order: np.ndarray, padded: np.ndarray, budget: int) -> list[np.ndarray]:
    """Cuts rows, whose padded lengths rise, into batches within the budget."""
    cuts, start = [], 0
    while start < len(order):
        # The last row of a batch decides its padding.
        size = max(1, int(budget // padded[start]))
        while size > 1 and size * padded[min(start + size, len(order)) - 1] > budget:
            size -= 1
        cuts.append(order[start : start + size])
        start += size
    return cuts


def count_pieces(tokenizer: Tokenizer, pairs: Pairs) -> np.ndarray:
    """The pieces of sources and targets, int64 `(pairs, 2)`."""
    sides = [tokenizer.encode_all(texts) for texts in (pairs.sources, pairs.targets)]
    return np.array([[len(row) for row in side] for side in sides], np.int64).T


def find_fitting(config: Any, pieces: np.ndarray) -> np.ndarray:
    """Which pairs, of `pieces (pairs, 2)`, the model reads and writes whole; bool."""
    return np.all(pieces < np.array(token_limits(config)), axis=1)


def leave_out_long(config: Any, tokenizer: Tokenizer, dataset: Any) -> Any:
    """Takes pairs of more pieces than the model reads, ends counted, out of training.

    `dataset` is a dataclass with `train` and `report`, which counts what is "removed"
    and has "warnings".
    """
    limits, source = token_limits(config), dataset.train.source
    fits = find_fitting(config, count_pieces(tokenizer, dataset.train))
    most = " and ".join(str(limit - 1) for limit in dict.fromkeys(limits))
    sides = "a side" if len(set(limits)) == 1 else "on their sides"
    if not fits.any():
        raise PolyheadError(
            f"{source}: no training pair has at most {most} pieces {sides}: raise "
            "max_tokens and max_output_tokens, or give shorter pairs"
        )
    long = int((~fits).sum())
    report = dataset.report | {"removed": dataset.report["removed"] | {"pieces": long}}
    if long:
        more = f"more than {most} pieces"
        note = f"{long:,} training pairs have {more} and are left out"
        one = f"one training pair has {more} and is left out"
        report["warnings"] = [*report["warnings"], one if long == 1 else note]
    train = choose(dataset.train, np.flatnonzero(fits))
    return replace(dataset, train=train, report=report)


def pair_batches(
    config: Any, tokenizer: Tokenizer, pairs: Pairs, augment: Augment | None = None
) -> Callable[[int], PairBatches]:
    """Makes each epoch's batches from the seed and the epoch's number alone.

    `config` has `seed`, `max_tokens`, `max_output_tokens`, `tokens_per_batch`,
    `piece_dropout` and `carry_case`. Longer sides are cut. `augment` draws what is
    changed in an epoch; a pair that would be cut stays as it was.
    """
    limits = token_limits(config)
    case = LetterCase(config.carry_case)
    sides = [case.read(text) for text in pairs.sources], pairs.targets
    plain = [tokenizer.encode_all(texts) for texts in sides]

    def change(epoch: int) -> tuple[Sequence[list[str]], list[list[np.ndarray]]]:
        # Drawn apart, so that batches without changes are what they always were.
        rng = np.random.default_rng([config.seed, epoch, 1])
        drawn = augment(rng) if augment else {}
        texts, spelled = [list(side) for side in sides], [list(side) for side in plain]
        columns = zip(*drawn.values(), strict=True)
        encoded = [tokenizer.encode_all(column) for column in columns]
        for place, changed, *ids in zip(drawn, drawn.values(), *encoded, strict=True):
            if all(len(row) < limit for row, limit in zip(ids, limits, strict=True)):
                for side in (0, 1):
                    texts[side][place], spelled[side][place] = changed[side], ids[side]
        return texts, spelled

    def spell(epoch: int, rng: np.random.Generator) -> list[list[np.ndarray]]:
        texts, spelled = change(epoch)
        if not config.piece_dropout:
            return spelled
        drawn = [tokenizer.encode_all(t, config.piece_dropout, rng) for t in texts]
        # A spelling of more pieces than the model reads would lose its end.
        return [
            [a if len(a) < limit else b for a, b in zip(*both, strict=True)]
            for *both, limit in zip(drawn, spelled, limits, strict=True)
        ]

    @functools.lru_cache(maxsize=1)  # its size is asked for before it is trained on
    def make_epoch(epoch: int) -> PairBatches:
        rng = np.random.default_rng([config.seed, epoch])
        sources, targets = spell(epoch, rng)
        sources = encode_source(sources, limits[0])
        targets = [row[: limits[1] - 1] for row in targets]
        return PairBatches(sources, targets, config.tokens_per_batch, rng)

    return make_epoch
