"""What was found in the data, as numbers and as text."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..common.data.report import finish_report, format_parts
from ..common.data.splits import number_texts

if TYPE_CHECKING:
    from .data import Examples

CUT_BYTES = 256  # what an exported file reads unless told otherwise
_PERCENTILES = (50, 90, 95, 99, 100)


def describe(
    parts: dict[str, "Examples"],
    label_names: Sequence[str],
    removed: int,
    warnings: Sequence[str],
) -> dict:
    """Counts rows, classes and lengths of every part; warns of what looks wrong."""
    train = parts["train"]
    counts = {split: _class_counts(part, label_names) for split, part in parts.items()}
    lengths = np.array([len(text.encode()) for text in train.texts], dtype=np.int64)
    groups = number_texts(train.texts)
    warnings = list(warnings)
    if removed:
        warnings.append(
            f"{removed} training rows removed: validation or test has the same text"
        )
    empty = sum(not text.strip() for part in parts.values() for text in part.texts)
    if empty:
        warnings.append(f"{empty} texts are empty")
    conflicting = _conflicting(groups, train.labels)
    if conflicting:
        warnings.append(f"{conflicting} training texts occur with different labels")
    warnings += _rare_classes(counts["train"], label_names)
    return {
        "sources": {split: part.source for split, part in parts.items()},
        "rows": {split: len(part.texts) for split, part in parts.items()},
        "classes": {
            name: {split: int(counts[split][place]) for split in parts}
            for place, name in enumerate(label_names)
        },
        "duplicates_removed": removed,
        "repeated_in_train": len(groups) - len(np.unique(groups)),
        "conflicting_texts": conflicting,
        "length_bytes": {
            str(percentile): int(np.percentile(lengths, percentile, method="higher"))
            for percentile in _PERCENTILES
        },
        f"share_over_{CUT_BYTES}_bytes": float(np.mean(lengths > CUT_BYTES)),
        "warnings": warnings,
    }


def format_report(report: dict) -> str:
    """The report as plain text for `--dry-run`."""
    lines = format_parts(report["rows"], report["sources"], "rows")
    removed = report["duplicates_removed"]
    lines.append(
        f"duplicates  {removed:,} removed from train because validation or test has "
        f"them, {report['repeated_in_train']:,} repeated within train"
    )
    lines.append(f"conflicting {report['conflicting_texts']:,} texts")
    lengths = report["length_bytes"].items()
    lines.append(
        "bytes       "
        + "  ".join(
            f"{'max' if key == '100' else key + '%'} {n:,}" for key, n in lengths
        )
        + f"  (longer than {CUT_BYTES}: {report[f'share_over_{CUT_BYTES}_bytes']:.1%})"
    )
    return finish_report([*lines, "", *_class_table(report)], report["warnings"])


def _class_table(report: dict) -> list[str]:
    classes, splits = report["classes"], list(report["rows"])
    width = max(5, min(40, max(len(name) for name in classes)))
    header = f"{'class':<{width}}" + "".join(f"{split:>12}" for split in splits)
    by_size = sorted(classes, key=lambda name: -classes[name]["train"])
    shown = by_size if len(by_size) <= 40 else by_size[:30] + by_size[-10:]
    lines = [
        f"{name[:width]:<{width}}"
        + "".join(f"{classes[name][split]:>12,}" for split in splits)
        for name in shown
    ]
    if len(shown) < len(by_size):
        lines.insert(30, f"... {len(by_size) - len(shown)} more ...")
    return [f"{len(classes)} classes", header, *lines]


def _class_counts(part: "Examples", label_names: Sequence[str]) -> np.ndarray:
    if part.labels.ndim == 2:
        return part.labels.sum(axis=0)
    return np.bincount(part.labels, minlength=len(label_names))


def _conflicting(groups: np.ndarray, labels: np.ndarray) -> int:
    """How many texts occur with more than one label, or set of labels."""
    if labels.ndim == 2:
        labels = number_texts([row.tobytes() for row in labels])
    pairs = np.unique(np.stack([groups, labels], axis=1), axis=0)
    return int(np.sum(np.bincount(pairs[:, 0]) > 1))


def _rare_classes(counts: np.ndarray, label_names: Sequence[str]) -> list[str]:
    warnings = []
    for count, what in (
        (1, "one training example only"),
        (0, "no training example left"),
    ):
        names = [
            label_names[place] for place in np.flatnonzero(counts == count).tolist()
        ]
        if names:
            shown = ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
            verb = "class has" if len(names) == 1 else "classes have"
            warnings.append(f"{len(names)} {verb} {what}: {shown}")
    if np.sum(counts == 1) > max(10, len(counts) / 2):
        warnings.append("most classes have one example: is it the label column?")
    return warnings
