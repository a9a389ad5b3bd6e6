"""Rows that come from Python instead of a file: read as the tables of files are."""

import contextlib
import json
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from polyhead.runtime.texts import show_value

from ..errors import PolyheadError, UsageError
from .formats.table import Table, find_path, take_columns
from .known_rows import PARTS
from .row_hashes import Rows, fingerprint_rows
from .tables import read_table

DATA, TABLE = "data", "the table"  # names of rows in messages
TIME = "time"  # name of an index of time stamps that has none


class Given(str):
    """The rows that `train` was given, as the setting `data`.

    It is a text, the fingerprint of the rows, which config.json keeps. The rows are its
    attribute `tables`, by split; they are not kept.
    """

    tables: Mapping[str, Table]

    def __new__(cls, tables: Mapping[str, Table]) -> "Given":
        given = super().__new__(cls, " ".join(map(_fingerprint, tables.items())))
        given.tables = tables
        return given

    def __deepcopy__(self, memo: dict) -> str:  # by `dataclasses.asdict`
        return str(self)


def give(data: Any, names: Sequence[str] = ()) -> Given:
    """The rows of `train(config, data=...)`: of training, or of each split by its name.

    Args:
        data: rows as `to_table` takes them, or a dict of them with the keys "train" and
            perhaps "validation" and "test".
        names: what the fields of a row are that is a tuple.
    """
    if not _has_splits(data):
        return Given({"train": to_table(data, names, DATA)})
    for split in data:
        if split not in PARTS:
            raise UsageError(
                f"data has a split {split!r}: call it one of {', '.join(PARTS)}"
            )
    parts = {split: data[split] for split in PARTS if data.get(split) is not None}
    tables = {
        split: to_table(rows, names, f"{DATA}[{split!r}]")
        for split, rows in parts.items()
    }
    return Given(tables)


def given_tables(config: Any) -> Mapping[str, Table] | None:
    """The rows of each split that `train` was given; None where it was given none."""
    data = getattr(config, DATA, None)
    if data is None:
        return None
    for name in ("train", "train_source", "train_target", "tfds", "dataset"):
        if getattr(config, name, None) is not None:
            raise UsageError(f"give data or {name}, not both")
    if not isinstance(data, Given):
        raise PolyheadError(
            "its rows were given from Python, and are not kept: call train(config, "
            "data=...) with them once more"
        )
    for split in data.tables:
        for name in (split, f"{split}_source", f"{split}_target"):
            if getattr(config, name, None) is not None:
                raise UsageError(f"give data[{split!r}] or {name}, not both")
    return data.tables


def read_rows(source: Any, names: Sequence[str], keep_all: bool = False) -> Table:
    """Reads a file, as `read_table`, or rows from Python, as `to_table`."""
    if isinstance(source, str | PathLike):
        return read_table(source, names, keep_all)
    return take_columns(to_table(source, names), names, keep_all)


def called(source: Any) -> str:
    """What a file, or rows from Python, is called in messages."""
    return str(source) if isinstance(source, str | PathLike) else TABLE


def name_of(source: Any) -> str:
    """The short name of a file, or of rows from Python."""
    return Path(called(source)).name


def to_table(rows: Any, names: Sequence[str] = (), source: str = TABLE) -> Table:
    """Rows from Python as a `Table`.

    Args:
        rows: a pandas DataFrame or Series, or what has `to_pandas`; a dict of columns;
            or a list of rows, each a dict, or a tuple of the columns `names`. A `Table`
            stays as it is. An index of time stamps, or of several levels, is a column.
        names: what the fields of a tuple are; a dict has those that the first one has.
        source: its name in messages, which count the rows from 1.
    """
    if isinstance(rows, Table):
        return rows
    if hasattr(rows, "to_pandas"):
        rows = rows.to_pandas()
    if hasattr(rows, "to_frame") and not hasattr(rows, "columns"):
        rows = rows.to_frame("value" if rows.name is None else rows.name)
    if hasattr(rows, "columns") and hasattr(rows, "reset_index"):
        columns = _from_frame(rows, source)
    elif isinstance(rows, Mapping):
        columns = _from_columns(rows, source)
    elif isinstance(rows, str | bytes | PathLike) or not isinstance(rows, Iterable):
        raise UsageError(
            f"{source} is {show_value(rows)}: give a DataFrame, a list of rows or a "
            "dict of columns; name a file in the configuration"
        )
    else:
        columns = _from_records(rows, names, source)
    count = len(next(iter(columns.values()), ()))
    if not count:
        raise PolyheadError(f"{source}: has no rows: give at least one")
    columns = {name: list(map(_plain, values)) for name, values in columns.items()}
    return Table(source, columns, np.arange(1, count + 1))


