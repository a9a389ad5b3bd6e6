"""metrics.json: the run beside the baselines, and the protocol of the figures."""

from collections.abc import Mapping
from typing import Any

from ...common.scoring.comparison import (
    Column,
    format_table,
    remark_on_validation,
    scored_split,
)
from ..config import Config
from ..series.dataset import Dataset
from ..series.windows import Windows
from .scores import Scores

MEASURES = ("mse", "mae", "rmse", "smape", "mase", "crps")
COLUMNS = [Column(key, key, "{:.4g}") for key in MEASURES]
MAX_NAMED = 500  # targets or series that metrics.json lists


def build_metrics(windows: Windows, config, scores, uncalibrated, baselines) -> dict:
    """The content of metrics.json, without "train".

    `scores` has the run's `Scores` of each split. Those before calibration, or None,
    and those of each baseline are of the split that measures the run.
    """
    dataset, held_out = windows.dataset, windows.dataset.held_out
    metrics: dict = {
        split: {**of_split.summary(), "windows": of_split.windows}
        for split, of_split in scores.items()
    }
    scored = scores[held_out]
    if uncalibrated is not None:
        metrics[held_out]["below"] = scored.shares_below()
        metrics[held_out]["below_uncalibrated"] = uncalibrated.shares_below()
        if len(scored.quantiles) > 1:
            metrics[held_out]["coverage"] = {
                "wanted": round(scored.quantiles[-1] - scored.quantiles[0], 9),
                "found": scored.coverage(),
                "uncalibrated": uncalibrated.coverage(),
            }
    metrics[held_out] |= _details(dataset, scored)
    metrics["baselines"] = {
        name: {"split": held_out, **baseline.summary(), **_details(dataset, baseline)}
        for name, baseline in baselines.items()
    }
    counts = ("missing_stamps", "missing_values")
    metrics["data"] = {name: dataset.report[name] for name in counts}
    metrics["protocol"] = _describe_protocol(windows, config, scored.windows)
    return metrics


def _details(dataset: Dataset, scores: Scores) -> dict:
    """The measures of each step, and of each target and series by its name."""
    details: dict = {"by_step": scores.by("step")}
    series = [one.name for one in dataset.series]
    for kind, names in ("target", dataset.columns.targets), ("series", series):
        if 1 < len(names) <= MAX_NAMED:
            values = scores.by(kind)
            details[f"by_{kind}"] = {
                name: {key: row[place] for key, row in values.items()}
                for place, name in enumerate(names)
            }
    return details


def _describe_protocol(windows: Windows, config: Config, scored: int) -> str:
    dataset = windows.dataset
    split, report = dataset.held_out, dataset.report
    steps = ", ".join(f"{name} {count:,}" for name, count in report["steps"].items())
    parts = [
        f"look-back {windows.look_back}, horizon {windows.horizon}, loss {config.loss}",
        f"steps: {steps}",
        f"all {scored:,} windows of {split} scored, one a step, histories reaching "
        "back into the splits before",
        "mse and mae of values standardised by the train split, rmse in the data's "
        "units, smape from 0 to 2, mase against the seasonal naive forecast "
        f"(season {dataset.season}) on the rows before",
        "every choice made on validation",
    ]
    if config.quantiles:
        parts.append(
            "quantiles calibrated on validation; crps is the mean weighted quantile "
            "loss, a baseline's one number standing for each of its quantiles"
        )
    if dataset.test_begins is not None:
        parts.append(f"test is {report['sources']['test']}, after all others")
    if split == "validation":
        parts.append("no test data, so scores are on the rows the choices were made on")
    return "; ".join(parts)


def format_metrics(metrics: Mapping[str, Any]) -> str:
    """Shows the run and its baselines in one table, and says which is ahead."""
    remarks = []
    coverage = metrics[scored_split(metrics)].get("coverage")
    if coverage:
        percent = {name: 100 * share for name, share in coverage.items()}
        remarks.append(
            f"the {percent['wanted']:.0f}% interval holds {percent['found']:.1f}% of "
            f"the truth ({percent['uncalibrated']:.1f}% before calibration)"
        )
    remarks += remark_on_validation(metrics, "windows")
    remarks.append(f"protocol: {metrics['protocol']}")
    return format_table(metrics, COLUMNS, "windows", _verdict, remarks)


def _verdict(name: str, scores: Mapping, baseline: Mapping) -> str:
    if not baseline["mae"]:
        return f"{name} makes no error here: use {name}"
    change = 100 * (1 - scores["mae"] / baseline["mae"])
    if change > 0:
        return f"{change:.1f}% less absolute error than {name}"
    return f"{-change:.1f}% more absolute error than {name}: use {name}, or more data"
