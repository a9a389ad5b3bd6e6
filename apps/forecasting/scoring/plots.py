"""Pictures of a run: forecasts beside the truth, errors, residuals, coverage."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...common.figures import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    hide_frame,
    new_figure,
    save_figure,
    shorten,
)
from ...common.history_plot import Score, plot_history
from ..series.windows import Window, Windows, spaced

MAX_TARGETS, MAX_WINDOWS = 4, 3  # that the fan shows
RESIDUAL_WINDOWS = 500
SHOWN_HISTORY = 2.0  # horizons of history before the forecast
COLOURS = {"last-value": GREY, "seasonal-naive": ORANGE, "linear": GREEN}
SCORES = (Score("val_mae", "MAE"), Score("val_mse", "MSE"))


def plot_evaluation(
    folder: Path,
    run: Any,
    windows: Windows,
    metrics: Mapping[str, Any],
    history: Mapping[str, Sequence[float]],
) -> None:
    """Draws every picture of an evaluation.

    Args:
        folder: where they go.
        run: the forecaster.
        windows: its data.
        metrics: what `build_metrics` gave.
        history: column name to one number an epoch, as in history.csv.
    """
    split = windows.dataset.held_out
    scores, chosen = metrics[split], windows.find(split)
    window = windows.take(spaced(chosen, MAX_WINDOWS))
    outputs = run.answer(window.inputs)
    path, stamps = folder / "forecasts.png", windows.stamps(window, windows.look_back)
    plot_fan(path, window, outputs, run.columns.targets, stamps, run.quantiles)
    errors = {name: row["by_step"] for name, row in metrics["baselines"].items()}
    plot_horizon(folder / "horizon.png", scores["by_step"], errors)
    window = windows.take(spaced(chosen, RESIDUAL_WINDOWS))
    residuals = window.truth - run.answer(window.inputs)["forecast"]
    plot_residuals(folder / "residuals.png", residuals / window.spread)
    if run.quantiles:
        before, after = (
            [scores[name][str(level)] for level in run.quantiles]
            for name in ("below_uncalibrated", "below")
        )
        plot_coverage(folder / "coverage.png", run.quantiles, before, after)
    if history:
        path = folder / "history.png"
        plot_history(path, history, SCORES, title="Standardised values")


def plot_fan(
    path: Path,
    window: Window,
    outputs: Mapping[str, np.ndarray],
    targets: Sequence[str],
    stamps: np.ndarray,
    levels: Sequence[float],
) -> None:
    """Draws forecasts with their quantiles, the truth, and the history before.

    Args:
        path: a PNG file.
        window: some windows; at most three are drawn, a column each.
        outputs: "forecast" and, where there are any, "quantiles" for them.
        targets: names; at most four are drawn, a row each.
        stamps: `(B, L + H)`, of the steps before and ahead.
        levels: of the quantiles.
    """
    names = list(targets)[:MAX_TARGETS]
    count = min(MAX_WINDOWS, len(window.truth))
    size = 4.2 * count, 0.8 + 2.2 * len(names)
    figure, panels = new_figure(*size, len(names), count, squeeze=False)
    horizon = window.truth.shape[1]
    look_back = window.inputs["history"].shape[1]
    shown = min(look_back, max(8, int(SHOWN_HISTORY * horizon)))
    for (row, column), axes in np.ndenumerate(panels):
        times = stamps[column, -shown - horizon :]
        ahead = times[shown:]
        past = window.inputs["history"][column, -shown:, row]
        truth = np.concatenate([past, window.truth[column, :, row]])
        axes.plot(times, truth, color="#222222", linewidth=1, label="truth")
        forecast = outputs["forecast"][column, :, row]
        axes.plot(ahead, forecast, color=BLUE, linewidth=1.4, label="forecast")
        if len(levels) > 1:
            quantiles = outputs["quantiles"][column, :, row]
            span = f"{100 * (levels[-1] - levels[0]):.0f}% interval"
            style = {"color": BLUE, "alpha": 0.22, "linewidth": 0}
            axes.fill_between(
                ahead, quantiles[:, 0], quantiles[:, -1], label=span, **style
            )
        axes.axvline(ahead[0], color=GREY, linewidth=0.7, linestyle=":")
        axes.set_title(shorten(names[row]), size=9, loc="left")
        _tidy_times(axes)
    _add_legend(figure, panels[0, 0], 3)
    save_figure(figure, path)


def _tidy_times(axes):
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=2, maxticks=5)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    axes.tick_params(labelsize=7)
    _tidy(axes)


def _tidy(axes):
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    hide_frame(axes)


def _add_legend(figure, axes, columns):
    handles, labels = axes.get_legend_handles_labels()
    place = "outside lower center"
    figure.legend(handles, labels, ncols=columns, loc=place, frameon=False)


def plot_horizon(
    path: Path, errors: Mapping[str, list], baselines: Mapping[str, Mapping[str, list]]
) -> None:
    """Draws the error of each step ahead, beside the baselines.

    Args:
        path: a PNG file.
        errors: "mse" and "mae" of each step, of the run.
        baselines: name to the same.
    """
    figure, panels = new_figure(9, 3.6, 1, 2)
    for axes, metric in zip(panels, ("mae", "mse"), strict=True):
        for name, values in {**baselines, "this run": errors}.items():
            steps = np.arange(1, len(values[metric]) + 1)
            axes.plot(
                steps,
                values[metric],
                color=COLOURS.get(name, BLUE),
                label=name,
                lw=1.1 if name in baselines else 1.8,
                marker="o" if len(steps) == 1 else None,
            )
        axes.set_title(f"{metric.upper()} of standardised values", size=10)
        axes.set_xlabel("steps ahead")
        axes.set_ylim(bottom=0)
        _tidy(axes)
    _add_legend(figure, panels[0], 4)
    save_figure(figure, path)


def plot_residuals(path: Path, residuals: np.ndarray) -> None:
    """Draws how truth minus forecast spreads, and whether it leans with the horizon.

    Args:
        path: a PNG file.
        residuals: `(N, H, T)` in standard deviations of training, NaN where missing.
    """
    figure, (left, right) = new_figure(9, 3.6, 1, 2)
    values = residuals[~np.isnan(residuals)]
    limit = np.percentile(np.abs(values), 99) or 1.0
    left.hist(values, bins=61, range=(-limit, limit), color=BLUE)
    left.axvline(0, color="#222222", linewidth=0.8)
    left.set_title("Truth minus forecast, standard deviations", size=10)
    left.set_xlabel("the largest 1% are not drawn")
    left.set_ylabel("values")
    left.locator_params(axis="x", nbins=6)
    steps = np.arange(1, residuals.shape[1] + 1)
    for level, style in ((10, ":"), (50, "-"), (90, ":")):
        line = np.nanpercentile(residuals, level, axis=(0, 2))
        right.plot(steps, line, color=BLUE, linestyle=style, label=f"{level}% below")
    right.axhline(0, color="#222222", linewidth=0.8)
    right.set_title("The same by steps ahead", size=10)
    right.set_xlabel("steps ahead")
    right.margins(y=0.2)
    right.legend(frameon=False, fontsize=8, ncols=3, loc="upper left")
    for axes in (left, right):
        _tidy(axes)
    save_figure(figure, path)


def plot_coverage(
    path: Path, wanted: Sequence[float], before: Sequence[float], after: Sequence[float]
) -> None:
    """Draws which share of the truth lies below each quantile, beside its name.

    Args:
        path: a PNG file.
        wanted: the quantiles.
        before: shares before they were calibrated.
        after: shares as they are given.
    """
    figure, axes = new_figure(4.4, 4.2)
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.8)
    axes.plot(wanted, before, "o", color=ORANGE, label="before calibration")
    axes.plot(wanted, after, "o", color=BLUE, label="as given")
    axes.set_xlabel("quantile")
    axes.set_ylabel("share of the truth below it")
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    axes.legend(frameon=False, fontsize=8)
    _tidy(axes)
    save_figure(figure, path)
