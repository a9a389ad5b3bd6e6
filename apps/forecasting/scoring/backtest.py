"""Rolling origin: forecasts as they would have been made, one after the other."""

import csv
from pathlib import Path
from typing import Any

import numpy as np

from ...common.alignment import align
from ...common.errors import UsageError
from ...common.figures import BLUE, hide_frame, new_figure, save_figure
from ...common.files import replacing
from ...common.scoring.comparison import RUN
from ..baselines import make_baselines
from ..series.windows import Window, Windows
from .plots import COLOURS


def backtest(run: Any, windows: Windows, stride: int | None = None) -> dict:
    """Forecasts from origins `stride` steps apart; the model is not trained again.

    Args:
        run: the forecaster.
        windows: its data; origins lie in the split that measures it.
        stride: steps between origins; the horizon where absent, so that each step is
            forecast once.

    Returns:
        `origins`, a list of dicts of the origin's time stamp, its number of series and
        the mean absolute error, in standard deviations of training, of the run and of
        the baselines; `mean` of each. Also writes backtest.csv, a row a forecast value,
        and plots/backtest.png.
    """
    split = windows.dataset.held_out
    chosen = windows.find(split)
    stride = stride or windows.horizon
    begins, _ = windows.dataset.bounds(split)
    chosen = chosen[(chosen[:, 1] - begins[chosen[:, 0]]) % stride == 0]
    if not len(chosen):
        raise UsageError(f"--stride {stride}: no origin has a truth: give another")
    baselines = make_baselines(windows, run.config.seed)
    errors: dict[str, dict[str, list[float]]] = {}
    with replacing(run.path / "backtest.csv") as temporary:
        with open(temporary, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            quantiles = [f"q{level:g}" for level in run.quantiles]
            header = ["origin", "series", "stamp", "target", "truth", "forecast"]
            writer.writerow(header + quantiles)
            for window in windows.batches(chosen):
                outputs = run.answer(window.inputs)
                stamps = windows.stamps(window)
                _write(writer, windows, window, outputs, stamps)
                forecasts = {RUN: outputs["forecast"]} | {
                    name: forecast(window) for name, forecast in baselines.items()
                }
                for name, values in forecasts.items():
                    gaps = np.abs(values - window.truth) / window.spread
                    for origin, gap in zip(stamps[:, 0], gaps, strict=True):
                        of_origin = errors.setdefault(str(origin), {})
                        of_origin.setdefault(name, []).append(float(np.nanmean(gap)))
    origins: list[dict] = [
        {"origin": origin, "series": len(by_name[RUN])}
        | {name: float(np.mean(values)) for name, values in by_name.items()}
        for origin, by_name in sorted(errors.items())
    ]
    names = [RUN, *baselines]
    mean = {name: float(np.mean([row[name] for row in origins])) for name in names}
    plot_backtest(run.path / "plots" / "backtest.png", origins, names)
    return {"stride": stride, "origins": origins, "mean": mean}


def _write(writer, windows: Windows, window: Window, outputs, stamps) -> None:
    dataset = windows.dataset
    values = outputs["forecast"][..., None]  # (B, H, T, 1), then (B, H, T, 1 + Q)
    if "quantiles" in outputs:
        values = np.concatenate([values, outputs["quantiles"]], axis=3)
    for row, number in enumerate(window.series):
        name = dataset.series[number].name
        for step, stamp in enumerate(stamps[row]):
            for place, target in enumerate(dataset.columns.targets):
                truth = window.truth[row, step, place]
                cells = ["" if np.isnan(truth) else f"{truth:.9g}"]
                cells += [f"{value:.9g}" for value in values[row, step, place]]
                writer.writerow([stamps[row, 0], name, stamp, target, *cells])


def plot_backtest(path: Path, origins: list[dict], names: list[str]) -> None:
    """Draws the error of each origin, beside the baselines."""
    path.parent.mkdir(exist_ok=True)
    figure, axes = new_figure(8, 3.6)
    times = np.array([row["origin"] for row in origins], "datetime64[s]")
    for name in names:
        colour = COLOURS.get(name, BLUE)
        values = [row[name] for row in origins]
        marker = "o" if len(origins) <= 60 else None
        axes.plot(times, values, marker=marker, ms=3, lw=1.2, color=colour, label=name)
    axes.set_ylim(bottom=0)
    axes.set_title("Error by origin, standard deviations", size=10)
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.legend(frameon=False, fontsize=8)
    figure.autofmt_xdate(rotation=30)
    hide_frame(axes)
    save_figure(figure, path)


def format_backtest(report: dict) -> str:
    """The origins as a table for the terminal."""
    names = list(report["mean"])
    rows = [["origin", *names]]
    means = {"origin": "mean", **report["mean"]}
    for row in [*report["origins"], means]:
        stamp = row["origin"].replace("T", " ")
        rows.append([stamp, *(f"{row[name]:.4f}" for name in names)])
    lines = align(rows)
    lines.append(
        "mean absolute error of standardised values, no refit, an origin every "
        f"{report['stride']} steps"
    )
    return "\n".join(lines)
