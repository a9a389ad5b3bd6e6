"""A picture of what a forecast depends on."""

from pathlib import Path

import numpy as np

from ...common.figures import BLUE, ORANGE, hide_frame, new_figure, save_figure, shorten
from ..series.frames import Columns

MAX_NAMES = 15  # bars of a panel


def plot_explanation(path: Path, explanation: dict, columns: Columns) -> None:
    """Draws history, columns, covariates and attention, a panel each.

    Args:
        path: a PNG file.
        explanation: what `explain` gives.
        columns: the run's.
    """
    shown = explanation["attention"] is not None
    count = 2 + bool(explanation["covariates"]) + shown
    rows = -(-count // 2)
    figure, grid = new_figure(10, 3.8 * rows, rows, 2, squeeze=False)
    panels = list(grid.flat)
    steps = np.array([*explanation["steps"], 0])
    widths = np.diff(steps) * 0.9
    panels[0].bar(steps[:-1], explanation["moves"], widths, align="edge", color=BLUE)
    panels[0].set_title("How far the forecast moves without these steps", size=10)
    panels[0].set_xlabel("steps before the forecast")
    panels[0].set_ylabel("standard deviations")
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
    places = np.arange(len(names))
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
    axes.set_xlabel(keys)
    axes.set_ylabel(queries)
    if explanation["model"] == "periodic":
        names = [shorten(name) for name in columns.targets + columns.past]
        if len(names) == weights.shape[1] <= MAX_NAMES:
            axes.set_xticks(range(len(names)), names, rotation=45, fontsize=7)
            targets = [shorten(name) for name in columns.targets]
            axes.set_yticks(range(len(targets)), targets, fontsize=7)
