"""What is told of the texts and their labels before a training."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..common.classification.data_report import (
    describe_labels,
    format_classes,
    format_rows,
)
from ..common.data.report import finish_report

if TYPE_CHECKING:
    from ..common.classification.data import Examples

CUT_BYTES = 256  # what an exported file reads unless told otherwise
_PERCENTILES = (50, 90, 95, 99, 100)


def describe(
    splits: Mapping[str, "Examples"],
    label_names: Sequence[str],
    removed: int,
    warnings: Sequence[str],
) -> dict:
    """Counts rows, classes and lengths of every split; warns of what looks wrong."""
    empty = sum(not text.strip() for part in splits.values() for text in part.inputs)
    if empty:
        warnings = [*warnings, f"{empty} texts are empty"]
    train = splits["train"].inputs
    lengths = np.array([len(text.encode()) for text in train], dtype=np.int64)
    return {
        **describe_labels(splits, label_names, removed, warnings),
        "length_bytes": {
            str(percentile): int(np.percentile(lengths, percentile, method="higher"))
            for percentile in _PERCENTILES
        },
        f"share_over_{CUT_BYTES}_bytes": float(np.mean(lengths > CUT_BYTES)),
    }


def format_report(report: dict) -> str:
    """The report as plain text for `--dry-run`."""
    lengths = "  ".join(
        f"{'max' if percentile == '100' else percentile + '%'} {count:,}"
        for percentile, count in report["length_bytes"].items()
    )
    share = report[f"share_over_{CUT_BYTES}_bytes"]
    line = f"bytes       {lengths}  (longer than {CUT_BYTES}: {share:.1%})"
    lines = [*format_rows(report), line, "", *format_classes(report)]
    return finish_report(lines, report["warnings"])
