"""Padded batches of piece ids, with little padding and no surprise at resume."""

from collections.abc import Callable, Sequence

import numpy as np

from ..common.tokenizer import Tokenizer
from .config import Config

LENGTH_STEP = 8  # padded lengths are multiples of this


def pad(rows: Sequence[np.ndarray], max_tokens: int, extra: int = 0) -> np.ndarray:
    """Rows of ids as one `(B, T)` int32 array, T the next multiple of 8."""
    longest = min(max((len(row) for row in rows), default=1), max_tokens)
    length = -(-max(longest, 1) // LENGTH_STEP) * LENGTH_STEP + extra
    padded = np.zeros((len(rows), length), np.int32)
    for target, row in zip(padded, rows, strict=True):
        target[: min(len(row), max_tokens)] = row[:max_tokens]
    return padded


def training_batches(
    config: Config,
    tokenizer: Tokenizer,
    texts: list[str],
    targets: np.ndarray,
    weights: np.ndarray | None,
    outputs: Sequence[str],
) -> Callable[[int], list]:
    """Makes each epoch's batches from the seed and the epoch's number alone.

    Texts of like length share a batch; the order of the batches, who meets
    whom among equals and the skipped matches are drawn anew each epoch.
    """

    def make_epoch(epoch: int) -> list:
        rng = np.random.default_rng([config.seed, epoch])
        ids = tokenizer.encode_all(texts, config.piece_dropout, rng)
        # The loss compares the two halves of a batch; see losses.py.
        twins = [ids]
        if config.consistency:
            twins.append(tokenizer.encode_all(texts, config.piece_dropout, rng))
        lengths = np.array([min(len(row), config.max_tokens) for row in ids])
        order = np.argsort(lengths + rng.random(len(ids)), kind="stable")
        size = min(config.batch_size, -(-len(order) // 2))  # two batches at least
        starts = np.arange(0, len(order), size)
        # Keras reads off the first two batches which dimensions vary: the
        # longest and the shortest, and the first always one step longer.
        middle = rng.permutation(starts[1:-1])
        chosen = np.concatenate([starts[-1:], starts[:-1][:1], middle])
        batches = []
        for number, start in enumerate(chosen):
            rows = order[start : start + size]
            extra = LENGTH_STEP if number == 0 else 0
            x = pad(
                [twin[row] for twin in twins for row in rows], config.max_tokens, extra
            )
            rows = np.tile(rows, len(twins))
            y = {name: targets[rows] for name in outputs}
            if weights is None:
                batches.append((x, y))
            else:
                w = {name: weights[rows] for name in outputs}
                batches.append((x, y, w))
        return batches

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
