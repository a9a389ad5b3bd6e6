"""Where the numbers come from: files, TFDS, or the embedded set."""

from functools import partial
from typing import Any

import numpy as np

from ..common.data.sources import read_sources
from ..common.data.tables import Table, read_table
from ..datasets.co2 import read_co2
from .config import Config
from .series.frames import find_time
from .series.stamps import parse_stamps


def read_tables(config: Config) -> dict[str, Table]:
    """Reads every split that the Config names: "train", "validation", "test"."""
    tables = read_sources(
        config,
        files=lambda path: {"train": read_rows(path)},
        tfds=partial(_read_tfds_split, config),
        embedded={"co2": _read_co2},
    )
    for split in ("validation", "test"):
        path = getattr(config, split)
        if path is not None:
            tables[split] = read_rows(path)
    return tables


def read_rows(path: str) -> Table:
    """Reads all columns of a file."""
    return read_table(path, [], keep_all=True)


def _read_co2() -> dict[str, Table]:
    columns = read_co2()
    return {"train": Table("co2", columns, np.arange(1, len(columns["co2"]) + 1))}


def _read_tfds_split(config: Config, builder: Any, split: str) -> Table:
    """Examples as rows in time order, since TFDS keeps no order."""
    import tensorflow_datasets as tfds

    examples = list(tfds.as_numpy(builder.as_dataset(split=split)))
    columns = {key: [_plain(row[key]) for row in examples] for key in examples[0]}
    source = f"{config.tfds}/{split}"
    table = Table(source, columns, np.arange(1, len(examples) + 1))
    stamps, *_ = parse_stamps(table, find_time(config, table))
    order = np.argsort(stamps, kind="stable")
    columns = {key: [values[row] for row in order] for key, values in columns.items()}
    return Table(source, columns, table.rows[order])


def _plain(value: Any) -> Any:
    value = value.item() if hasattr(value, "item") else value
    return value.decode("utf-8") if isinstance(value, bytes) else value
