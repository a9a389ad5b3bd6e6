"""Pictures of a run: forecasts, errors, residuals, coverage, explanations."""

from collections.abc import Mapping
from pathlib import Path

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
from ...common.scoring.comparison import RUN
from ..series.frames import Columns
from ..series.windows import Windows, spaced

MAX_TARGETS, MAX_WINDOWS = 4, 3  # that the fan shows
RESIDUAL_WINDOWS = 500
MAX_NAMES = 15  # bars of a panel of an explanation
SHOWN_HISTORY = 2.0  # horizons of history before the forecast
COLOURS = {"last-value": GREY, "seasonal-naive": ORANGE, "linear": GREEN}
SCORES = tuple(
    Score(name, f"{name.upper()} of standardised values") for name in ("mae", "mse")
)


def plot_evaluation(folder: Path, run, windows: Windows, metrics, history, kept):
    """Draws every picture of an evaluation; see `plot_history` for the last two."""
    split = windows.dataset.held_out
    scores, chosen = metrics[split], windows.find(split)
    window = windows.take(spaced(chosen, MAX_WINDOWS))
    outputs = run.answer(window.inputs)
    path, stamps = folder / "forecasts.png", windows.stamps(window, windows.look_back)
    _plot_fan(path, window, outputs, run.columns.targets, stamps, run.quantiles)
    # Baselines of a sample of the windows would be drawn beside a run on all of them.
    on_all = {k: row for k, row in metrics["baselines"].items() if "by_step" in row}
    errors = {name: row["by_step"] for name, row in on_all.items()}
    _plot_horizon(folder / "horizon.png", scores["by_step"], errors)
    window = windows.take(spaced(chosen, RESIDUAL_WINDOWS))
    residuals = window.truth - run.answer(window.inputs)["forecast"]
    _plot_residuals(folder / "residuals.png", residuals / window.spread)
    if run.quantiles:
        before, after = scores["below_uncalibrated"].values(), scores["below"].values()
        _plot_coverage(folder / "coverage.png", run.quantiles, before, after)
    if history:
        path = folder / "history.png"
        plot_history(path, history, SCORES, kept)


def _plot_fan(path, window, outputs, targets, stamps, levels) -> None:
    """Draws some forecasts: a column a window, a row a target; `stamps (B, L + H)`."""
    names = list(targets)[:MAX_TARGETS]
    count, horizon = window.truth.shape[:2]
    size = 4.2 * count, 0.8 + 2.2 * len(names)
    figure, panels = new_figure(*size, len(names), count, squeeze=False)
    look_back = window.inputs["history"].shape[1]
    shown = min(look_back, max(8, int(SHOWN_HISTORY * horizon)))
    for (row, column), axes in np.ndenumerate(panels):
        times = stamps[column, -shown - horizon :]
        ahead = times[shown:]
        past = window.past[column, -shown:, row]
        truth = np.concatenate([past, window.truth[column, :, row]])
        axes.plot(times, truth, color="#222222", linewidth=1, label="truth")
        forecast = outputs["forecast"][column, :, row]
        axes.plot(ahead, forecast, color=BLUE, linewidth=1.4, label="forecast")
        if len(levels) > 1:
            low, *_, high = outputs["quantiles"][column, :, row].T
            span = f"{100 * (levels[-1] - levels[0]):.0f}% interval"
            style = {"color": BLUE, "alpha": 0.22, "linewidth": 0}
            axes.fill_between(ahead, low, high, label=span, **style)
        axes.axvline(ahead[0], color=GREY, linewidth=0.7, linestyle=":")
        axes.set_title(shorten(names[row]), size=9, loc="left")
        _tidy_times(axes)
    _add_legend(figure, panels[0, 0], 3)
    save_figure(figure, path)


def _tidy_times(axes) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=2, maxticks=5)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    axes.tick_params(labelsize=7)
    _tidy(axes)


def _tidy(axes) -> None:
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    hide_frame(axes)


def _add_legend(figure, axes, columns) -> None:
    handles, labels = axes.get_legend_handles_labels()
    place = "outside lower center"
    figure.legend(handles, labels, ncols=columns, loc=place, frameon=False)


def _plot_horizon(path, errors, baselines) -> None:
    """Draws "mse" and "mae" of each step ahead, beside the baselines."""
    figure, panels = new_figure(9, 3.6, 1, 2)
    for axes, metric in zip(panels, ("mae", "mse"), strict=True):
        steps = np.arange(1, len(errors[metric]) + 1)
        others = {name: row[metric] for name, row in baselines.items()}
        draw_errors(axes, steps, errors[metric], others, 1)
        axes.set_title(f"{metric.upper()} of standardised values", size=10)
        axes.set_xlabel("steps ahead")
    _add_legend(figure, panels[0], 4)
    save_figure(figure, path)