def _from_frame(frame: Any, source: str) -> dict[str, list]:
    index = frame.index
    levels = [index.get_level_values(level) for level in range(index.nlevels)]
    is_time = [hasattr(level, "strftime") for level in levels]
    told = index.name is not None and index.dtype.kind not in "iuf"
    if any(is_time) or len(levels) > 1 or told:
        unnamed = [TIME if time else f"level_{n}" for n, time in enumerate(is_time)]
        found = zip(levels, unnamed, strict=True)
        called = [(x.name if x.name is not None else other, x) for x, other in found]
        own = [(name, level) for name, level in called if name not in frame.columns]
        frame = frame.reset_index(drop=True)
        for name, level in reversed(own):
            frame.insert(0, name, level)
    names = [str(name).strip() for name in frame.columns]
    for name in names:
        if names.count(name) > 1:
            raise PolyheadError(f"{source}: two columns are named '{name}'")
    whole = frame.astype(object).where(frame.notna(), None)
    return {n: whole.iloc[:, place].tolist() for place, n in enumerate(names)}


def _from_columns(given: Mapping, source: str) -> dict[str, list]:
    columns = {}
    for name, values in given.items():
        if isinstance(values, str | bytes | Mapping) or not isinstance(
            values, Iterable
        ):
            raise UsageError(
                f"{source}: column '{name}' is {show_value(values)}: give a list of "
                "values"
            )
        columns[str(name).strip()] = list(values)
    counts = {name: len(values) for name, values in columns.items()}
    if len({*counts.values()}) > 1:
        shown = ", ".join(f"'{name}' {count}" for name, count in counts.items())
        raise UsageError(f"{source}: the columns differ in their rows: {shown}")
    return columns


def _from_records(given: Iterable, names: Sequence[str], source: str) -> dict:
    rows: list[Mapping] = []
    for number, row in enumerate(given, 1):
        rows.append(record := _to_record(row, number, names, source))
        # A name that no row has may have another form, which its reader knows.
        for name in names if number > 1 else ():
            if find_path(rows[0], name) and not find_path(record, name):
                known = ", ".join(record)
                raise PolyheadError(
                    f"{source}: row {number}: no field '{name}' (fields: {known})"
                )
    columns = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in columns}


def _to_record(row: Any, number: int, names: Sequence[str], source: str) -> Mapping:
    where = f"{source}: row {number}"
    if hasattr(row, "_asdict"):  # a named tuple
        row = row._asdict()
    if isinstance(row, Mapping):
        return {str(name).strip(): value for name, value in row.items()}
    if isinstance(row, tuple | list | np.ndarray) and len(names) > 0:
        if len(row) == len(names):
            return dict(zip(names, row, strict=True))
    form = f", or a tuple ({', '.join(names)})" if names else ""
    raise UsageError(
        f"{where} is {show_value(row)}: give a dict, such as {{'column': value}}{form}"
    )


def _has_splits(data: Any) -> bool:
    """Whether it is a dict of the rows of splits, not of columns."""
    if not isinstance(data, Mapping) or "train" not in data:
        return False
    first = data["train"]
    if isinstance(first, str | PathLike):
        return set(data) <= set(PARTS)
    if isinstance(first, list | tuple):
        first = next(iter(first), ())
    kinds = isinstance(first, Mapping | tuple | list | Table)
    frames = ("columns", "to_pandas", "to_frame")  # of a DataFrame, another, a Series
    return kinds or any(hasattr(first, name) for name in frames)


def _plain(value: Any) -> Any:
    """A value as the readers of files give it; None for a missing one."""
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    if callable(getattr(value, "numpy", None)):  # a tensor
        value = value.numpy()
    if isinstance(value, np.generic | np.ndarray) and value.dtype.kind not in "mM":
        value = value.tolist()
    if isinstance(value, bytes):
        with contextlib.suppress(UnicodeDecodeError):  # an error that names its row
            value = value.decode("utf-8")
    return None if isinstance(value, float) and value != value else value


def _fingerprint(split: tuple[str, Table]) -> str:
    """A text that is the same for the same rows, in any order of rows and columns."""
    name, table = split
    columns = sorted(table.columns)
    values = zip(*(table.columns[column] for column in columns), strict=True)
    keys = [json.dumps([columns, row], default=str, skipkeys=True) for row in values]
    return f"{name}:{fingerprint_rows(Rows(keys, [''] * len(keys)))}"
