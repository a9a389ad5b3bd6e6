"""Pictures of a run: forecasts beside the truth, errors, residuals, coverage."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ..common.figures import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    hide_frame,
    new_figure,
    save_figure,
    shorten,
)
from .evaluate import spaced
from .series.windows import Window, Windows

MAX_TARGETS, MAX_WINDOWS = 4, 3  # that the fan shows
RESIDUAL_WINDOWS = 500
SHOWN_HISTORY = 2.0  # horizons of history before the forecast
COLOURS = {"last-value": GREY, "seasonal-naive": ORANGE, "linear": GREEN}


def plot_evaluation(run, windows: Windows, part: str, history) -> None:
    """Draws every picture of an evaluation into the run's folder.

    Args:
        run: the forecaster, with its metrics.
        windows: its data.
        part: what measured it: "test" or "validation".
        history: column name to one number an epoch; see `plot_history`.
    """
    folder, metrics = run.path / "plots", run.metrics
    folder.mkdir(exist_ok=True)
    found, targets = windows.find(part), run.columns.targets
    window = windows.take(spaced(found, MAX_WINDOWS))
    outputs = run.answer(window.inputs)
    path = folder / "forecasts.png"
    stamps = windows.stamps(window, windows.look_back)
    plot_fan(path, window, outputs, targets, stamps, run.quantiles)
    errors = {name: row["by_step"] for name, row in metrics["baselines"].items()}
    plot_horizon(folder / "horizon.png", metrics[part]["by_step"], errors)
    window = windows.take(spaced(found, RESIDUAL_WINDOWS))
    residuals = window.truth - run.answer(window.inputs)["forecast"]
    plot_residuals(folder / "residuals.png", residuals / window.spread)
    if run.quantiles:
        before, after = (
            [metrics[part][name][str(level)] for level in run.quantiles]
            for name in ("below_uncalibrated", "below")
        )
        plot_coverage(folder / "coverage.png", run.quantiles, before, after)
    if history:
        plot_history(folder / "history.png", history)


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
    figure, panels = new_figure(
        4.2 * count, 0.8 + 2.2 * len(names), len(names), count, squeeze=False
    )
    horizon = window.truth.shape[1]
    look_back = window.inputs["history"].shape[1]
    shown = min(look_back, max(8, int(SHOWN_HISTORY * horizon)))
    for column in range(count):
        times = stamps[column, -shown - horizon :]
        for row, name in enumerate(names):
            axes = panels[row, column]
            past = window.inputs["history"][column, -shown:, row]
            truth = np.concatenate([past, window.truth[column, :, row]])
            axes.plot(times, truth, color="#222222", linewidth=1, label="truth")
            ahead = times[shown:]
            forecast = outputs["forecast"][column, :, row]
            axes.plot(ahead, forecast, color=BLUE, linewidth=1.4, label="forecast")
            if len(levels) > 1:
                quantiles = outputs["quantiles"][column, :, row]
                span = f"{100 * (levels[-1] - levels[0]):.0f}% interval"
                axes.fill_between(
                    ahead,
                    quantiles[:, 0],
                    quantiles[:, -1],
                    color=BLUE,
                    alpha=0.22,
                    linewidth=0,
                    label=span,
                )
            axes.axvline(ahead[0], color=GREY, linewidth=0.7, linestyle=":")
            axes.set_title(shorten(name), size=9, loc="left")
            _tidy_times(axes)
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, ncols=3, loc="outside lower center", frameon=False)
    save_figure(figure, path)


def _tidy_times(axes):
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=2, maxticks=5)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    axes.tick_params(labelsize=7)
    axes.grid(color="#dddddd", linewidth=0.5)
    hide_frame(axes)


def plot_horizon(
    path: Path, ours: Mapping[str, list], baselines: Mapping[str, Mapping[str, list]]
) -> None:
    """Draws the error of each step ahead, beside the baselines.

    Args:
        path: a PNG file.
        ours: "mse" and "mae" of each step.
        baselines: name to the same.
    """
    figure, panels = new_figure(9, 3.6, 1, 2)
    for axes, metric in zip(panels, ("mae", "mse"), strict=True):
        steps = np.arange(1, len(ours[metric]) + 1)
        marker = "o" if len(steps) == 1 else None
        for name, values in baselines.items():
            colour = COLOURS.get(name, GREY)
            axes.plot(
                steps, values[metric], color=colour, label=name, lw=1.1, marker=marker
            )
        axes.plot(
            steps, ours[metric], color=BLUE, label="this run", lw=1.8, marker=marker
        )
        axes.set_title(f"{metric.upper()} of standardised values", size=10)
        axes.set_xlabel("steps ahead")
        axes.set_ylim(bottom=0)
        axes.grid(color="#dddddd", linewidth=0.6)
        hide_frame(axes)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, ncols=4, loc="outside lower center", frameon=False)
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
        axes.grid(color="#dddddd", linewidth=0.6)
        axes.set_axisbelow(True)
        hide_frame(axes)
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
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_aspect("equal")
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.legend(frameon=False, fontsize=8)
    hide_frame(axes)
    save_figure(figure, path)


def plot_history(path: Path, history: Mapping[str, Sequence[float]]) -> None:
    """Draws loss and validation errors by epoch.

    Args:
        path: a PNG file.
        history: column name to one number an epoch, as in history.csv.
    """
    figure, axes = new_figure(5, 3.6)
    for name, label, colour in (
        ("loss", "loss, train", ORANGE),
        ("val_mae", "MAE, validation", BLUE),
        ("val_mse", "MSE, validation", GREEN),
    ):
        if name in history:
            epochs = np.arange(1, len(history[name]) + 1)
            axes.plot(epochs, history[name], "o-", ms=4, color=colour, label=label)
    axes.set_xlabel("epoch")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_title("Standardised values", size=10)
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.legend(frameon=False, fontsize=8)
    hide_frame(axes)
    save_figure(figure, path)
