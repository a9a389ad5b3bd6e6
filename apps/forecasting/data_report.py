"""What was found in the data, as numbers and as text."""

import numpy as np

from ..common.alignment import list_some
from .series.series import constant_columns


def describe(dataset, tables) -> dict:
    """Counts steps, gaps and missing values; warns of what looks wrong."""
    columns, frequency = dataset.columns, dataset.frequency
    series = dataset.series
    stamps = [part.stamps(frequency) for part in series]
    values = np.concatenate([part.values for part in series])
    missing = np.isnan(values).sum(axis=0)
    sources = {part: table.source for part, table in tables.items()}
    if "later" in sources:
        sources["test"] = sources.pop("later")
    return {
        "sources": sources,
        "frequency": str(frequency),
        "season": dataset.season,
        "series": len(series),
        "steps": {
            part: int(np.subtract(*dataset.bounds(part)[::-1]).sum())
            for part in dataset.ends
        },
        "first": str(min(part[0] for part in stamps)),
        "last": str(max(part[-1] for part in stamps)),
        "targets": list(columns.targets),
        "past_covariates": list(columns.past),
        "future_covariates": list(columns.future),
        "categories": {name: len(found) for name, found in dataset.categories.items()},
        "missing_stamps": sum(part.gaps for part in series),
        "missing_values": {
            name: int(count)
            for name, count in zip(columns.values, missing, strict=True)
            if count
        },
        "unused_steps": _unused(dataset),
        "warnings": _warnings(dataset),
    }


def _unused(dataset) -> int:
    last = dataset.ends[dataset.held_out]
    return int(sum(len(part) for part in dataset.series) - last.sum())


def _warnings(dataset) -> list[str]:
    found = []
    gaps = sum(part.gaps for part in dataset.series)
    if gaps:
        found.append(
            f"{gaps:,} time stamps have no row; their values are missing, not zero"
        )
    names = dataset.columns.values
    constant: dict[str, list[str]] = {}
    for part, end in zip(dataset.series, dataset.ends["train"], strict=True):
        for name in constant_columns(part.values[:end], names) if end else ():
            constant.setdefault(name, []).append(part.name)
    for name, where in constant.items():
        of = ""
        if any(where):
            of = f" in series {list_some(where)}"
        found.append(f"column '{name}' never changes in training{of}")
    found += dict.fromkeys(part.note for part in dataset.series if part.note)
    return found


def format_report(report: dict) -> str:
    """The report as plain text for `--dry-run`."""
    lines = [
        f"{part:<12}{steps:>9,} steps  {report['sources'].get(part, '')}".rstrip()
        for part, steps in report["steps"].items()
    ]
    if report["unused_steps"]:
        lines.append(f"{'unused':<12}{report['unused_steps']:>9,} steps")
    lines.append(
        f"frequency   {report['frequency']}, season of {report['season']} steps, "
        f"{report['first']} to {report['last']}"
    )
    lines.append(f"series      {report['series']:,}")
    for kind in ("targets", "past_covariates", "future_covariates"):
        if report[kind]:
            lines.append(f"{kind.replace('_', ' ')}: {', '.join(report[kind])}")
    for name, count in report["categories"].items():
        lines.append(f"column '{name}' has {count:,} categories")
    lines.append(f"missing     {report['missing_stamps']:,} time stamps without a row")
    for name, count in report["missing_values"].items():
        lines.append(f"  {name}: {count:,} values in all")
    lines += ["", *(f"warning: {warning}" for warning in report["warnings"])]
    return "\n".join(lines).rstrip()
