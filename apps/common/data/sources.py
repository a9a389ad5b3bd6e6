"""Reads the splits from the one source of data that a configuration names."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ..errors import UsageError
from .given import given_tables
from .tables import Table
from .tfds import open_tfds

SPLITS = ("train", "validation", "test")
# What a split may be called in TFDS and in the names of files and folders.
SPLIT_NAMES = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev"),
    "test": ("test", "testing"),
}
T = TypeVar("T")


def check_one_source(given: Mapping[str, bool]) -> None:
    """Checks that one source is given; `given` has each flag -> whether it is set."""
    *first, last = given
    named = [name for name, is_named in given.items() if is_named]
    if len(named) != 1:
        wrong = f", not {' and '.join(named)}" if named else ""
        raise UsageError(f"give one of {', '.join(first)} and {last}{wrong}")


def read_sources(
    config: Any,
    files: Callable[[str], dict[str, T]],
    table: Callable[[Table], T],
    tfds: Callable[[Any, str], T | None],
    embedded: Mapping[str, Callable[[], dict[str, T]]],
) -> dict[str, T]:
    """Reads every split of the source: `train`, `tfds`, `dataset` or `data`.

    `files` reads the splits, given the path in `config.train`. `table` reads one split,
    given its rows from Python. `tfds` reads one split,
    given a TFDS builder and its name, and may return None. `embedded` has the name of
    each embedded data set -> the function that reads its splits.
    """
    given = given_tables(config)
    if given is not None:
        return {split: table(rows) for split, rows in given.items()}
    sources = ("train", "tfds", "dataset")
    check_one_source({f"--{s}": getattr(config, s) is not None for s in sources})
    if config.dataset is not None:
        return read_embedded(config.dataset, embedded)
    if config.tfds is None:
        return files(str(config.train))
    builder = open_tfds(str(config.tfds), config.tfds_dir)
    splits = {s: tfds(builder, s) for s in SPLITS if s in builder.info.splits}
    return {name: split for name, split in splits.items() if split is not None}


def read_embedded(
    name: str, embedded: Mapping[str, Callable[[], dict[str, T]]]
) -> dict[str, T]:
    """Reads an embedded data set, or raises a UsageError that lists their names."""
    if name not in embedded:
        raise UsageError(
            f"--dataset {name}: not an embedded data set; there is: "
            f"{', '.join(embedded)}"
        )
    return embedded[name]()
