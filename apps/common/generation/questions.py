"""Pairs with the same source as one question that has several right answers."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..data.pairs import Pairs


class Questions(NamedTuple):
    """The different sources of some pairs, in their order, each with all its targets.

    Args:
        sources: each source once.
        references: the different targets of each.
        first: int64 `(sources,)`, the place of the first pair of each.
        of_pair: int64 `(pairs,)`, the place in `sources` of the source of each pair.
    """

    sources: list[str]
    references: list[list[str]]
    first: np.ndarray
    of_pair: np.ndarray

    def pick(self, texts: Sequence[str]) -> list[str]:
        """Of texts, one a pair, those of the first pair of each source."""
        return [texts[place] for place in self.first]


def merge_sources(pairs: Pairs) -> Questions:
    """Makes one question of all pairs that have the same source, to the letter."""
    numbers: dict[str, int] = {}
    of_pair = [numbers.setdefault(text, len(numbers)) for text in pairs.sources]
    first = np.unique(of_pair, return_index=True)[1]
    references: list[dict[str, None]] = [{} for _ in numbers]
    for number, target in zip(of_pair, pairs.targets, strict=True):
        references[number][target] = None
    return Questions(
        list(numbers),
        [list(targets) for targets in references],
        first.astype(np.int64),
        np.array(of_pair, np.int64),
    )


def answers_of(sources: Sequence[str], targets: Sequence[str]) -> list[list[str]]:
    """For each pair, the different targets of all pairs with its source.

    Example:

    >>> answers_of(["a", "b", "a"], ["1", "2", "3"])
    [['1', '3'], ['2'], ['1', '3']]
    """
    known: dict[str, dict[str, None]] = {}
    for source, target in zip(sources, targets, strict=True):
        known.setdefault(source, {})[target] = None
    return [list(known[source]) for source in sources]
