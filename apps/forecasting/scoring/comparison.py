"""metrics.json: the run beside the baselines, and the protocol of the figures."""

import hashlib
from collections.abc import Mapping
from typing import Any

from ...common.alignment import list_some
from ...common.scoring.comparison import (
    Column,
    format_table,
    remark_on_validation,
    scored_split,
)
from ..config import Config
from ..series import name_silent
from ..series.dataset import Dataset
from ..series.known import fingerprint_split
from ..series.windows import Windows
from .scores import Scores
from .statistical import MOST_STEPS

MEASURES = ("mse", "mae", "rmse", "wape", "bias", "smape", "mase", "crps")
FORMS = {"bias": "{:+.4f}"}
COLUMNS = [Column(key, key, FORMS.get(key, "{:.4g}")) for key in MEASURES]
MAX_NAMED = 500  # targets or series that metrics.json lists


def build_metrics(
    windows: Windows, config, scores, uncalibrated, baselines, is_median: bool
) -> dict:
    """The content of metrics.json, without "train".

    `scores` has the run's `Scores` of each split. Those before calibration, or None,
    and those of each baseline are of the split that measures the run. `is_median` says
    whether the quantile 0.5, if there is one, is the forecast.
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
    below_zero = scored.share("below_zero")
    if below_zero and dataset.holds_counts:
        metrics[held_out]["below_zero"] = below_zero
    metrics[held_out] |= _details(dataset, scored)
    metrics["baselines"] = {
        name: {"split": held_out, **baseline.summary(), **_details(dataset, baseline)}
        for name, baseline in baselines.items()
    }
    for split in scores:
        metrics[split]["fingerprint"] = fingerprint_split(dataset, split)
    spreads = hashlib.blake2b(windows.spreads.round(6).tobytes(), digest_size=4)
    metrics["measure"] = (
        f"horizon {windows.horizon}, season {dataset.error_season}, standardised by "
        f"{spreads.hexdigest()}"
    )
    metrics["mase_season"] = dataset.error_season
    counts = ("missing_stamps", "missing_values")
    metrics["data"] = {name: dataset.report[name] for name in counts}
    metrics["protocol"] = _describe_protocol(windows, config, scored, is_median)
    return metrics


def add_sampled(metrics: dict, split: str, run: Scores, sampled: Mapping) -> None:
    """Adds baselines, name to `Scores`, that forecast a sample of the windows.

    `run` is of the same windows.
    """
    beside = run.summary() | {"windows": run.windows}
    for name, scores in sampled.items():
        sizes = {"split": split, "windows": run.windows, "run": beside}
        metrics["baselines"][name] = scores.summary() | sizes
    metrics["protocol"] += (
        f"; {' and '.join(sampled)} fitted by statsforecast to each series before the "
        f"forecast (its last {MOST_STEPS:,} steps at most), on a drawn sample of "
        f"{run.windows:,} windows, one target of each"
    )


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


def _describe_protocol(
    windows: Windows, config: Config, scored: Scores, is_median: bool
) -> str:
    dataset = windows.dataset
    split, report = dataset.held_out, dataset.report
    alone = "train" not in dataset.ends  # test is a file, and no other rows are here
    zeros = 1.0 - scored.share("not_zero")
    without = f" without the {zeros:.1%} of the truth that is 0" if zeros else ""
    reach = "inside the file" if alone else "reaching back into the splits before"
    steps = ", ".join(f"{name} {count:,}" for name, count in report["steps"].items())
    parts = [
        f"look-back {windows.look_back}, horizon {windows.horizon}, loss {config.loss}",
        f"steps: {steps}",
        f"all {scored.windows:,} windows of {split} scored, one a step, histories "
        f"{reach}",
        "mse and mae of values standardised by the train split, rmse in the data's "
        "units, wape and bias (forecasts minus truth) as shares of the sum of truth, "
        f"smape from 0 to 2{without}, mase against the seasonal naive "
        "forecast "
        f"(season {dataset.error_season}) on "
        + ("the run's own rows" if alone else "the rows before"),
        "every choice made on validation",
    ]
    if config.quantiles:
        middle = (
            ", 0.5 is the forecast" if is_median and 0.5 in config.quantiles else ""
        )
        parts.append(
            "quantiles calibrated on validation where it has independent errors beyond "
            f"them{middle}; crps is the mean weighted quantile loss, a "
            "baseline's one number standing for each of its quantiles"
        )
    if config.non_negative:
        parts.append("no forecast is below 0, nor one of a baseline")
    for name, phases in name_silent(dataset.silent).items():
        where = list_some(phases)
        parts.append(f"{name} not scored on {where}, where training has no value")
    if dataset.test_begins is not None:
        after = "" if alone else ", after all others"
        parts.append(f"test is {report['sources']['test']}{after}")
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
    below_zero = metrics[scored_split(metrics)].get("below_zero")
    if below_zero:
        remarks.append(
            f"{below_zero:.1%} of the forecasts are below 0, but the training rows "
            "hold counts: train with --non-negative"
        )
    remarks += remark_on_validation(metrics, "windows")
    remarks.append(f"protocol: {metrics['protocol']}")
    columns = COLUMNS
    if "mase_season" in metrics:  # which older runs do not have
        title = f"mase (season {metrics['mase_season']})"
        columns = [c._replace(title=title) if c.key == "mase" else c for c in COLUMNS]
    return format_table(metrics, columns, "windows", _verdict, remarks)


def _verdict(name: str, scores: Mapping, baseline: Mapping) -> str:
    scores = baseline.get("run", scores)  # on the same windows
    if not baseline["mae"]:
        return f"{name} makes no error here: use {name}"
    change = 100 * (1 - scores["mae"] / baseline["mae"])
    if change > 0:
        return f"{change:.1f}% less absolute error than {name}"
    return f"{-change:.1f}% more absolute error than {name}: use {name}, or more data"
