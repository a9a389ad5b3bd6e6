"""The examples of a run that was trained before, found again in its data."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..data.known_parts import remember_parts, restore_parts
from ..data.known_rows import Known, KnownRows
from .data import (
    Dataset,
    Examples,
    Labelled,
    encode_examples,
    list_notes,
    make_dataset,
    rows_of,
)

Describe = Callable[[Mapping[str, Examples], Sequence[str], int, list[str]], dict]


def load_dataset(
    config: Any,
    labelled: Mapping[str, Labelled],
    describe: Describe,
    unit: str = "text",
    known: Known | None = None,
) -> Dataset:
    """The data of a run: see `make_dataset`, or `restore_dataset` for a known run."""
    if known is None:
        return make_dataset(config, labelled, describe, unit)
    names = known.assets.label_names
    if known.rows is None:
        return make_dataset(config, labelled, describe, unit, names)
    return restore_dataset(config, known.rows, names, labelled, describe)


def remember_examples(config: Any, assets: Any, dataset: Dataset) -> KnownRows:
    """What a run that begins to train on `dataset` remembers of it."""
    names = assets.label_names
    parts = {"train": dataset.train, "validation": dataset.validation}
    parts |= {"test": dataset.test} if dataset.test is not None else {}
    rows = {name: rows_of(part, names) for name, part in parts.items()}
    return remember_parts(rows, dataset.read, config.init_from, names)


def restore_dataset(
    config: Any,
    known: KnownRows,
    label_names: Sequence[str],
    labelled: Mapping[str, Labelled],
    describe: Describe,
) -> Dataset:
    """Finds the parts of a run again; see `restore_parts`.

    `describe` is as for `make_dataset`.
    """
    names, multi_label = tuple(label_names), config.multi_label
    found = restore_parts(known, labelled, "label")
    where = "the data that the run was trained on"
    splits = {
        name: encode_examples(part, names, multi_label, where=where)
        for name, part in found.parts.items()
    }
    train, validation, test = splits["train"], splits["validation"], splits.get("test")
    notes = [*list_notes(labelled), *found.differences]
    report = describe(splits, names, 0, notes)
    kept = labelled["train"], found.differences, found.is_whole
    return Dataset(train, validation, test, names, multi_label, report, *kept)
