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


def sentence_key(text: str) -> str:
    """A key that is the same for sentences that differ in case and spaces alone."""
    return " ".join(text.split()).casefold()


def sort_out(
    train: Pairs,
    held_out: Collection[str],
    max_tokens: int,
    max_length_ratio: float,
) -> tuple[np.ndarray, dict[str, int]]:
    """Chooses the pairs to train on.

    Args:
        train: all pairs.
        held_out: the `sentence_key` of every source that must not be trained on.
        max_tokens: a side of more than eight bytes a token is too long.
        max_length_ratio: how many times longer, or shorter, than usual a target may
            be beside its source. A pair is unlike only if its bytes and its letters
            both say so: a Tamil letter has three bytes, and one Chinese letter can be
            a word. Usual is the median of the pairs. Pairs of up to 40 bytes a side
            are never left out for this.

    Returns:
        bool (pairs,), True for pairs that stay, and how many are removed for each
        reason.
    """
    lengths = count_bytes(train)
    left = np.ones(len(train.sources), dtype=bool)
    removed = {}

    def remove(reason: str, wrong: np.ndarray) -> None:
        removed[reason] = int(np.sum(left & wrong))
        left[wrong] = False

    remove("empty", _is_blank(train.sources) | _is_blank(train.targets))
    remove(
        "held_out",
        np.array([sentence_key(source) in held_out for source in train.sources], bool),
    )
    remove("repeated", _is_repeated(train))
    remove("too_long", lengths.max(axis=1) > _BYTES_PER_TOKEN * max_tokens)
    letters = _count_letters(train)
    remove(
        "unlike",
        _is_unusual(lengths, left, max_length_ratio)
        & _is_unusual(letters, left, max_length_ratio)
        & (lengths.max(axis=1) > SHORT_BYTES),
    )
    return left, removed


def count_bytes(pairs: Pairs) -> np.ndarray:
    """UTF-8 bytes of sources and targets: int64 (pairs, 2)."""
    sides = (pairs.sources, pairs.targets)
    return np.array(
        [[len(text.encode()) for text in side] for side in sides], dtype=np.int64
    ).T


def _count_letters(pairs: Pairs) -> np.ndarray:
    sides = (pairs.sources, pairs.targets)
    return np.array([[len(text) for text in side] for side in sides], np.int64).T


def _is_unusual(lengths: np.ndarray, among: np.ndarray, ratio: float) -> np.ndarray:
    """Whether the ratio of the lengths is far from the median `among` some pairs."""
    if not among.any():
        return among
    logs = np.diff(np.log(np.maximum(lengths, 1)), axis=1)[:, 0]  # (pairs,)
    return np.abs(logs - np.median(logs[among])) > np.log(ratio)


def _is_blank(texts: Sequence[str]) -> np.ndarray:
    return np.array([not text.strip() for text in texts], dtype=bool)


def _is_repeated(pairs: Pairs) -> np.ndarray:
    """Whether the same pair occurs before."""
    seen: set[tuple[str, str]] = set()
    repeated = np.zeros(len(pairs.sources), dtype=bool)
    for place, pair in enumerate(zip(pairs.sources, pairs.targets, strict=True)):
        repeated[place] = pair in seen
        seen.add(pair)
    return repeated
