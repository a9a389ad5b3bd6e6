"""What is said of labelled data before a training, as numbers and as text."""

from collections.abc import Mapping, Sequence

import numpy as np

from ..data.report import format_parts
from ..data.splits import number_texts
from .data import Examples

MOST_CLASSES = 40  # of more, the largest and the smallest are shown
WIDTH = 40  # characters of a class's name that are shown


def describe_labels(
    splits: Mapping[str, Examples],
    label_names: Sequence[str],
    removed: int,
    warnings: Sequence[str],
    unit: str = "text",
) -> dict:
    """Counts rows and classes of every split, and adds warnings of what looks wrong."""
    train = splits["train"]
    counts = {split: count_classes(part, label_names) for split, part in splits.items()}
    numbers = number_texts(train.keys)
    conflicting = count_conflicting(numbers, train.labels)
    warnings = list(warnings)
    if conflicting:
        warnings.append(f"{conflicting} training {unit}s occur with different labels")
    for split, part in splits.items():
        several = count_conflicting(number_texts(part.keys), part.labels)
        if several and split != "train":
            warnings.append(
                f"{several} {split} {unit}s occur with different labels: no answer is "
                "right for all of their rows"
            )
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
    """How many inputs, of which equal ones have one number, differ in their labels."""
    if labels.ndim == 2:
        labels = number_texts([row.tobytes() for row in labels])
    pairs = np.unique(np.stack([numbers, labels], axis=1), axis=0)
    return int(np.sum(np.bincount(pairs[:, 0]) > 1))


def warn_of_rare(counts: np.ndarray, label_names: Sequence[str]) -> list[str]:
    """Warnings of classes that have one training row, or none."""
    warnings = []
    rare = {1: "one training example only", 0: "no training example left"}
    for count, what in rare.items():
        names = [label_names[int(place)] for place in np.flatnonzero(counts == count)]
        if names:
            shown = ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
            verb = "class has" if len(names) == 1 else "classes have"
            warnings.append(f"{len(names)} {verb} {what}: {shown}")
    if np.sum(counts == 1) > max(10, len(counts) / 2):
        warnings.append("most classes have one example: is it the label column?")
    return warnings
