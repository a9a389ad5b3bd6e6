"""Columns of .parquet files."""

from collections.abc import Sequence
from typing import Any

from ...errors import PolyheadError, reason_of
from ..text_files import open_bytes
from .table import Table, choose, choose_paths, follow_paths, make_table


def read_parquet(source: str, names: Sequence[str], keep_all: bool) -> Table:
    """Reads columns; fields of a struct are named "outer.inner"."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with open_bytes(source) as file:
        packed = source.lower().endswith(".gz")
        content = pa.BufferReader(file.read()) if packed else file
        try:
            parquet = pq.ParquetFile(content)
            schema = parquet.schema_arrow
            header = [name.strip() for name in schema.names]
            record = dict(zip(header, map(_record_of, schema.types), strict=True))
            paths = choose_paths(record, source, names, keep_all)
            places = choose(header, source, [path[0] for path in paths.values()], False)
            stored = {name: schema.names[place] for name, place in places.items()}
            table = parquet.read(columns=list(dict.fromkeys(stored.values())))
            whole = {
                name: _values(table.column(column), source, name)
                for name, column in stored.items()
            }
        except PolyheadError:
            raise
        except Exception as error:  # the library raises many kinds
            raise PolyheadError(
                f"{source}: damaged parquet file ({reason_of(error)}); write it again"
            ) from error
    columns = follow_paths(whole, paths)
    return make_table(source, columns, range(1, table.num_rows + 1))


def _record_of(kind: Any) -> dict | None:
    """The names inside a struct, as `choose_paths` reads them."""
    import pyarrow as pa

    if not pa.types.is_struct(kind):
        return None
    return {field.name: _record_of(field.type) for field in kind}


def _values(column: Any, source: str, name: str) -> list:
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
