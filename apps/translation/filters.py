"""Which training pairs are of use."""

from collections.abc import Collection, Sequence

import numpy as np

from ..common.data.pairs import Pairs

# Why a pair is left out, in the order of the tests; each pair counts once.
REASONS = {
    "empty": "have an empty side",
    "held_out": "have a source that validation or test has",
    "repeated": "are repeated",
    "too_long": "are too long",
    "unlike": "have sides of too unlike length",
    "pieces": "have more pieces than the model reads",
}

SHORT_BYTES = 40  # the lengths of short texts say little
_BYTES_PER_TOKEN = 8  # pieces hold fewer bytes on average, so longer texts are cut


def sort_out(
    train: Pairs,
    held_out: Collection[str],
    max_tokens: Sequence[int],
    max_length_ratio: float,
) -> tuple[np.ndarray, dict[str, int]]:
    """Chooses the pairs to train on.

    Args:
        held_out: the key of every source that must not be trained on.
        max_tokens: of a source and of a target; a side of more than eight bytes a
            token is too long.
        max_length_ratio: how many times longer, or shorter, than usual a target may
            be beside its source. A pair is unlike only if its bytes and its letters
            both say so: a Tamil letter has three bytes, and one Chinese letter can be
            a word. Usual is the median of the pairs. Pairs of up to 40 bytes a side
            are never left out for this.

    Returns:
        bool `(pairs,)`, True for pairs that stay, and reason -> how many are removed.
    """
    lengths = count_bytes(train)
    longest = lengths.max(axis=1)
    left = np.ones(len(train.sources), dtype=bool)
    removed = {}

    def remove(reason: str, wrong: np.ndarray) -> None:
        removed[reason] = int(np.sum(left & wrong))
        left[wrong] = False

    sides = train.sources, train.targets
    texts = list(zip(*sides, strict=True))
    remove("empty", np.array([not (s.strip() and t.strip()) for s, t in texts], bool))
    known = [key in held_out for key in train.keys]
    remove("held_out", np.array(known, bool))
    first = {pair: place for place, pair in reversed(list(enumerate(texts)))}
    repeated = [first[pair] != place for place, pair in enumerate(texts)]
    remove("repeated", np.array(repeated, bool))
    too_long = lengths > _BYTES_PER_TOKEN * np.array(max_tokens)  # (pairs, 2)
    remove("too_long", too_long[:, 0] | too_long[:, 1])
    letters = np.array([[len(text) for text in side] for side in sides], np.int64).T
    unusual = [_is_unusual(x, left, max_length_ratio) for x in (lengths, letters)]
    remove("unlike", unusual[0] & unusual[1] & (longest > SHORT_BYTES))
    return left, removed


def count_bytes(pairs: Pairs) -> np.ndarray:
    """UTF-8 bytes of sources and targets: int64 `(pairs, 2)`."""
    sides = pairs.sources, pairs.targets
    return np.array([[len(x.encode()) for x in side] for side in sides], np.int64).T


def _is_unusual(lengths: np.ndarray, among: np.ndarray, ratio: float) -> np.ndarray:
    """Whether the ratio of the lengths is far from the median `among` some pairs."""
    if not among.any():
        return among
    logs = np.diff(np.log(np.maximum(lengths, 1)), axis=1)[:, 0]  # (pairs,)
    return np.abs(logs - np.median(logs[among])) > np.log(ratio)
