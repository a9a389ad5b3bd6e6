"""Which of its sources a configuration names, and the parts of a data set in TFDS."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ..errors import UsageError
from .tfds import open_tfds

SPLITS = ("train", "validation", "test")
T = TypeVar("T")


def check_one_source(given: Mapping[str, bool]) -> None:
    """Refuses a configuration that names no source of training data, or several.

    Args:
        given: how each source is named on the command line -> whether it is.
    """
    *first, last = given
    named = [name for name, is_named in given.items() if is_named]
    if len(named) != 1:
        wrong = f", not {' and '.join(named)}" if named else ""
        raise UsageError(f"give one of {', '.join(first)} and {last}{wrong}")


def read_sources(
    config: Any,
    files: Callable[[str], dict[str, T]],
    tfds: Callable[[Any, str], T | None],
    embedded: Mapping[str, Callable[[], dict[str, T]]],
) -> dict[str, T]:
    """Reads every split that a configuration with `train`, `tfds` or `dataset` names.

    Args:
        config: the task's `Config`.
        files: the path in `config.train` to the splits in it.
        tfds: a builder of TFDS and the name of a split to its data, or None.
        embedded: name of each embedded data set -> what reads its splits.
    """
    sources = ("train", "tfds", "dataset")
    check_one_source({f"--{s}": getattr(config, s) is not None for s in sources})
    if config.dataset is not None:
        return read_embedded(config.dataset, embedded)
    if config.tfds is None:
        return files(str(config.train))
    builder = open_tfds(str(config.tfds), config.tfds_dir)
    parts = {s: tfds(builder, s) for s in SPLITS if s in builder.info.splits}
    return {split: part for split, part in parts.items() if part is not None}


def read_embedded(
    name: str, embedded: Mapping[str, Callable[[], dict[str, T]]]
) -> dict[str, T]:
    """Reads an embedded data set.

    Raises:
        UsageError: none has this name; lists those that there are.
    """
    if name not in embedded:
        raise UsageError(
            f"--dataset {name}: not an embedded data set; there is: "
            f"{', '.join(embedded)}"
        )
    return embedded[name]()
