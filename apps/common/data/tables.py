"""Tables of text: .csv .tsv .txt .jsonl .parquet, each also .gz.

Everything is UTF-8. Errors name a row by the line on which it begins, counted from 1
with the header, as an editor shows it (in a parquet file by its position).
"""

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from ..errors import PolyheadError, UsageError
from .text_files import clear_errors, open_bytes

FORMATS = (".csv", ".tsv", ".txt", ".jsonl", ".parquet")
MAX_MISSING = 10**8  # more absent fields than this would not fit into memory


@dataclass(frozen=True)
class Table:
    """Columns of a file, and the row number of each value."""

    source: str
    columns: dict[str, list]
    rows: np.ndarray  # int64, counted from 1


def _format(path: str | os.PathLike) -> str:
    """The format in a file's name, such as ".csv" for "a.csv.gz"."""
    return Path(Path(path).name.lower().removesuffix(".gz")).suffix


def is_table(path: str | os.PathLike) -> bool:
    """Whether a file's name ends as that of a table does."""
    return _format(path) in FORMATS


def read_table(
    path: str | os.PathLike, names: Sequence[str], keep_all: bool = False
) -> Table:
    """Reads columns of a file.

    Args:
        path: path of the file; its suffix gives the format.
        names: names of the columns to read. If all are numbers ("0", "1") that are
            not in the first line, the file has no header and they are the positions
            of the columns. For one name, a `.txt` file has one text on each line,
            unless its first line is a header with this name and others.
        keep_all: whether to return the other columns as well.

    Returns:
        A `Table`. Values are strings from .csv, .tsv and .txt, and as stored from
        .jsonl and .parquet.
    """
    source, suffix = str(path), _format(path)
    if suffix not in FORMATS:
        raise UsageError(
            f"{path}: unknown kind of file; name it {' '.join(FORMATS)}, "
            "or one of these with .gz"
        )
    with clear_errors(source):
        if suffix == ".parquet":
            return _read_parquet(source, names, keep_all)
        newline = "" if suffix == ".csv" else "\n"
        with open_bytes(source) as binary:
            file = io.TextIOWrapper(binary, encoding="utf-8-sig", newline=newline)
            if suffix == ".jsonl":
                return _read_jsonl(file, source, names, keep_all)
            if suffix == ".csv":
                records = _csv_records(file, source)
            elif suffix == ".txt" and len(names) == 1 and not _is_numbered(names):
                return _read_text(file, source, names[0], keep_all)
            else:
                records = _tsv_records(file)
            return _collect(records, source, names, keep_all, suffix == ".csv")


def list_rows(rows: Sequence[int]) -> str:
    """Rows as errors name them: "row 3", or "rows 3, 5"."""
    shown = ", ".join(str(row) for row in rows[:5])
    if len(rows) > 5:
        return f"rows {shown}, ... ({len(rows)} in all)"
    return f"row{'s' * (len(rows) > 1)} {shown}"


def _csv_records(file: IO[str], source: str) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(2**31 - 1)  # the default limit is 128 KiB
    reader = csv.reader(file, strict=True)
    row = 1
    try:
        for fields in reader:
            yield row, fields
            row = reader.line_num + 1
    except csv.Error:
        raise PolyheadError(
            f'{source}: row {row}: a quoted field does not end; write " inside '
            'quotes as "", or name the file .tsv if quotes are plain text'
        ) from None


