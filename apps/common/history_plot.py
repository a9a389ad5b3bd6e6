"""The picture of a training: each measure by epoch, of training and validation."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .figures import BLUE, GREY, ORANGE, hide_frame, new_figure, save_figure
from .history import OBJECTIVE

MARKED_EPOCHS = 40  # the markers of more epochs would overlap
TRAIN_LABEL = "training, with dropout"


class Score(NamedTuple):
    """A measure of an epoch, which has a panel of its own."""

    name: str  # its column in history.csv; that of validation begins with "val_"
    title: str
    form: str = "{:.4g}"  # of its value in the kept epoch


LOSS = Score("loss", "Loss")


def plot_history(
    path: Path,
    history: Mapping[str, Sequence[float]],
    scores: Sequence[Score],
    kept: int | None = None,
) -> None:
    """Draws a panel for each score: training and validation, and the epoch `kept`.

    `history` has the columns of history.csv. Scores without a column are left out. In
    a file of an older version `loss` is the objective of the training, which is no
    measure of validation: it has a panel of its own.
    """
    history = dict(history)
    panels = [s for s in scores if {s.name, f"val_{s.name}"} & history.keys()]
    if "loss" in history and OBJECTIVE not in history:
        history[OBJECTIVE] = history.pop("loss")
        panels = [s for s in panels if {s.name, f"val_{s.name}"} & history.keys()]
        panels.insert(0, Score(OBJECTIVE, "What the training made small"))
    columns = max(1, len(panels))
    figure, grid = new_figure(4.5 * columns, 3.8, 1, columns, squeeze=False)
    for axes, score in zip(grid[0], panels, strict=False):
        _draw(axes, score, history, kept)
    save_figure(figure, path)


def _draw(axes: Any, score: Score, history: Mapping, kept: int | None) -> None:
    from matplotlib.ticker import MaxNLocator

    columns = (
        (score.name, TRAIN_LABEL, ORANGE, "--"),
        (f"val_{score.name}", "validation", BLUE, "-"),
    )
    for column, label, colour, style in columns:
        if column in history:
            _curve(axes, history[column], label, colour, style)
    values = np.array(history.get(f"val_{score.name}", ()), float)
    if kept is not None:
        line = {"color": GREY, "linestyle": ":", "linewidth": 1.2}
        axes.axvline(kept, label=f"kept: epoch {kept}", **line)
    if kept is not None and 1 <= kept <= len(values) and np.isfinite(values[kept - 1]):
        point = kept, values[kept - 1]
        above = {"textcoords": "offset points", "xytext": (0, 7), "ha": "center"}
        axes.annotate(score.form.format(point[1]), point, **above, fontsize=8)
    axes.set_title(score.title, size=10)
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.margins(y=0.12)
    # Away from where the curve ends. To look for the best place may take seconds.
    falls = len(values) > 0 and values[0] > values[-1]
    axes.legend(
        frameon=False, fontsize=8, loc="upper right" if falls else "lower right"
    )
    hide_frame(axes)


def _curve(
    axes: Any, values: Sequence[float], label: str, colour: str, style: str
) -> None:
    marker = "o" if len(values) <= MARKED_EPOCHS else None
    look = {"marker": marker, "markersize": 4, "color": colour, "linestyle": style}
    epochs = np.arange(1, len(values) + 1)
    axes.plot(epochs, np.array(values, float), label=label, **look)
