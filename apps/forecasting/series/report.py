"""The report on a data set: counts and warnings, as numbers and as text."""

from collections.abc import Mapping, Sequence

import numpy as np

from polyhead.runtime.rounding import describe_rounding

from ...common.alignment import list_some
from ...common.data.report import finish_report, format_parts
from . import name_silent
from .dataset import Dataset
from .frames import Columns, Frame
from .series import Series, constant_columns


def describe(
    dataset: Dataset, sources: Mapping[str, str], rounded: Mapping[str, str]
) -> dict:
    """Counts steps, gaps and missing values; warns of what looks wrong.

    `rounded` has the columns that float32 rounds; see `find_rounded`.
    """
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
        "seasons": dataset.seasons,
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
        "rounded": list(rounded.values()),
        "warnings": _warnings(dataset, rounded),
    }


def _warnings(dataset: Dataset, rounded: Mapping[str, str]) -> list[str]:
    gaps = sum(series.gaps for series in dataset.series)
    have = "time stamp has no row; its values" if gaps == 1 else ""
    have = have or "time stamps have no row; their values"
    missing = f"{gaps:,} {have} are missing, not zero"
    warnings = [missing] if gaps else []
    constant: dict[str, list[str]] = {}
    for series, values in zip(dataset.series, dataset.training_values(), strict=True):
        names = constant_columns(values, dataset.columns.values) if len(values) else ()
        for name in names:
            constant.setdefault(name, []).append(series.name)
    for name, where in constant.items():
        if name in rounded:
            continue
        of = f" in series {list_some(where)}" if any(where) else ""
        warnings.append(f"column '{name}' never changes in training{of}")
    warnings += rounded.values()
    for name, phases in name_silent(dataset.silent).items():
        warnings.append(
            f"column '{name}' never has a value at {list_some(phases)} in training, so "
            "it has no forecast there"
        )
    return warnings + notes_on(dataset.series)


def notes_on(series: Sequence[Series]) -> list[str]:
    """What was found as the rows of some series were read, each thing once."""
    return list(dict.fromkeys(note for one in series for note in one.notes))


def find_rounded(
    frames: Sequence[Frame], columns: Columns, categories: dict
) -> dict[str, str]:
    """Column -> what float32 does to it, in the first series that it does it to."""
    found: dict[str, str] = {}
    for place, name in enumerate(columns.values):
        if name in categories:
            continue
        told = [(f.name, describe_rounding(f.values[:, place])) for f in frames]
        names = [series for series, text in told if text]
        if names:
            of = f" of series {list_some(names)}" if any(names) else ""
            text = next(text for _, text in told if text)
            found[name] = f"column '{name}'{of}: {text}"
    return found


def format_report(report: dict) -> str:
    """The report as plain text for `--dry-run`."""
    lines = format_parts(report["steps"], report["sources"], "steps")
    if report["unused_steps"]:
        lines += format_parts({"unused": report["unused_steps"]}, {}, "steps")
    seasons = " and of ".join(map(str, report["seasons"]))
    lines += [
        f"frequency   {report['frequency']}, season of {seasons} steps, "
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
