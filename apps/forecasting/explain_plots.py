"""A picture of what a forecast rests on."""

from pathlib import Path

import numpy as np

from ..common.figures import BLUE, ORANGE, hide_frame, new_figure, save_figure, shorten
from .series.frames import Columns

MAX_NAMES = 15  # bars of a panel


def plot_explanation(path: Path, found: dict, columns: Columns) -> None:
    """Draws history, columns, covariates and attention, a panel each.

    Args:
        path: a PNG file.
        found: what `explain` gives.
        columns: the run's.
    """
    panels = [_draw_steps, _draw_columns]
    if found["covariates"]:
        panels.append(_draw_covariates)
    if found["attention"] is not None:
        panels.append(_draw_attention)
    rows = -(-len(panels) // 2)
    figure, grid = new_figure(10, 3.8 * rows, rows, 2, squeeze=False)
    for axes, draw in zip(grid.flat, panels, strict=False):
        draw(axes, found, columns)
    for axes in list(grid.flat)[len(panels) :]:
        axes.set_axis_off()
    save_figure(figure, path)


def _draw_steps(axes, found, columns):
    steps = np.array([*found["steps"], 0])
    axes.bar(steps[:-1], found["moves"], np.diff(steps) * 0.9, align="edge", color=BLUE)
    axes.set_title("How far the forecast moves without these steps", size=10)
    axes.set_xlabel("steps before the forecast")
    axes.set_ylabel("standard deviations")
    hide_frame(axes)


def _draw_columns(axes, found, columns):
    _draw_bars(axes, found["columns"], BLUE)
    axes.set_title("How far it moves without a column", size=10)
    axes.set_xlabel("standard deviations")


def _draw_covariates(axes, found, columns):
    _draw_bars(axes, found["covariates"], ORANGE)
    axes.set_title("Growth of the error when a covariate is shuffled", size=10)
    axes.set_xlabel("standard deviations")


def _draw_bars(axes, values, colour):
    names = sorted(values, key=lambda name: -abs(values[name]))[:MAX_NAMES]
    places = np.arange(len(names))
    axes.barh(places, [values[name] for name in names], color=colour)
    axes.set_yticks(places, [shorten(name) for name in names], fontsize=8)
    axes.invert_yaxis()
    hide_frame(axes)


def _draw_attention(axes, found, columns):
    weights = np.array(found["attention"])
    image = axes.imshow(weights, cmap="Blues", vmin=0, aspect="auto")
    axes.figure.colorbar(image, ax=axes, fraction=0.05)
    titles = {
        "periodic": ("Attention of each target's cycle", "variate", "target"),
        "patch": ("Attention over time", "patch of history", "patch of history"),
        "encoder-decoder": ("Attention over time", "patch of history", "future patch"),
    }
    title, keys, queries = titles[found["model"]]
    axes.set_title(title, size=10)
    axes.set_xlabel(keys)
    axes.set_ylabel(queries)
    if found["model"] == "periodic":
        names = [shorten(name) for name in columns.targets + columns.past]
        if len(names) == weights.shape[1] <= MAX_NAMES:
            axes.set_xticks(range(len(names)), names, rotation=45, fontsize=7)
            targets = [shorten(name) for name in columns.targets]
            axes.set_yticks(range(len(targets)), targets, fontsize=7)
