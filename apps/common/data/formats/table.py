"""A table in memory, and how the columns that are wanted are found in a file."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...errors import PolyheadError


@dataclass(frozen=True)
class Table:
    """Columns of a file, and the row number of each value."""

    source: str
    columns: dict[str, list]
    rows: np.ndarray  # int64, counted from 1
    separator: str | None = None  # between the fields of a text file
    notes: tuple[str, ...] = ()  # what was found out about the file


class MissingColumn(PolyheadError):
    """A file lacks a column that is wanted; `header` has those that it has."""

    def __init__(self, message: str, header: Sequence[str]):
        super().__init__(message)
        self.header = list(header)


def make_table(
    source: str, columns: dict[str, list], rows: Sequence[int], **facts: Any
) -> Table:
    """A table that has at least one row."""
    if not len(rows):
        raise PolyheadError(f"{source}: empty file; it needs at least one row")
    return Table(source, columns, np.asarray(rows, dtype=np.int64), **facts)


def find_name(header: Sequence[str], name: str) -> str | None:
    """The column of this name, or the one that differs from it in case alone."""
    if name in header:
        return name
    alike = {column for column in header if column.casefold() == name.casefold()}
    return alike.pop() if len(alike) == 1 else None


def choose(
    header: Sequence[str],
    source: str,
    names: Sequence[str],
    keep_all: bool,
    hint: str = "",
) -> dict[str, int]:
    """Name -> position of each column to read."""
    found = {name: find_name(header, name) for name in names}
    for name, column in found.items():
        if column is None:
            raise MissingColumn(
                f"{source}: no column '{name}'; it has: {', '.join(header)}{hint}",
                header,
            )
    asked = {column: name for name, column in found.items()}
    renamed = [asked.get(column, column) for column in header]
    wanted = renamed if keep_all else names
    places = {name: place for place, name in reversed(list(enumerate(renamed)))}
    for name in wanted if len(places) < len(renamed) else ():
        if renamed.count(name) > 1:
            raise PolyheadError(
                f"{source}: {renamed.count(name)} columns are named '{name}'; "
                "rename all but one"
            )
    return {name: places[name] for name in wanted}


def find_path(record: Mapping, name: str) -> tuple[str, ...] | None:
    """Where a record has a field: by its name, inside an object, or in the only one.

    In `{"pair": {"en": .., "de": ..}}`, both "pair.en" and "en" are found.
    """
    column = find_name(list(record), name)
    if column is not None:
        return (column,)
    paths = [path for path in list_paths(record) if len(path) > 1]
    full = [path for path in paths if ".".join(path).casefold() == name.casefold()]
    last = [path for path in paths if path[-1].casefold() == name.casefold()]
    found = full or last
    return found[0] if len(found) == 1 else None


def list_paths(record: Mapping) -> Iterator[tuple[str, ...]]:
    """The path of each field, those inside objects too."""
    for name, value in record.items():
        if isinstance(value, Mapping) and value:
            yield from ((name, *rest) for rest in list_paths(value))
        else:
            yield (name,)


def choose_paths(
    record: Mapping, source: str, names: Sequence[str], keep_all: bool
) -> dict[str, tuple[str, ...]]:
    """Name -> path of each field to read; see `find_path`."""
    paths = {name: find_path(record, name) for name in names}
    for name, path in paths.items():
        if path is None:
            header = [".".join(path) for path in list_paths(record)]
            raise MissingColumn(
                f"{source}: no column '{name}'; it has: {', '.join(header)}", header
            )
    found = {name: path for name, path in paths.items() if path is not None}
    if not keep_all:
        return found
    asked = {path[0]: name for name, path in found.items() if len(path) == 1}
    own = {asked.get(name, name): (name,) for name in record}
    return own | found


def take_columns(table: Table, names: Sequence[str], keep_all: bool = False) -> Table:
    """The columns of a table, found as in a file; see `find_path`."""
    record = {
        name: next((value for value in values if value is not None), None)
        for name, values in table.columns.items()
    }
    paths = choose_paths(record, table.source, names, keep_all)
    return replace(table, columns=follow_paths(table.columns, paths))


def follow_paths(
    columns: Mapping[str, list], paths: Mapping[str, tuple[str, ...]]
) -> dict[str, list]:
    """Columns by name, those inside the objects of others too."""
    found = {}
    for name, (column, *inner) in paths.items():
        values = columns[column]
        for key in inner:
            values = [x.get(key) if isinstance(x, Mapping) else None for x in values]
        found[name] = values
    return found


def list_rows(rows: Sequence[int]) -> str:
    """Rows as errors name them: "row 3", or "rows 3, 5"."""
    shown = ", ".join(str(row) for row in rows[:5])
    if len(rows) > 5:
        return f"rows {shown}, ... ({len(rows)} in all)"
    return f"row{'s' * (len(rows) > 1)} {shown}"
