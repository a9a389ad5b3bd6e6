"""Sentences beside their translations, and two files of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..common.data.text_files import read_lines
from ..common.errors import PolyheadError
from ..common.text.cleaning import clean_texts


@dataclass(frozen=True)
class Pairs:
    """Sentences beside their translations."""

    sources: list[str]
    targets: list[str]
    rows: np.ndarray  # int64 (pairs,), where in the data each comes from
    source: str  # what the data are called in messages


def choose(pairs: Pairs, rows: np.ndarray) -> Pairs:
    """Some of the pairs, by their places."""
    return replace(
        pairs,
        sources=[pairs.sources[row] for row in rows],
        targets=[pairs.targets[row] for row in rows],
        rows=pairs.rows[rows],
    )


def make_pairs(
    source: str, sources: Sequence, targets: Sequence, rows: np.ndarray | None = None
) -> Pairs:
    """Pairs of clean texts. Rows are counted from 1 where they are not given."""
    if rows is None:
        rows = np.arange(1, len(sources) + 1, dtype=np.int64)
    return Pairs(
        clean_texts(source, sources, rows),
        clean_texts(source, targets, rows),
        rows,
        source,
    )


def read_files(source: str, target: str) -> Pairs:
    """Reads two files whose lines belong together, empty ones too."""
    sources, targets = read_lines(source), read_lines(target)
    for path, lines in ((source, sources), (target, targets)):
        if not lines:
            raise PolyheadError(f"{path}: empty file; it needs at least one line")
    if len(sources) != len(targets):
        row = min(len(sources), len(targets)) + 1
        longer = source if len(sources) > len(targets) else target
        raise PolyheadError(
            f"{source} has {len(sources)} lines and {target} {len(targets)}: row {row} "
            f"of {longer} has no partner; line n of one file must translate line n of "
            "the other"
        )
    return make_pairs(f"{source} + {target}", sources, targets)
