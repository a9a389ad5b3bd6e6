"""Tables of text: .csv .tsv .txt .jsonl .json .parquet, each also .gz.

Text is UTF-8, or UTF-16 that says so. Errors name a row by the line on which it begins,
counted from 1 with the header, as an editor shows it (in a parquet file and in a list
of JSON objects by its position).
"""

import os
from collections.abc import Sequence
from pathlib import Path

from ..errors import PolyheadError, UsageError
from .formats.delimited import is_numbered, read_delimited, read_plain
from .formats.parquet import read_parquet
from .formats.records import read_records
from .formats.table import MissingColumn as MissingColumn
from .formats.table import Table as Table
from .formats.table import list_rows as list_rows
from .text_files import clear_errors, open_text

JSON = (".jsonl", ".json", ".ndjson")
FORMATS = (".csv", ".tsv", ".txt", *JSON, ".parquet")
SHEETS = (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods")


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
        names: names of the columns to read, whatever their case. If all are numbers
            ("0", "1") that are not in the first line, the file has no header and they
            are the positions of the columns. For one name, a `.txt` file has one text
            on each line, unless its first line is a header with this name and others.
            In JSON and parquet, "a.b" (or "b", if no other has it) is a field of "a".
        keep_all: whether to return the other columns as well.

    Returns:
        A `Table`. Values are strings from .csv, .tsv and .txt, and as stored from
        JSON and .parquet.
    """
    source, suffix = str(path), _format(path)
    if suffix in SHEETS:
        raise UsageError(
            f"{path}: a spreadsheet; save its sheet as CSV (UTF-8) and give that file"
        )
    if not suffix and not Path(path).exists():
        raise PolyheadError(f"{path}: no such file or folder; check the path")
    if suffix not in FORMATS:
        raise UsageError(
            f"{path}: unknown kind of file; name it {' '.join(FORMATS)}, "
            "or one of these with .gz"
        )
    with clear_errors(source):
        if suffix == ".parquet":
            return read_parquet(source, names, keep_all)
        with open_text(source, "" if suffix == ".csv" else "\n") as file:
            if suffix in JSON:
                return read_records(file, source, names, keep_all)
            if suffix == ".txt" and len(names) == 1 and not is_numbered(names):
                return read_plain(file, source, names[0], keep_all)
            is_csv = suffix == ".csv"
            return read_delimited(file, source, names, keep_all, is_csv)