def _tsv_records(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    for row, line in enumerate(lines, 1):
        line = line.rstrip("\r\n")
        yield row, line.split("\t") if line else []


def _collect(
    records: Iterator[tuple[int, list[str]]],
    source: str,
    names: Sequence[str],
    keep_all: bool,
    has_quotes: bool,
) -> Table:
    first_row, first = next((record for record in records if record[1]), (0, []))
    if not first:
        raise PolyheadError(f"{source}: empty file; it needs at least one row")
    header = [name.strip() for name in first]
    has_header = not _is_numbered(names) or set(names) <= set(header)
    if not has_header:
        header = [str(number) for number in range(len(first))]
    chosen = _choose(header, source, names, keep_all)
    values: list[list[str]] = [[] for _ in chosen]
    rows: list[int] = []
    places = list(zip(values, chosen.values(), strict=True))

    def add(row: int, fields: list[str]) -> None:
        if not fields:
            if len(header) > 1:
                return
            fields = [""]  # in one column, an empty line is an empty field
        if len(fields) != len(header):
            remedy = "quote texts that hold the separator, or "
            if not has_quotes:
                more = len(fields) > len(header)
                remedy = "remove the tab inside a text, or " if more else ""
            raise PolyheadError(
                f"{source}: row {row}: {len(fields)} fields where the first row "
                f"has {len(header)}; {remedy}correct the row"
            )
        rows.append(row)
        for column, place in places:
            column.append(fields[place])

    if not has_header:
        add(first_row, first)
    for row, fields in records:
        add(row, fields)
    return _table(source, dict(zip(chosen, values, strict=True)), rows)


def _read_text(file: IO[str], source: str, name: str, keep_all: bool) -> Table:
    lines = [line.rstrip("\r\n") for line in file]
    first = lines[0].split("\t") if lines else []
    if len(first) > 1 and name in [field.strip() for field in first]:
        return _collect(_tsv_records(lines), source, [name], keep_all, False)
    return _table(source, {name: lines}, range(1, len(lines) + 1))


def _read_jsonl(
    file: IO[str], source: str, names: Sequence[str], keep_all: bool
) -> Table:
    columns: dict[str, list[Any]] = {}
    rows: list[int] = []
    for row, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            record = None
        if not isinstance(record, dict):
            raise PolyheadError(
                f"{source}: row {row}: not a JSON object; write one "
                '{"column": value, ...} on each line'
            )
        record = {name.strip(): value for name, value in record.items()}
        if not rows:
            columns = {name: [] for name in _choose(record, source, names, keep_all)}
        for name in names:
            if name not in record:
                raise PolyheadError(
                    f"{source}: row {row}: no field '{name}'; add it, or remove "
                    f"the row (fields: {', '.join(record)})"
                )
        for name, value in record.items():
            if keep_all and name not in columns:
                columns[name] = []
            if name in columns:
                values = columns[name]
                values.extend([None] * (len(rows) - len(values)))
                values.append(value)
        rows.append(row)
    missing = sum(len(rows) - len(values) for values in columns.values())
    if missing > MAX_MISSING:
        raise PolyheadError(
            f"{source}: the records have {len(columns):,} fields in all, and most have "
            "few of them; give them the same fields"
        )
    for values in columns.values():
        values.extend([None] * (len(rows) - len(values)))
    return _table(source, columns, rows)


def _read_parquet(source: str, names: Sequence[str], keep_all: bool) -> Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with open_bytes(source) as file:
        packed = source.lower().endswith(".gz")
        try:
            parquet = pq.ParquetFile(pa.BufferReader(file.read()) if packed else file)
            header = [name.strip() for name in parquet.schema_arrow.names]
            chosen = _choose(header, source, names, keep_all)
            stored = [parquet.schema_arrow.names[place] for place in chosen.values()]
            table = parquet.read(columns=stored)
        except (pa.ArrowException, OSError) as error:
            reason = str(error).splitlines()[0]
            raise PolyheadError(
                f"{source}: damaged parquet file ({reason}); write it again"
            ) from None
    columns = {
        name: _parquet_values(table.column(place), source, name)
        for name, place in zip(chosen, stored, strict=True)
    }
    return _table(source, columns, range(1, table.num_rows + 1))


def _parquet_values(column: Any, source: str, name: str) -> list:
    try:
        return column.to_pylist()
    except UnicodeDecodeError:
        for row, value in enumerate(column.cast("binary").to_pylist(), 1):
            try:
                (value or b"").decode("utf-8")
            except UnicodeDecodeError as error:
                raise PolyheadError(
                    f"{source}: row {row}: byte 0x{value[error.start]:02x} in column "
                    f"'{name}' is not UTF-8; write the file again as UTF-8 text"
                ) from None
        raise


def _is_numbered(names: Sequence[str]) -> bool:
    return all(name.isdecimal() for name in names)


def _choose(
    header: Sequence[str] | dict, source: str, names: Sequence[str], keep_all: bool
) -> dict[str, int]:
    """Name -> position of each column to read."""
    header = list(header)
    for name in names:
        if name not in header:
            hint = ""
            if len(header) == 1 and ";" in header[0]:
                hint = "; columns are separated by ',', not ';'"
            raise PolyheadError(
                f"{source}: no column '{name}'; it has: {', '.join(header)}{hint}"
            )
    wanted = header if keep_all else names
    places = {name: place for place, name in reversed(list(enumerate(header)))}
    for name in wanted if len(places) < len(header) else ():
        if header.count(name) > 1:
            raise PolyheadError(
                f"{source}: {header.count(name)} columns are named '{name}'; "
                "rename all but one"
            )
    return {name: places[name] for name in wanted}


def _table(source: str, columns: dict[str, list], rows: Sequence[int]) -> Table:
    if not len(rows):
        raise PolyheadError(f"{source}: empty file; it needs at least one row")
    return Table(source, columns, np.asarray(rows, dtype=np.int64))
