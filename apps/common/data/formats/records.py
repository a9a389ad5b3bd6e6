"""JSON: an object on each line (.jsonl, .ndjson, .json), or one list of objects."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any

from ...errors import PolyheadError
from .table import Table, choose_paths, make_table

MAX_MISSING = 10**8  # more absent fields than this would not fit into memory
REMEDY = "from pandas: to_json(path, orient='records', lines=True)"


def read_records(
    file: IO[str], source: str, names: Sequence[str], keep_all: bool
) -> Table:
    """Reads fields of every object; those inside others are named "outer.inner"."""
    columns: dict[str, list[Any]] = {}
    paths: dict[str, tuple[str, ...]] = {}
    own: dict[str, str] = {}  # a field -> what it is called here
    rows: list[int] = []
    for row, record in _list_records(file, source):
        if not rows:
            _refuse_columns(record, source, row)
            paths = choose_paths(record, source, names, keep_all)
            own = {path[0]: name for name, path in paths.items() if len(path) == 1}
            columns = {name: [] for name in paths}
        values = {name: _look_up(record, paths[name], source, row) for name in names}
        if keep_all:
            values = {own.get(name, name): x for name, x in record.items()} | values
        for name, value in values.items():
            column = columns.setdefault(name, [])
            if len(column) < len(rows):
                column.extend([None] * (len(rows) - len(column)))
            column.append(value)
        rows.append(row)
    missing = sum(len(rows) - len(values) for values in columns.values())
    if missing > MAX_MISSING:
        raise PolyheadError(
            f"{source}: the records have {len(columns):,} fields in all, and most have "
            "few of them; give them the same fields"
        )
    for column in columns.values():
        column.extend([None] * (len(rows) - len(column)))
    return make_table(source, columns, rows)


def _list_records(file: IO[str], source: str) -> Iterator[tuple[int, dict]]:
    """Each object, its names without spaces around them, and its row."""
    row, line = next(((r, x) for r, x in enumerate(file, 1) if x.strip()), (1, ""))
    if line.lstrip().startswith("["):
        yield from _list_elements(line + file.read(), source)
        return
    while line:
        if line.strip():
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                record = None
            if not isinstance(record, dict):
                raise PolyheadError(
                    f"{source}: row {row}: not a JSON object; write one "
                    f'{{"column": value, ...}} on each line ({REMEDY})'
                )
            yield row, {name.strip(): value for name, value in record.items()}
        row, line = row + 1, file.readline()


def _refuse_columns(record: Mapping, source: str, row: int) -> None:
    """Refuses what pandas' `to_json` writes if it is not told otherwise."""
    if record and all(isinstance(x, Mapping) and "0" in x for x in record.values()):
        raise PolyheadError(
            f"{source}: row {row}: an object of columns, not of one row; write rows "
            f"({REMEDY})"
        )


def _list_elements(text: str, source: str) -> Iterator[tuple[int, dict]]:
    try:
        records = json.loads(text)
    except RecursionError:
        raise PolyheadError(
            f"{source}: JSON lists too deep inside each other; write one object on "
            "each line"
        ) from None
    except ValueError as error:
        row = getattr(error, "lineno", 1)
        raise PolyheadError(
            f"{source}: row {row}: not JSON ({getattr(error, 'msg', error)}); correct "
            "it, or write one object on each line"
        ) from None
    for row, record in enumerate(records, 1):
        if not isinstance(record, dict):
            raise PolyheadError(
                f"{source}: row {row}: not a JSON object; write a list of "
                f'{{"column": value, ...}} ({REMEDY})'
            )
        yield row, {name.strip(): value for name, value in record.items()}


def _look_up(record: Mapping, path: tuple[str, ...], source: str, row: int) -> Any:
    if len(path) == 1 and path[0] in record:
        return record[path[0]]
    value: Any = record
    for name in path:
        if not isinstance(value, Mapping) or name not in value:
            raise PolyheadError(
                f"{source}: row {row}: no field '{'.'.join(path)}'; add it, or remove "
                f"the row (fields: {', '.join(record)})"
            )
        value = value[name]
    return value
