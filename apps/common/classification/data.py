"""From labelled inputs to training, validation and test examples, and their report."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..data.report import format_parts
from ..data.splits import number_texts, stratified_split
from ..errors import PolyheadError
from .labels import encode_labels, sort_labels

MOST_CLASSES = 40  # of more, the largest and the smallest are shown
WIDTH = 40  # characters of a class's name that are shown


@dataclass(frozen=True)
class Labelled:
    """Inputs and their labels, before the labels are numbered.

    Args:
        source: the name of the data.
        inputs: such as texts; equal inputs are one example.
        labels: strings, or with several labels to an input tuples of strings.
        rows: int64 `(rows,)`, where in the source each comes from.
    """

    source: str
    inputs: list
    labels: list
    rows: np.ndarray


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

    Raises:
        PolyheadError: the data cannot train a classifier, or have a label that the
            training data lack.
    """
    multi_label = config.multi_label
    names = name_labels(labelled["train"], config)
    splits = {k: encode_examples(v, names, multi_label) for k, v in labelled.items()}
    train, removed = remove_held_out(splits.pop("train"), splits, unit)
    if "validation" not in splits:
        train, splits["validation"] = split_validation(train, config)
    validation, test, warnings = splits["validation"], splits.get("test"), []
    described = {"train": train, "validation": validation}
    if test is not None:
        described["test"] = test
        tested = set(test.inputs)
        shared = sum(given in tested for given in validation.inputs)
        if shared:
            warnings.append(f"{shared} validation {unit}s are in test too")
    if removed:
        warnings.append(
            f"{removed} training rows removed: validation or test has the same {unit}"
        )
    report = describe(described, names, removed, warnings)
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
            "validation part from; add examples, or give --validation"
        )
    return train.take(~chosen), train.take(chosen)


def describe_labels(
    splits: Mapping[str, Examples],
    label_names: Sequence[str],
    removed: int,
    warnings: Sequence[str],
    unit: str = "text",
) -> dict:
    """Counts rows and classes of every split, and adds warnings of what looks wrong.

    `removed` is the number of training rows that another split has too.
    """
    train = splits["train"]
    counts = {split: count_classes(part, label_names) for split, part in splits.items()}
    numbers = number_texts(train.inputs)
    conflicting = count_conflicting(numbers, train.labels)
    warnings = list(warnings)
    if conflicting:
        warnings.append(f"{conflicting} training {unit}s occur with different labels")
    return {
        "sources": {split: part.source for split, part in splits.items()},
        "rows": {split: len(part.inputs) for split, part in splits.items()},
        "classes": {
            name: {split: int(counts[split][place]) for split in splits}
            for place, name in enumerate(label_names)
        },
        "duplicates_removed": removed,
        "repeated_in_train": len(numbers) - len(np.unique(numbers)),
        f"conflicting_{unit}s": conflicting,
        "warnings": [*warnings, *warn_of_rare(counts["train"], label_names)],
    }


def format_rows(report: Mapping, unit: str = "text") -> list[str]:
    """Lines on the rows of each split, and on those that occur several times."""
    return [
        *format_parts(report["rows"], report["sources"], "rows"),
        f"duplicates  {report['duplicates_removed']:,} removed from train because "
        f"validation or test has them, {report['repeated_in_train']:,} repeated within "
        "train",
        f"conflicting {report[f'conflicting_{unit}s']:,} {unit}s",
    ]


def format_classes(report: Mapping) -> list[str]:
    """The number of rows of each class in each split, as a table."""
    classes, splits = report["classes"], list(report["rows"])
    width = max(5, min(WIDTH, max(len(name) for name in classes)))
    header = f"{'class':<{width}}" + "".join(f"{split:>12}" for split in splits)
    by_size = sorted(classes, key=lambda name: -classes[name]["train"])
    lines = [
        f"{name[:width]:<{width}}"
        + "".join(f"{classes[name][split]:>12,}" for split in splits)
        for name in by_size
    ]
    if len(lines) > MOST_CLASSES:
        more = f"... {len(lines) - MOST_CLASSES} more ..."
        lines = [*lines[: MOST_CLASSES - 10], more, *lines[-10:]]
    return [f"{len(classes)} classes", header, *lines]


def count_classes(examples: Examples, label_names: Sequence[str]) -> np.ndarray:
    """The number of rows of each class."""
    if examples.labels.ndim == 2:
        return examples.labels.sum(axis=0)
    return np.bincount(examples.labels, minlength=len(label_names))


def count_conflicting(numbers: np.ndarray, labels: np.ndarray) -> int:
    """How many inputs occur with more than one label, or set of labels.

    `numbers (rows,)` are the same for equal inputs.
    """
    if labels.ndim == 2:
        labels = number_texts([row.tobytes() for row in labels])
    pairs = np.unique(np.stack([numbers, labels], axis=1), axis=0)
    return int(np.sum(np.bincount(pairs[:, 0]) > 1))


def warn_of_rare(counts: np.ndarray, label_names: Sequence[str]) -> list[str]:
    """Warnings of classes that have one training row, or none."""
    warnings = []
    for count, what in (
        (1, "one training example only"),
        (0, "no training example left"),
    ):
        names = [label_names[int(place)] for place in np.flatnonzero(counts == count)]
        if names:
            shown = ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
            verb = "class has" if len(names) == 1 else "classes have"
            warnings.append(f"{len(names)} {verb} {what}: {shown}")
    if np.sum(counts == 1) > max(10, len(counts) / 2):
        warnings.append("most classes have one example: is it the label column?")
    return warnings
