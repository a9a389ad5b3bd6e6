"""Text with separators: .csv .tsv .txt, and the separator that a file really has."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import IO

from ...errors import PolyheadError
from .table import Table, choose, find_name, make_table

SEPARATORS = {",": "','", ";": "';'", "\t": "a tab", "|": "'|'"}
HEAD = 20  # lines from which the separator is found
Records = Iterator[tuple[int, list[str]]]


def read_delimited(
    file: IO[str], source: str, names: Sequence[str], keep_all: bool, is_csv: bool
) -> Table:
    """Reads columns. A .csv has ',' and quotes, other files have tabs and no quotes.

    Where the first line has the wanted columns with one other separator only, it is
    that one; Excel's first line "sep=;" names it. Such a file is read as .csv is.
    """
    head, own = list(islice(file, HEAD)), "," if is_csv else "\t"
    told = re.fullmatch('"?sep=(.)"?', head[0].rstrip("\r\n")) if head else None
    head = head[1:] if told else head
    separator = told[1] if told else _find_separator(head, own, names)
    lines = chain(head, file)
    note = f"{source}: read with {SEPARATORS.get(separator, separator)} between columns"
    notes = () if separator == own else (note,)
    has_quotes = is_csv or separator != own
    if has_quotes:
        records = _csv_records(lines, source, separator, 1 + bool(told))
    else:
        records = _tsv_records(lines)
    return _collect(records, source, names, keep_all, has_quotes, separator, notes)


def read_plain(file: IO[str], source: str, name: str, keep_all: bool) -> Table:
    """One text on each line, unless the first is a header with `name` and others."""
    lines = [line.rstrip("\r\n") for line in file]
    first = lines[0].split("\t") if lines else []
    if len(first) > 1 and find_name([field.strip() for field in first], name):
        return _collect(_tsv_records(lines), source, [name], keep_all, False)
    return make_table(source, {name: lines}, range(1, len(lines) + 1))


def _find_separator(head: Sequence[str], own: str, names: Sequence[str]) -> str:
    """The one separator that fits the names better than the usual one, or that."""
    csv.field_size_limit(2**31 - 1)  # the default limit is 128 KiB
    fits = {separator: _fit_of(head, separator, own, names) for separator in SEPARATORS}
    if fits[own][0] == len(names) > 0:
        return own
    best = [separator for separator, fit in fits.items() if fit == max(fits.values())]
    return best[0] if len(best) == 1 else own


def _fit_of(
    head: Sequence[str], separator: str, own: str, names: Sequence[str]
) -> tuple[int, bool, bool]:
    """How many names the first line has, whether it has several columns, and whether
    the lines after it have as many.
    """
    if separator == own == "\t":
        rows = [line.split("\t") for line in head if line.strip()]
    else:
        rows = [row for row in csv.reader(head, delimiter=separator) if row]
    header = [field.strip() for field in rows[0]] if rows else []
    several = len(header) > 1 and len(rows[:2][-1]) >= len(header)
    even = len({len(row) for row in rows[:-1]}) == 1  # the last may be cut
    if is_numbered(names) and not set(names) <= set(header):
        found = sum(int(name) < len(header) for name in names)
    else:
        found = sum(find_name(header, name) is not None for name in names)
    return found, several, several and even


def _csv_records(
    lines: Iterable[str], source: str, separator: str, row: int
) -> Records:
    reader, first = csv.reader(lines, strict=True, delimiter=separator), row
    try:
        for fields in reader:
            yield row, fields
            row = reader.line_num + first
    except csv.Error:
        raise PolyheadError(
            f'{source}: row {row}: a quoted field does not end; write " inside '
            'quotes as "", or name the file .tsv if quotes are plain text'
        ) from None


def _tsv_records(lines: Iterable[str]) -> Records:
    for row, line in enumerate(lines, 1):
        line = line.rstrip("\r\n")
        yield row, line.split("\t") if line else []


def _collect(
    records: Records,
    source: str,
    names: Sequence[str],
    keep_all: bool,
    has_quotes: bool,
    separator: str = "\t",
    notes: tuple[str, ...] = (),
) -> Table:
    first_row, first = next((record for record in records if record[1]), (0, []))
    if not first:
        raise PolyheadError(f"{source}: empty file; it needs at least one row")
    header, unnamed = [name.strip() for name in first], 0
    has_header = not is_numbered(names) or set(names) <= set(header)
    if not has_header:
        header = [str(number) for number in range(len(first))]
    while len(header) > 1 and not header[-1]:  # separators that end the line
        header.pop()
        unnamed += 1
    unsure = len(header) == 1 and any(sign in header[0] for sign in SEPARATORS)
    hint = (
        f"; separate its columns by {SEPARATORS.get(separator, separator)}"
        if unsure
        else ""
    )
    chosen = choose(header, source, names, keep_all, hint)
    values: list[list[str]] = [[] for _ in chosen]
    rows: list[int] = []
    places = list(zip(values, chosen.values(), strict=True))

    def add(row: int, fields: list[str]) -> None:
        if len(fields) < 2 and not "".join(fields).strip():
            if len(header) > 1:
                return
            fields = fields or [""]  # in one column, an empty line is an empty field
        if len(fields) != len(header):
            fields = _fit(fields, len(header), unnamed)
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
    full = len(rows)  # up to the last row that is not empty, as Excel writes them
    for row, fields in records:
        add(row, fields)
        if len(header) == 1 or any(fields):
            full = len(rows)
    columns = {name: column[:full] for name, column in zip(chosen, values, strict=True)}
    return make_table(source, columns, rows[:full], separator=separator, notes=notes)


def _fit(fields: list[str], width: int, unnamed: int) -> list[str]:
    """A row without what stands in columns that have no name, or is empty."""
    if len(fields) > width and not any(fields[width + unnamed :]):
        return fields[:width]
    return fields


def is_numbered(names: Sequence[str]) -> bool:
    """Whether columns are asked for by their positions."""
    return all(name.isdecimal() for name in names)
