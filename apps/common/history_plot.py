"""The picture of a training: its loss and its scores, epoch by epoch."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .figures import BLUE, GREEN, GREY, ORANGE, hide_frame, new_figure, save_figure

MARKED_EPOCHS = 40  # markers of more would run together


class Score(NamedTuple):
    """A measure on validation data.

    Args:
        column: of history.csv.
        label: in the legend.
        form: how its best value is written, such as "{:.4f}"; empty for not at all.
    """

    column: str
    label: str
    form: str = ""


def plot_history(
    path: Path,
    history: Mapping[str, Sequence[float]],
    scores: Sequence[Score],
    loss_label: str = "train",
    title: str = "Score",
) -> None:
    """Draws loss and scores by epoch.

    Args:
        path: a PNG file.
        history: column name to one number an epoch, as in history.csv: `loss` and
            `val_loss` are drawn on the left.
        scores: what is drawn on the right; columns that are absent are left out.
        loss_label: what the loss in training is called.
        title: of the right panel.
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
            axes.annotate(
                score.form.format(values[best]),
                (best + 1, values[best]),
                textcoords="offset points",
                xytext=(0, 7),
                ha="center",
                fontsize=8,
            )
    if scores:
        _finish(panels[0, 1], title)
    save_figure(figure, path)


def _curve(axes, values, label, colour, style) -> None:
    marker = "o" if len(values) <= MARKED_EPOCHS else None
    axes.plot(
        np.arange(1, len(values) + 1),
        np.array(values, float),
        marker=marker,
        markersize=4,
        label=label,
        color=colour,
        linestyle=style,
    )


def _finish(axes, title) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.set_title(title, size=10)
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.margins(y=0.12)
    if axes.lines:
        axes.legend(frameon=False, fontsize=8)
    hide_frame(axes)
