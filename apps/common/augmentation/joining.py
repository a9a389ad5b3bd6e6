"""Texts of several sentences, made of pairs of one: a model answers all of a text."""

from collections.abc import Callable, Sequence

import numpy as np

from ..data.pairs import Pairs
from .noise import MARKS, Changes

THIRD = 0.25  # of the joined texts have three sentences
_WIDE = tuple("。．｡！？")  # no space follows


def make_joining(
    pairs: Pairs, share: float
) -> Callable[[np.random.Generator], Changes]:
    """A function that draws the pairs of an epoch that others are joined to.

    Only pairs of sentences are, those with a mark at the end of both sides.
    """
    found = find_sentences(pairs)

    def join(rng: np.random.Generator) -> Changes:
        chosen = found[rng.random(len(found)) < share]
        others = found[rng.integers(max(len(found), 1), size=(len(chosen), 2))]
        counts = np.where(rng.random(len(chosen)) < THIRD, 2, 1)
        changes = {}
        for place, beside, count in zip(chosen, others, counts, strict=True):
            rows = [place, *beside[:count]]
            sides = ([side[k] for k in rows] for side in (pairs.sources, pairs.targets))
            source, target = map(join_texts, sides)
            changes[int(place)] = source, target
        return changes

    return join


def find_sentences(pairs: Pairs) -> np.ndarray:
    """The places of pairs with a mark at the end of both sides, int64 `(found,)`."""
    ends = tuple(MARKS)
    both = zip(pairs.sources, pairs.targets, strict=True)
    marked = [s.rstrip().endswith(ends) and t.rstrip().endswith(ends) for s, t in both]
    return np.flatnonzero(np.array(marked, bool))


def join_texts(texts: Sequence[str]) -> str:
    """One text after the other, as their script has it."""
    joined = texts[0].strip()
    for text in texts[1:]:
        joined += ("" if joined.endswith(_WIDE) else " ") + text.strip()
    return joined
