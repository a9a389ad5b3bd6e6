"""Pairs of a source text and a target text, and how to read them from a table."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from ..errors import PolyheadError, UsageError
from ..text.cleaning import clean_texts
from ..text.normalization.normalizer import Normalizer
from ..text.normalization.table import NONE
from .given import read_rows
from .kept import Kept, sample_texts
from .row_hashes import Rows
from .splits import held_out
from .tables import MissingColumn, Table, list_rows


@dataclass(frozen=True)
class Pairs:
    """Source texts and their target texts, such as sentences and translations."""

    sources: list[str]
    targets: list[str]
    rows: np.ndarray  # int64 (pairs,), the row of each pair in the data
    source: str  # the name of the data in messages
    notes: tuple[str, ...] = ()  # on how the file was read
    normalization: str | None = None  # of the keys; none in older runs

    def take(self, places: np.ndarray) -> "Pairs":
        """The pairs at the places, or where `places (pairs,)` is True."""
        return choose(self, np.arange(len(self.sources))[places])

    @property
    def keys(self) -> list[str]:
        """What tells whether a row was trained on; see `sentence_key`."""
        return [sentence_key(text, self.normalization) for text in self.sources]

    @property
    def known_as(self) -> Rows:
        """The pairs as a run remembers them."""
        sides = zip(self.sources, self.targets, strict=True)
        return Rows(self.keys, [f"{source}\0{target}" for source, target in sides])


def sentence_key(text: str, normalization: str | None) -> str:
    """A key that is the same for sentences that differ in case and spaces alone."""
    if normalization in (None, NONE):
        return " ".join(text.split()).casefold()
    return _make_normalizer(normalization)(text)


@cache
def _make_normalizer(name: str | None) -> Normalizer:
    # One for all texts: its tables take longer to build than a text takes.
    return Normalizer(name, case_fold=True)


NO_PAIRS = Pairs([], [], np.zeros(0, np.int64), "")


def keep_pairs(config: Any, dataset: Any, count: int) -> Kept:
    """Held-out pairs of a `dataset` with the pairs of each split."""
    split, pairs = held_out(dataset)
    sides = pairs.sources, pairs.targets
    rows = sample_texts(sides, count, config.seed)
    text, target = ([side[row] for row in rows] for side in sides)
    texts = {"text": text, "target": target}
    return Kept(split, len(rows), len(pairs.sources), config.seed, texts)


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


def read_columns(
    path: Any, source_column: str, target_column: str, *others: tuple[str, str]
) -> Pairs:
    """Reads two columns of a file, or of rows from Python; fields must be texts.

    Where they are not there, the `others` are looked for: a source and a target column.
    """
    choices = [(source_column, target_column), *others]
    named = [(source.strip(), target.strip()) for source, target in choices]
    if named[0][0] == named[0][1]:
        raise UsageError(
            f"--source-column and --target-column are both '{named[0][0]}'; name two"
        )
    table, names = _read_first(path, named)
    for name in names:
        values = zip(table.rows, table.columns[name], strict=True)
        nested = [row for row, value in values if isinstance(value, list | dict)]
        if nested:
            raise PolyheadError(
                f"{table.source}: {list_rows(nested)}: column '{name}' holds lists or "
                "objects, not texts; write one text in each field"
            )
    sources, targets = (table.columns[name] for name in names)
    pairs = make_pairs(table.source, sources, targets, table.rows)
    chosen = f"{table.source}: the pairs are the columns '{names[0]}' and '{names[1]}'"
    notes = table.notes if names == named[0] else (*table.notes, chosen)
    return replace(pairs, notes=notes)


def _read_first(path: Any, choices: Sequence[tuple[str, str]]) -> tuple[Table, tuple]:
    """The columns of the first choice that a table has, and the choice."""
    missing = []
    for names in choices:
        try:
            return read_rows(path, names), names
        except MissingColumn as error:
            missing.append(error)
    raise PolyheadError(
        f"{missing[0]}; name two of them with --source-column and --target-column"
    )
