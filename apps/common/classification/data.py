"""From labelled inputs to training, validation and test examples."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..data.splits import stratified_split
from ..errors import PolyheadError
from .labels import encode_labels, sort_labels


@dataclass(frozen=True)
class Labelled:
    """Inputs and their labels, before the labels are numbered."""

    source: str  # the name of the data
    inputs: list  # such as texts
    labels: list  # strings, or with several labels to an input tuples of strings
    rows: np.ndarray  # int64 (rows,), where in the source each comes from


@dataclass(frozen=True)
class Examples:
    """Inputs and their labels as numbers: int32 `(rows,)`, or bool `(rows, labels)`."""

    inputs: list
    labels: np.ndarray
    rows: np.ndarray
    source: str

    def take(self, kept: np.ndarray) -> "Examples":
        """The examples where `kept (rows,)` is True."""
        if kept.all():
            return self
        inputs = [self.inputs[row] for row in np.flatnonzero(kept)]
        return Examples(inputs, self.labels[kept], self.rows[kept], self.source)


@dataclass(frozen=True)
class Dataset:
    """The examples on which a classifier is trained and measured."""

    train: Examples
    validation: Examples
    test: Examples | None
    label_names: tuple[str, ...]
    multi_label: bool
    report: dict


def make_dataset(
    config: Any,
    labelled: Mapping[str, Labelled],
    describe: Callable[[Mapping[str, Examples], Sequence[str], int, list[str]], dict],
    unit: str = "text",
) -> Dataset:
    """Numbers the labels, keeps the splits apart, and makes validation data.

    Inputs that validation or test has too are removed from training. Validation data
    are taken from training where none are given. Test data are never changed.

    Args:
        config: has `label_column`, `multi_label`, `validation_fraction` and `seed`.
        labelled: "train" and, where given, "validation" and "test".
        describe: `(splits, label_names, removed, warnings)` to the report, where
            `removed` counts the rows that were removed from training.
        unit: what an input is called.
    """
    multi_label, warnings = config.multi_label, []
    names = name_labels(labelled["train"], config)
    held = {k: encode_examples(v, names, multi_label) for k, v in labelled.items()}
    train, removed = remove_held_out(held.pop("train"), held, unit)
    if "validation" not in held:
        train, held["validation"] = split_validation(train, config)
    splits = {"train": train, "validation": held["validation"], **held}
    validation, test = splits["validation"], splits.get("test")
    if test is not None:
        tested = set(test.inputs)
        shared = sum(given in tested for given in validation.inputs)
        if shared:
            warnings.append(f"{shared} validation {unit}s are in test too")
    if removed:
        warnings.append(
            f"{removed} training rows removed: validation or test has the same {unit}"
        )
    report = describe(splits, names, removed, warnings)
    return Dataset(train, validation, test, names, multi_label, report)


def name_labels(train: Labelled, config: Any) -> tuple[str, ...]:
    """The labels of the training data, in the order of the model's outputs."""
    distinct = set(train.labels)
    names = sort_labels(
        label
        for labels in distinct
        for label in (labels if config.multi_label else (labels,))
    )
    if len(distinct) < 2:
        everywhere = f"'{', '.join(names)}'" if names else "no label at all"
        raise PolyheadError(
            f"{train.source}: every row of column '{config.label_column}' has "
            f"{everywhere}; a classifier needs examples of at least two classes"
        )
    return names


def encode_examples(
    labelled: Labelled, names: Sequence[str], multi_label: bool
) -> Examples:
    """Labels as numbers; a label that is not among the names is a PolyheadError."""
    rows, source = labelled.rows, labelled.source
    labels = encode_labels(labelled.labels, rows, source, names, multi_label)
    return Examples(labelled.inputs, labels, rows, source)


def remove_held_out(
    train: Examples, others: Mapping[str, Examples], unit: str
) -> tuple[Examples, int]:
    """Training rows whose input is in no other split, and the number removed."""
    held_out = {given for split in others.values() for given in split.inputs}
    kept = np.array([given not in held_out for given in train.inputs])
    if not kept.any():
        raise PolyheadError(
            f"{train.source}: validation or test has the {unit} of every row; "
            "give a training file of its own"
        )
    return train.take(kept), int(np.sum(~kept))


def split_validation(train: Examples, config: Any) -> tuple[Examples, Examples]:
    """The training rows that stay, and a validation split taken from them."""
    chosen = stratified_split(
        train.inputs, train.labels, config.validation_fraction, config.seed
    )
    if not chosen.any():
        raise PolyheadError(
            f"{train.source}: {len(train.inputs)} rows are too few to take a "
            "validation split from; add examples, or give --validation"
        )
    return train.take(~chosen), train.take(chosen)
