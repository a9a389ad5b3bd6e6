"""Where the numbers come from: files, TFDS, or the embedded set."""

from typing import Any

import numpy as np

from ..common.data.tables import Table, read_table
from ..common.data.tfds import open_tfds
from ..common.errors import PolyheadError, UsageError
from .config import Config
from .series.frames import find_time
from .series.stamps import parse_stamps

DATASETS = ("co2",)


def read_tables(config: Config) -> dict[str, Table]:
    """Reads every part that the Config names: "train", "validation", "test"."""
    given = [
        flag
        for flag in ("train", "tfds", "dataset")
        if getattr(config, flag) is not None
    ]
    if len(given) != 1:
        wrong = "not " + " and ".join(f"--{flag}" for flag in given) if given else ""
        raise UsageError(
            f"give one of --train, --tfds and --dataset{', ' if wrong else ''}{wrong}"
        )
    if config.dataset is not None:
        tables = {"train": _read_embedded(config)}
    elif config.tfds is not None:
        tables = _read_tfds(config)
    else:
        tables = {"train": read_table(str(config.train), [], keep_all=True)}
    for part in ("validation", "test"):
        path = getattr(config, part)
        if path is not None:
            tables[part] = read_table(path, [], keep_all=True)
    return tables


def _read_embedded(config: Config) -> Table:
    if config.dataset not in DATASETS:
        raise UsageError(
            f"--dataset {config.dataset}: the embedded data sets are "
            f"{', '.join(DATASETS)}"
        )
    try:
        from statsmodels.datasets import co2
    except ModuleNotFoundError:
        raise PolyheadError(
            "the data set 'co2' comes with statsmodels: pip install statsmodels"
        ) from None
    frame = co2.load_pandas().data  # weekly, Saturdays; some are missing
    columns = {
        "ds": [str(stamp.date()) for stamp in frame.index],
        "co2": frame["co2"].tolist(),
    }
    return Table("co2", columns, np.arange(1, len(frame) + 1))


def _read_tfds(config: Config) -> dict[str, Table]:
    name = str(config.tfds)
    builder = open_tfds(name, config.tfds_dir)
    return {
        part: _read_tfds_split(config, builder, part)
        for part in ("train", "validation", "test")
        if part in builder.info.splits
    }


def _read_tfds_split(config: Config, builder: Any, part: str) -> Table:
    """Examples as rows in time order, for TFDS keeps none."""
    import tensorflow_datasets as tfds

    examples = list(tfds.as_numpy(builder.as_dataset(split=part)))
    columns = {key: [_plain(row[key]) for row in examples] for key in examples[0]}
    source = f"{config.tfds}/{part}"
    table = Table(source, columns, np.arange(1, len(examples) + 1))
    stamps, *_ = parse_stamps(table, find_time(config, table))
    order = np.argsort(stamps, kind="stable")
    columns = {key: [values[row] for row in order] for key, values in columns.items()}
    return Table(source, columns, table.rows[order])


def _plain(value: Any) -> Any:
    value = value.item() if hasattr(value, "item") else value
    return value.decode("utf-8") if isinstance(value, bytes) else value
