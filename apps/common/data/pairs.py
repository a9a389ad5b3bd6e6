"""Pairs of texts, a source and a target each, and how a table of them is read."""

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


def read_columns(path: str, source_column: str, target_column: str) -> Pairs:
    """Reads two columns of a table.

    Raises:
        PolyheadError: the file cannot be read, or a field is no text.
        UsageError: the columns are one and the same.
    """
    names = [source_column.strip(), target_column.strip()]
    if names[0] == names[1]:
        raise UsageError(
            f"--source-column and --target-column are both '{names[0]}'; name two"
        )
    table = read_table(path, names)
    for name in names:
        nested = [
            row
            for row, value in zip(table.rows, table.columns[name], strict=True)
            if isinstance(value, list | dict)
        ]
        if nested:
            raise PolyheadError(
                f"{path}: {list_rows(nested)}: column '{name}' holds lists or objects, "
                "not texts; write one text a field"
            )
    sources, targets = (table.columns[name] for name in names)
    return make_pairs(table.source, sources, targets, table.rows)
