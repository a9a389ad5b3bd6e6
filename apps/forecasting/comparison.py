"""metrics.json: the run beside the baselines, and the protocol of the figures."""

from ..common.alignment import align
from .scores import Scores

SHOWN = ("mse", "mae", "rmse", "smape", "mase", "crps")
MAX_NAMED = 500  # targets or series that metrics.json lists


def build_metrics(
    windows,
    config,
    scores: dict[str, Scores],
    before: Scores | None,
    baselines: dict[str, Scores],
) -> dict:
    """The content of metrics.json.

    Args:
        windows: the data.
        config: the run's.
        scores: part to the run's scores.
        before: of the part that measures the run, with quantiles not calibrated.
        baselines: name to its scores on that part.
    """
    dataset = windows.dataset
    held_out = dataset.held_out
    metrics: dict = {
        part: {**found.summary(), "windows": found.windows}
        for part, found in scores.items()
    }
    ours = scores[held_out]
    if before is not None:
        metrics[held_out]["below"] = ours.shares_below()
        metrics[held_out]["below_uncalibrated"] = before.shares_below()
        if len(before.quantiles) > 1:
            metrics[held_out]["coverage"] = {
                "wanted": round(ours.quantiles[-1] - ours.quantiles[0], 9),
                "found": ours.coverage(),
                "uncalibrated": before.coverage(),
            }
    metrics[held_out] |= _parts(dataset, ours)
    metrics["baselines"] = {
        name: {"split": held_out, **found.summary(), **_parts(dataset, found)}
        for name, found in baselines.items()
    }
    counts = ("missing_stamps", "missing_values")
    metrics["data"] = {name: dataset.report[name] for name in counts}
    metrics["protocol"] = _protocol(windows, config, ours.windows)
    return metrics


def _parts(dataset, scores: Scores) -> dict:
    """The measures of each step, and of each target and series by its name."""
    found: dict = {"by_step": scores.by("step")}
    for kind, names in (
        ("target", dataset.columns.targets),
        ("series", [part.name for part in dataset.series]),
    ):
        if 1 < len(names) <= MAX_NAMED:
            values = scores.by(kind)
            found[f"by_{kind}"] = {
                name: {key: row[place] for key, row in values.items()}
                for place, name in enumerate(names)
            }
    return found


def _protocol(windows, config, scored: int) -> str:
    dataset = windows.dataset
    part = dataset.held_out
    steps = dataset.report["steps"]
    sizes = ", ".join(f"{name} {count:,}" for name, count in steps.items())
    parts = [
        f"look-back {windows.look_back}, horizon {windows.horizon}, loss {config.loss}",
        f"steps: {sizes}",
        f"all {scored:,} windows of {part} scored, one a step, histories reaching back "
        "into the parts before",
        "mse and mae of values standardised by the training part, rmse in the data's "
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
        parts.append(f"test is {dataset.report['sources']['test']}, after all others")
    if part == "validation":
        parts.append("no test data, so scores are on the rows the choices were made on")
    return "; ".join(parts)


def format_table(metrics: dict) -> str:
    """Shows the run and its baselines in one table, and says who is ahead.

    Args:
        metrics: what `build_metrics` gave, or metrics.json.
    """
    split = "test" if "test" in metrics else "validation"
    ours = metrics[split]
    names = [name for name in SHOWN if name in ours]
    models = {"this run": ours, **metrics.get("baselines", {})}
    rows = [["", *names]]
    for name, scores in models.items():
        values = [scores.get(key) for key in names]
        cells = ["-" if value is None else f"{value:.4g}" for value in values]
        rows.append([name, *cells])
    lines = [f"{split}, {ours['windows']:,} windows"]
    lines += align(rows)
    for name, scores in metrics.get("baselines", {}).items():
        lines.append(_verdict(ours["mae"], scores["mae"], name))
    if "coverage" in ours:
        found = {name: 100 * share for name, share in ours["coverage"].items()}
        lines.append(
            f"the {found['wanted']:.0f}% interval holds {found['found']:.1f}% of the "
            f"truth ({found['uncalibrated']:.1f}% before calibration)"
        )
    if split == "validation":
        lines.append("no test data: choices were made on these windows, expect less")
    lines.append(f"protocol: {metrics['protocol']}")
    return "\n".join(lines)


def _verdict(ours: float, other: float, name: str) -> str:
    if not other:
        return f"{name} makes no error here: use {name}"
    change = 100 * (1 - ours / other)
    if change > 0:
        return f"{change:.1f}% less absolute error than {name}"
    return f"{-change:.1f}% more absolute error than {name}: use {name}, or more data"