def draw_errors(axes, times, errors, baselines: Mapping, most_markers: int) -> None:
    """Draws a line for each baseline, and a wider one for the run."""
    marker = "o" if len(times) <= most_markers else None
    for name, values in {**baselines, RUN: errors}.items():
        style = {"lw": 1.8 if name == RUN else 1.1, "marker": marker, "ms": 3}
        axes.plot(times, values, color=COLOURS.get(name, BLUE), label=name, **style)
    axes.set_ylim(bottom=0)
    _tidy(axes)


def _plot_residuals(path, residuals) -> None:
    """Draws the distribution of truth minus forecast, in all and by steps ahead."""
    figure, (left, right) = new_figure(9, 3.6, 1, 2)
    values = residuals[~np.isnan(residuals)]
    limit = np.percentile(np.abs(values), 99) or 1.0
    left.hist(values, bins=61, range=(-limit, limit), color=BLUE)
    left.axvline(0, color="#222222", linewidth=0.8)
    left.set_title("Truth minus forecast, standard deviations", size=10)
    left.set(xlabel="the largest 1% are not drawn", ylabel="values")
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


def _plot_coverage(path, levels, before, after) -> None:
    """Draws the share of the truth below each quantile, beside its level."""
    figure, axes = new_figure(4.4, 4.2)
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.8)
    axes.plot(levels, list(before), "o", color=ORANGE, label="before calibration")
    axes.plot(levels, list(after), "o", color=BLUE, label="as given")
    axes.set(xlabel="quantile", ylabel="share of the truth below it")
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    axes.legend(frameon=False, fontsize=8)
    _tidy(axes)
    save_figure(figure, path)


def plot_explanation(path: Path, explanation: dict, columns: Columns) -> None:
    """Draws history, columns, covariates and attention of `explain`, a panel each."""
    shown = explanation["attention"] is not None
    count = 2 + bool(explanation["covariates"]) + shown
    rows = -(-count // 2)
    figure, grid = new_figure(10, 3.8 * rows, rows, 2, squeeze=False)
    panels = list(grid.flat)
    steps = np.array([*explanation["steps"], 0])
    widths = np.diff(steps) * 0.9
    panels[0].bar(steps[:-1], explanation["moves"], widths, align="edge", color=BLUE)
    panels[0].set_title("How far the forecast moves without these steps", size=10)
    panels[0].set(xlabel="steps before the forecast", ylabel="standard deviations")
    hide_frame(panels[0])
    title = "How far it moves without a column"
    _draw_bars(panels[1], title, explanation["columns"], BLUE)
    if explanation["covariates"]:
        title = "Growth of the error when a covariate is shuffled"
        _draw_bars(panels[2], title, explanation["covariates"], ORANGE)
    if shown:
        _draw_attention(panels[count - 1], explanation, columns)
    for axes in panels[count:]:
        axes.set_axis_off()
    save_figure(figure, path)


def _draw_bars(axes, title, values, colour):
    names = sorted(values, key=lambda name: -abs(values[name]))[:MAX_NAMES]
    places = range(len(names))
    axes.barh(places, [values[name] for name in names], color=colour)
    axes.set_yticks(places, [shorten(name) for name in names], fontsize=8)
    axes.set_title(title, size=10)
    axes.set_xlabel("standard deviations")
    axes.invert_yaxis()
    hide_frame(axes)


def _draw_attention(axes, explanation, columns):
    weights = np.array(explanation["attention"])
    image = axes.imshow(weights, cmap="Blues", vmin=0, aspect="auto")
    axes.figure.colorbar(image, ax=axes, fraction=0.05)
    titles = {
        "periodic": ("Attention of each target's cycle", "variate", "target"),
        "patch": ("Attention over time", "patch of history", "patch of history"),
        "encoder-decoder": ("Attention over time", "patch of history", "future patch"),
    }
    title, keys, queries = titles[explanation["model"]]
    axes.set_title(title, size=10)
    axes.set(xlabel=keys, ylabel=queries)
    if explanation["model"] == "periodic":
        names = [shorten(name) for name in columns.targets + columns.past]
        if len(names) == weights.shape[1] <= MAX_NAMES:
            axes.set_xticks(range(len(names)), names, rotation=45, fontsize=7)
            targets = [shorten(name) for name in columns.targets]
            axes.set_yticks(range(len(targets)), targets, fontsize=7)
