"""Where the numbers come from: files, TFDS, or the embedded set."""

from functools import partial
from typing import Any

import numpy as np

from ...common.data import given
from ...common.data.sources import read_sources
from ...common.data.tables import Table
from ...datasets.co2 import read_co2
from ..config import Config
from .columns import find_time
from .stamps import parse_stamps


def read_tables(config: Config) -> dict[str, Table]:
    """Reads every split that the Config names: "train", "validation", "test"."""
    tables = read_sources(
        config,
        files=lambda path: {"train": read_rows(path)},
        table=read_rows,
        tfds=partial(_read_tfds_split, config),
        embedded={"co2": lambda: {"train": _to_table("co2", read_co2())}},
    )
    for split in ("validation", "test"):
        path = getattr(config, split)
        if path is not None:
            tables[split] = read_rows(path)
    return tables


def read_rows(source: Any) -> Table:
    """Reads all columns of a file, or of rows from Python."""
    return given.read_rows(source, [], keep_all=True)


def _to_table(source: str, columns: dict[str, list]) -> Table:
    rows = len(next(iter(columns.values())))
    return Table(source, columns, np.arange(1, rows + 1))


def _read_tfds_split(config: Config, builder: Any, split: str) -> Table:
    """Examples as rows in time order, since TFDS keeps no order."""
    import tensorflow_datasets as tfds

    examples = list(tfds.as_numpy(builder.as_dataset(split=split)))
    columns = {key: [_plain(row[key]) for row in examples] for key in examples[0]}
    table = _to_table(f"{config.tfds}/{split}", columns)
    stamps, *_ = parse_stamps(table, find_time(config, table))
    order = np.argsort(stamps, kind="stable")
    columns = {key: [values[row] for row in order] for key, values in columns.items()}
    return Table(table.source, columns, table.rows[order])


def _plain(value: Any) -> Any:
    value = value.item() if hasattr(value, "item") else value
    return value.decode("utf-8") if isinstance(value, bytes) else value
