"""Which training pairs are of use."""

from collections.abc import Collection, Sequence

import numpy as np

from .pairs import Pairs

# Why a pair is left out, in the order of the questions; each pair counts once.
REASONS = {
    "empty": "have an empty side",
    "held_out": "have a source that validation or test has",
    "repeated": "are repeated",
    "too_long": "are too long",
    "unlike": "have sides of too unlike length",
    "pieces": "have more pieces than the model reads",
}

SHORT_BYTES = 40  # the lengths of short texts say little
_BYTES_PER_TOKEN = 8  # no sentence of more has a piece for each


def sentence_key(text: str) -> str:
    """What sentences have in common that differ in case and spaces alone."""
    return " ".join(text.split()).casefold()


def sort_out(
    train: Pairs,
    held_out: Collection[str],
    max_tokens: int,
    max_length_ratio: float,
) -> tuple[np.ndarray, dict[str, int]]:
    """Chooses the pairs to train on.

    Args:
        train: All pairs.
        held_out: The `sentence_key` of every source that must not be trained on.
        max_tokens: A side of more than eight bytes a token is too long.
        max_length_ratio: How many times longer, or shorter, than usual a target
            may be beside its source, in bytes and in letters (a Tamil letter has
            three bytes, a Chinese one says much). What is usual is the median of
            the pairs: a summary is short, a program may be long. Pairs of up to
            40 bytes a side are never left out for this.

    Returns:
        bool (pairs,), True for what stays, and how many go for each reason.
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
    """Whether target and source differ more in length than is usual among some."""
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
