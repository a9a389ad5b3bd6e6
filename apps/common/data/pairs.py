"""Pairs of a source text and a target text, and how to read them from a table."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..errors import PolyheadError, UsageError
from ..text.cleaning import clean_texts
from .tables import list_rows, read_table


@dataclass(frozen=True)
class Pairs:
    """Source texts and their target texts, such as sentences and translations."""

    sources: list[str]
    targets: list[str]
    rows: np.ndarray  # int64 (pairs,), the row of each pair in the data
    source: str  # the name of the data in messages


def choose(pairs: Pairs, rows: np.ndarray) -> Pairs:
    """The pairs at the positions `rows`."""
    return replace(
        pairs,
        sources=[pairs.sources[row] for row in rows],
        targets=[pairs.targets[row] for row in rows],
        rows=pairs.rows[rows],
    )


def make_pairs(
    source: str, sources: Sequence, targets: Sequence, rows: np.ndarray | None = None
) -> Pairs:
    """Cleans the texts and makes pairs of them. Without `rows`, counts them from 1."""
    if rows is None:
        rows = np.arange(1, len(sources) + 1, dtype=np.int64)
    sources = clean_texts(source, sources, rows)
    targets = clean_texts(source, targets, rows)
    return Pairs(sources, targets, rows, source)


def read_columns(path: str, source_column: str, target_column: str) -> Pairs:
    """Reads two columns of a table, whose fields must be texts."""
    names = [source_column.strip(), target_column.strip()]
    if names[0] == names[1]:
        raise UsageError(
            f"--source-column and --target-column are both '{names[0]}'; name two"
        )
    table = read_table(path, names)
    for name in names:
        values = zip(table.rows, table.columns[name], strict=True)
        nested = [row for row, value in values if isinstance(value, list | dict)]
        if nested:
            raise PolyheadError(
                f"{path}: {list_rows(nested)}: column '{name}' holds lists or objects, "
                "not texts; write one text in each field"
            )
    sources, targets = (table.columns[name] for name in names)
    return make_pairs(table.source, sources, targets, table.rows)
