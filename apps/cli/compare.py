"""Two runs side by side: what they score, and what their files weigh and take."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ..common.alignment import align
from ..common.errors import RETRAIN
from ..common.files import expecting, read_json
from ..common.run.config import read_config_json
from ..common.run.folder import check_run

REMEDY = "export the run again"
SPLITS = ("validation", "test")


class Comparison(NamedTuple):
    """Two runs side by side."""

    # "test accuracy", "model_int8.tflite MB", ... -> the value of each run, or None.
    figures: dict[str, tuple]
    # "validation" or "test" -> why the scores on it say nothing about the difference.
    reasons: dict[str, str]


def compare_runs(first: Path, second: Path) -> Comparison:
    """The scores of two finished runs of any task, and the figures of their files."""
    one, other = _read_metrics(first), _read_metrics(second)
    reasons = {split: _tell_apart(one, other, split) for split in SPLITS}
    figures, others = _figures(first, one), _figures(second, other)
    return Comparison(
        {name: (figures.get(name), others.get(name)) for name in figures | others},
        {split: reason for split, reason in reasons.items() if reason},
    )


def _read_metrics(folder: Path) -> dict:
    check_run(folder)
    metrics = read_json(folder / "metrics.json", RETRAIN)
    task = read_config_json(folder / "config.json")["task"]
    return {"task": task, **metrics}


def _tell_apart(one: Mapping, other: Mapping, split: str) -> str | None:
    """Why two runs' scores on a split cannot be compared; None if they can be."""
    if not (
        isinstance(one.get(split), Mapping) and isinstance(other.get(split), Mapping)
    ):
        return None
    if one["task"] != other["task"]:
        return "the runs are of two tasks"
    if _rows(one[split]) != _rows(other[split]):
        return "scored on other rows"
    if _differ(one, other, "measure") or _differ(one, other, "signature"):
        return "scored by another measure"
    if _differ(one[split], other[split], "fingerprint"):
        return "scored on other rows"
    return None


def _rows(scores: Mapping) -> Any:
    return scores.get("rows", scores.get("windows"))


def _differ(one: Mapping, other: Mapping, key: str) -> bool:
    """Whether both say it, and not the same; older runs do not say it."""
    return key in one and key in other and one[key] != other[key]


def _figures(folder: Path, metrics: Mapping) -> dict[str, float]:
    figures: dict[str, float] = {}
    for split in SPLITS:
        scores = metrics.get(split)
        if isinstance(scores, Mapping):
            figures |= {f"{split} {n}": v for n, v in scores.items() if _is_number(v)}
    with expecting(folder / "metrics.json", RETRAIN):
        seconds = metrics.get("train", {}).get("seconds")
    if _is_number(seconds):
        figures["training minutes"] = seconds / 60
    report = folder / "export" / "export_report.json"
    if report.exists():
        files = read_json(report, REMEDY)
        with expecting(report, REMEDY):
            for name, facts in files["files"].items():
                figures[f"{name} MB"] = facts["bytes"] / 1e6
                if "latency_ms" in facts:
                    figures[f"{name} ms"] = facts["latency_ms"]["median"]
    return figures


def _is_number(value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def format_comparison(names: tuple[str, str], comparison: Comparison) -> str:
    """The comparison as a table, with how much the second has more."""
    rows: list[tuple[str, ...]] = [("", *names, "difference")]
    for name, (one, other) in comparison.figures.items():
        both = one is not None and other is not None
        comparable = both and name.split()[0] not in comparison.reasons
        gap = f"{other - one:+.4g}" if comparable else "-"
        shown = ["-" if value is None else f"{value:.4g}" for value in (one, other)]
        rows.append((name, *shown, gap))
    remarks = [
        f"{split}: {reason}, so no difference is given"
        for split, reason in comparison.reasons.items()
    ]
    return "\n".join([*align(rows), *remarks])
