"""Rolling origin: forecasts as they would have been made, one after the other."""

from pathlib import Path
from typing import Any

import numpy as np

from polyhead.runtime.rounding import write_shortest

from ...common.alignment import align
from ...common.errors import UsageError
from ...common.figures import new_figure, save_figure
from ...common.files import write_csv
from ...common.scoring.comparison import RUN
from ..series.windows import Windows
from .baselines import make_baselines
from .plots import draw_errors


def backtest(run: Any, windows: Windows, stride: int | None = None) -> dict:
    """See `answering.backtest`; origins lie in the split that measures the run."""
    split = windows.dataset.held_out
    chosen = windows.find(split)
    stride = stride or windows.horizon
    begins, _ = windows.dataset.bounds(split)
    chosen = chosen[(chosen[:, 1] - begins[chosen[:, 0]]) % stride == 0]
    if not len(chosen):
        raise UsageError(f"--stride {stride}: no origin has a truth: give another")
    baselines = make_baselines(windows, run.config.seed, run.config.non_negative)
    header = ["origin", "series", "stamp", "target", "truth", "forecast"]
    rows = [[*header, *(f"q{level:g}" for level in run.quantiles)]]
    errors: dict[str, dict[str, list[float]]] = {}
    for window in windows.batches(chosen):
        outputs, stamps = run.answer(window.inputs), windows.stamps(window)
        rows += _rows(windows, window, outputs, stamps)
        forecasts = {RUN: outputs["forecast"]}
        forecasts |= {name: baselines[name](window) for name in baselines}
        for name, values in forecasts.items():
            means = np.nanmean(window.errors(values), axis=(1, 2)).tolist()
            for origin, mean in zip(stamps[:, 0], means, strict=True):
                errors.setdefault(str(origin), {}).setdefault(name, []).append(mean)
    origins: list[dict] = [
        {"origin": origin, "series": len(by_name[RUN])}
        | {name: float(np.mean(values)) for name, values in by_name.items()}
        for origin, by_name in sorted(errors.items())
    ]
    columns = {k: [row[k] for row in origins] for k in ("origin", RUN, *baselines)}
    if windows.dataset.test_begins is None:  # else the rows are not the run's own
        write_csv(run.path / "backtest.csv", rows)
        _plot_backtest(run.path / "plots" / "backtest.png", columns)
    mean = {name: float(np.mean(columns[name])) for name in (RUN, *baselines)}
    return {"stride": stride, "origins": origins, "mean": mean}


def _rows(windows, window, outputs, stamps):
    """A row of backtest.csv for each forecast value."""
    dataset = windows.dataset
    values = outputs["forecast"][..., None]  # (B, H, T, 1), then (B, H, T, 1 + Q)
    if "quantiles" in outputs:
        values = np.concatenate([values, outputs["quantiles"]], axis=3)
    for row, step, place in np.ndindex(window.truth.shape):
        name, truth = dataset.series[window.series[row]].name, window.truth[row, step]
        yield [
            *(stamps[row, 0], name, stamps[row, step], dataset.columns.targets[place]),
            "" if np.isnan(truth[place]) else write_shortest(truth[place]),
            *map(write_shortest, values[row, step, place]),
        ]


def _plot_backtest(path: Path, columns: dict[str, list]) -> None:
    """Draws the error of each origin, beside the baselines."""
    path.parent.mkdir(exist_ok=True)
    figure, axes = new_figure(8, 3.6)
    times = np.array(columns["origin"], "datetime64[s]")
    others = {k: v for k, v in columns.items() if k not in ("origin", RUN)}
    draw_errors(axes, times, columns[RUN], others, 60)
    axes.set_title("Error by origin, standard deviations", size=10)
    axes.legend(frameon=False, fontsize=8)
    axes.tick_params(axis="x", rotation=30)
    save_figure(figure, path)


def format_backtest(report: dict) -> str:
    """The origins as a table for the terminal."""
    names, rows = list(report["mean"]), []
    for row in [*report["origins"], {"origin": "mean", **report["mean"]}]:
        stamp = row["origin"].replace("T", " ")
        rows.append([stamp, *(f"{row[name]:.4f}" for name in names)])
    what = "mean absolute error of standardised values, no refit, an origin every "
    what += f"{report['stride']} steps"
    return "\n".join([*align([["origin", *names], *rows]), what])
