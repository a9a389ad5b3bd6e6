"""Batches of pairs with one budget of tokens, like lengths together."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import replace

import keras
import numpy as np

from ..common.errors import PolyheadError
from ..common.generation.losses import PARTS
from ..common.text.byte_pieces import Tokenizer
from .config import Config
from .data import Dataset
from .model import END, START
from .pairs import Pairs, choose

# Padded lengths are multiples of this: JAX compiles anew for every shape.
LENGTH_STEP = 8 if keras.backend.backend() == "jax" else 1


def pad(rows: Sequence[np.ndarray], at_least: int = 1) -> np.ndarray:
    """Rows of ids as one `(B, T)` int32 array, T a multiple of `LENGTH_STEP`."""
    longest = max((len(row) for row in rows), default=1)
    length = -(-max(longest, at_least) // LENGTH_STEP) * LENGTH_STEP
    padded = np.zeros((len(rows), length), np.int32)
    for target, row in zip(padded, rows, strict=True):
        target[: len(row)] = row
    return padded


def encode_source(ids: Sequence[np.ndarray], max_tokens: int) -> list[np.ndarray]:
    """Piece ids as the encoder reads them: cut, with the end symbol."""
    return [np.append(row[: max_tokens - 1], END) if len(row) else row for row in ids]


class EpochBatches(Sequence):
    """An epoch's batches of `((source, target), following)`, all `(B, T)` ids.

    Args:
        sources: piece ids of every source, with the end symbol.
        targets: piece ids of every target, without start and end.
        tokens: budget of a batch: pairs times the longer side's padded length.
        rng: draws the batches' order, and who is with whom among like lengths.
    """

    def __init__(self, sources, targets, tokens, rng):
        self.sources = sources
        self.targets = targets
        sides = np.array(
            [[len(s), len(t) + 1] for s, t in zip(sources, targets, strict=True)]
        )
        # A little noise in the second length, or the same pairs would always meet.
        noise = rng.uniform(0, 2, len(sides))
        order = np.lexsort([sides.min(axis=1) + noise, sides.max(axis=1)])
        cuts, start = [], 0
        longest = sides.max(axis=1)[order]
        padded = -(-longest // LENGTH_STEP) * LENGTH_STEP
        while start < len(order):
            # Lengths rise, so the last row of a batch decides its padding.
            size = max(1, int(tokens // padded[start]))
            while (
                size > 1 and size * padded[min(start + size, len(order)) - 1] > tokens
            ):
                size -= 1
            cuts.append(order[start : start + size])
            start += size
        middle = rng.permutation(len(cuts) - 2) + 1 if len(cuts) > 2 else []
        ends = [len(cuts) - 1, 0] if len(cuts) > 1 else [0]
        self.rows = [cuts[number] for number in [*ends, *middle]]
        # Keras reads off the first two batches which dimensions vary, so the first
        # is made wider than all others on either side.
        self.widest = sides.max(axis=0) + 1 if len(cuts) > 1 else np.ones(2, int)
        self.tokens = int(sides.sum())
        padded = [-(-sides[rows].max(axis=0) // LENGTH_STEP) for rows in self.rows]
        spent = LENGTH_STEP * sum(
            lengths.sum() * len(rows)
            for lengths, rows in zip(padded, self.rows, strict=True)
        )
        self.padding = float(1 - self.tokens / max(spent, 1))

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, number):
        if isinstance(number, slice):
            return [self[i] for i in range(*number.indices(len(self)))]
        rows = self.rows[number]
        wide, high = self.widest if number == 0 else (1, 1)
        # The model takes the rows in parts, none of which may be empty.
        none = [np.zeros(0, np.int32)] * max(0, PARTS - len(rows))
        source = [self.sources[row] for row in rows]
        target = [np.append(START, self.targets[row]) for row in rows]
        following = [np.append(self.targets[row], END) for row in rows]
        return (
            (pad(source + none, wide), pad(target + none, high)),
            pad(following + none, high),
        )


def fitting_pairs(config: Config, tokenizer: Tokenizer, pairs: Pairs) -> np.ndarray:
    """Which pairs have at most `max_tokens` pieces a side, ends counted; bool."""
    sides = [tokenizer.encode_all(texts) for texts in (pairs.sources, pairs.targets)]
    lengths = [np.array([len(row) for row in side]) for side in sides]
    return np.maximum(*lengths) < config.max_tokens


def leave_out_long(config: Config, tokenizer: Tokenizer, dataset: Dataset) -> Dataset:
    """Takes pairs of more pieces than the model reads out of training, counted.

    Raises:
        PolyheadError: no pair is left.
    """
    fits = fitting_pairs(config, tokenizer, dataset.train)
    if not fits.any():
        raise PolyheadError(
            f"{dataset.train.source}: no training pair has at most "
            f"{config.max_tokens - 1} pieces a side: raise max_tokens, or give shorter "
            "pairs"
        )
    removed = dataset.report["removed"] | {"pieces": int((~fits).sum())}
    train = choose(dataset.train, np.flatnonzero(fits))
    return replace(dataset, train=train, report=dataset.report | {"removed": removed})


def training_batches(
    config: Config, tokenizer: Tokenizer, pairs: Pairs
) -> Callable[[int], EpochBatches]:
    """Makes each epoch's batches from the seed and the epoch's number alone."""
    limit = config.max_tokens - 1
    sides = pairs.sources, pairs.targets
    plain = [tokenizer.encode_all(texts) for texts in sides]

    def spell(rng) -> list[list[np.ndarray]]:
        if not config.piece_dropout:
            return plain
        drawn = [tokenizer.encode_all(t, config.piece_dropout, rng) for t in sides]
        # More pieces than the model takes would cut the end of the sentence off.
        return [
            [a if len(a) <= limit else b for a, b in zip(*both, strict=True)]
            for both in zip(drawn, plain, strict=True)
        ]

    @functools.lru_cache(maxsize=1)  # its size is asked for before it is trained on
    def make_epoch(epoch: int) -> EpochBatches:
        rng = np.random.default_rng([config.seed, epoch])
        sources, targets = spell(rng)
        sources = encode_source(sources, config.max_tokens)
        targets = [row[:limit] for row in targets]
        return EpochBatches(sources, targets, config.tokens_per_batch, rng)

    return make_epoch
