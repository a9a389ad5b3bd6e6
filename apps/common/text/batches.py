"""Padded batches of piece ids, with little padding and no surprise at resume."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

LENGTH_STEP = 8  # padded lengths are multiples of this


def pad(rows: Sequence[np.ndarray], max_tokens: int) -> np.ndarray:
    """Rows of ids as one `(B, T)` int32 array, T the next multiple of 8."""
    longest = min(max((len(row) for row in rows), default=1), max_tokens)
    length = -(-max(longest, 1) // LENGTH_STEP) * LENGTH_STEP
    padded = np.zeros((len(rows), length), np.int32)
    for target, row in zip(padded, rows, strict=True):
        target[: min(len(row), max_tokens)] = row[:max_tokens]
    return padded


class EpochBatches(Sequence):
    """An epoch's batches of `(ids, targets)` or `(ids, targets, weights)`.

    Each is padded when it is asked for: a million texts are never padded at once.

    Args:
        readings: the ids of every text, once or, for a loss that compares the two
            halves of a batch, twice.
        size: number of texts in a batch.
        rng: draws the batches and their order.
        make_targets: row numbers to what `fit` takes after the inputs.
    """

    def __init__(
        self,
        readings: Sequence[Sequence[np.ndarray]],
        size: int,
        max_tokens: int,
        rng: np.random.Generator,
        make_targets: Callable[[np.ndarray], tuple],
    ) -> None:
        self.readings, self.size, self.max_tokens = readings, size, max_tokens
        self.make_targets = make_targets
        lengths = np.array([min(len(row), max_tokens) for row in readings[0]])
        # Texts of similar length share a batch; which of them do is drawn.
        self.order = np.argsort(lengths + rng.random(len(lengths)), kind="stable")
        starts = np.arange(0, len(self.order), size)
        # The longest batch first: too little memory shows at once. Then the shortest:
        # a dry run compiles for one length, at the second for any, then it is timed.
        middle = rng.permutation(starts[1:-1])
        self.starts = np.concatenate([starts[-1:], starts[:-1][:1], middle])

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, number: Any) -> Any:
        if isinstance(number, slice):
            return [self[i] for i in range(*number.indices(len(self)))]
        start = self.starts[number]
        rows = self.order[start : start + self.size]
        ids = [reading[row] for reading in self.readings for row in rows]
        x = pad(ids, self.max_tokens)
        return (x, *self.make_targets(np.tile(rows, len(self.readings))))


def fit_batch_size(config: Any, rows: int) -> int:
    """The configured batch size, or less: of few rows, too, two updates an epoch."""
    return min(config.batch_size, -(-rows // 2))


def count_steps(config: Any, rows: int) -> int:
    """The number of batches of an epoch."""
    return -(-rows // fit_batch_size(config, rows))


def training_batches(
    config: Any,
    tokenizer: Any,
    texts: list[str],
    make_targets: Callable[[np.ndarray], tuple],
) -> Callable[[int], EpochBatches]:
    """Makes each epoch's batches from the seed and the epoch's number alone."""
    size = fit_batch_size(config, len(texts))

    def make_epoch(epoch: int) -> EpochBatches:
        rng = np.random.default_rng([config.seed, epoch])
        readings = [
            tokenizer.encode_all(texts, config.piece_dropout, rng)
            for _ in range(2 if config.consistency else 1)
        ]
        return EpochBatches(readings, size, config.max_tokens, rng, make_targets)

    return make_epoch


def scoring_batches(
    ids: Sequence[np.ndarray], max_tokens: int, batch_size: int = 256
) -> list[tuple[np.ndarray, np.ndarray]]:
    """`(row numbers, padded ids)` of every text, like lengths together."""
    order = np.argsort([len(row) for row in ids], kind="stable")
    return [
        (rows, pad([ids[row] for row in rows], max_tokens))
        for rows in np.split(order, range(batch_size, len(order), batch_size))
        if len(rows)
    ]
