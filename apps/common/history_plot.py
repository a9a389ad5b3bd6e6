"""The picture of a training: loss and scores by epoch."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .figures import BLUE, GREEN, GREY, ORANGE, hide_frame, new_figure, save_figure

MARKED_EPOCHS = 40  # the markers of more epochs would overlap


class Score(NamedTuple):
    """A measure on validation data."""

    column: str  # in history.csv
    label: str  # in the legend
    form: str = ""  # the format of its best value, such as "{:.4f}"; "" leaves it out


def plot_history(
    path: Path,
    history: Mapping[str, Sequence[float]],
    scores: Sequence[Score],
    loss_label: str = "train",
    title: str = "Score",
) -> None:
    """Draws the losses on the left, and the scores by epoch on the right.

    `history` has the columns of history.csv, `loss` and `val_loss` among them. Scores
    without a column are left out. `title` is that of the right panel.
    """
    scores = [score for score in scores if score.column in history]
    columns = 2 if scores else 1
    figure, panels = new_figure(4.5 * columns, 3.8, 1, columns, squeeze=False)
    losses = (("loss", loss_label, ORANGE, "--"), ("val_loss", "validation", BLUE, "-"))
    for column, label, colour, style in losses:
        if column in history:
            _curve(panels[0, 0], history[column], label, colour, style)
    _finish(panels[0, 0], "Loss")
    for score, colour in zip(scores, (BLUE, ORANGE, GREEN, GREY), strict=False):
        axes, values = panels[0, 1], np.array(history[score.column], float)
        _curve(axes, values, f"{score.label}, validation", colour, "-")
        if score.form and np.isfinite(values).any():
            best = int(np.nanargmax(values))
            text, point = score.form.format(values[best]), (best + 1, values[best])
            above = {"textcoords": "offset points", "xytext": (0, 7), "ha": "center"}
            axes.annotate(text, point, **above, fontsize=8)
    if scores:
        _finish(panels[0, 1], title)
    save_figure(figure, path)


def _curve(
    axes: Any, values: Sequence[float] | np.ndarray, label: str, colour: str, style: str
) -> None:
    marker = "o" if len(values) <= MARKED_EPOCHS else None
    look = {"marker": marker, "markersize": 4, "color": colour, "linestyle": style}
    epochs = np.arange(1, len(values) + 1)
    axes.plot(epochs, np.array(values, float), label=label, **look)


def _finish(axes: Any, title: str) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.set_title(title, size=10)
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.margins(y=0.12)
    if axes.lines:
        axes.legend(frameon=False, fontsize=8)
    hide_frame(axes)
