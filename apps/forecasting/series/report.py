"""The report on a data set: counts and warnings, as numbers and as text."""

from collections.abc import Mapping

import numpy as np

from ...common.alignment import list_some
from ...common.data.report import finish_report, format_parts
from .dataset import Dataset
from .series import constant_columns


def describe(dataset: Dataset, sources: Mapping[str, str]) -> dict:
    """Counts steps, gaps and missing values; warns of what looks wrong."""
    columns, frequency = dataset.columns, dataset.frequency
    stamps = [series.stamps(frequency) for series in dataset.series]
    values = np.concatenate([series.values for series in dataset.series])
    counts = np.isnan(values).sum(axis=0).tolist()
    missing = zip(columns.values, counts, strict=True)
    bounds = {split: dataset.bounds(split) for split in dataset.ends}
    last = dataset.ends[dataset.held_out]
    return {
        "sources": dict(sources),
        "frequency": str(frequency),
        "season": dataset.season,
        "series": len(dataset.series),
        "steps": {split: int((b - a).sum()) for split, (a, b) in bounds.items()},
        "first": str(min(times[0] for times in stamps)),
        "last": str(max(times[-1] for times in stamps)),
        "targets": list(columns.targets),
        "past_covariates": list(columns.past),
        "future_covariates": list(columns.future),
        "categories": {name: len(known) for name, known in dataset.categories.items()},
        "missing_stamps": sum(series.gaps for series in dataset.series),
        "missing_values": {name: count for name, count in missing if count},
        "unused_steps": int(len(values) - last.sum()),
        "warnings": _warnings(dataset),
    }


def _warnings(dataset: Dataset) -> list[str]:
    gaps = sum(series.gaps for series in dataset.series)
    missing = f"{gaps:,} time stamps have no row; their values are missing, not zero"
    warnings = [missing] if gaps else []
    constant: dict[str, list[str]] = {}
    for series, values in zip(dataset.series, dataset.training_values(), strict=True):
        names = constant_columns(values, dataset.columns.values) if len(values) else ()
        for name in names:
            constant.setdefault(name, []).append(series.name)
    for name, where in constant.items():
        of = f" in series {list_some(where)}" if any(where) else ""
        warnings.append(f"column '{name}' never changes in training{of}")
    warnings += dict.fromkeys(series.note for series in dataset.series if series.note)
    return warnings


def format_report(report: dict) -> str:
    """The report as plain text for `--dry-run`."""
    lines = format_parts(report["steps"], report["sources"], "steps")
    if report["unused_steps"]:
        lines += format_parts({"unused": report["unused_steps"]}, {}, "steps")
    lines += [
        f"frequency   {report['frequency']}, season of {report['season']} steps, "
        f"{report['first']} to {report['last']}",
        f"series      {report['series']:,}",
    ]
    for kind in ("targets", "past_covariates", "future_covariates"):
        if report[kind]:
            lines.append(f"{kind.replace('_', ' ')}: {', '.join(report[kind])}")
    counts = report["categories"].items()
    lines += [f"column '{name}' has {count:,} categories" for name, count in counts]
    lines.append(f"missing     {report['missing_stamps']:,} time stamps without a row")
    counts = report["missing_values"].items()
    lines += [f"  {name}: {count:,} values in all" for name, count in counts]
    return finish_report(lines, report["warnings"])
