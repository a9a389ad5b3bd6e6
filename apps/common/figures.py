"""Figures in the same style for every app."""

import functools
import logging
import os
import warnings
from typing import TYPE_CHECKING, Any

from .drawing.fonts import fonts_for
from .files import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe and Ito's colours, which colour-blind people can tell apart.
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#999999"
NAME_LIMIT = 28  # longer names are cut to this many characters


def new_figure(
    width: float, height: float, rows: int = 1, columns: int = 1, **options: Any
) -> tuple["Figure", Any]:
    """A figure and its axes, as from `matplotlib.pyplot.subplots`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    # Without pyplot: no window, no global state, no trouble with threads.
    figure = Figure(figsize=(width, height), layout="constrained", dpi=130)
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns, **options)


def save_figure(figure: "Figure", path: str | os.PathLike[str]) -> None:
    """Writes a figure as PNG, completely or not at all."""
    from matplotlib.text import Text

    texts = figure.findobj(Text)
    fonts = fonts_for("".join(text.get_text() for text in texts))
    for text in texts:
        text.set_fontfamily(fonts)
    log = logging.getLogger("matplotlib.font_manager")
    with replacing(path) as temporary, warnings.catch_warnings():
        # A note has said which characters no font has: they are drawn as boxes.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        level = log.level
        log.setLevel(logging.ERROR)  # it says of each text that a family is thin
        try:
            save = functools.partial(figure.savefig, temporary, format="png")
            save(facecolor="white", bbox_inches="tight")
        finally:
            log.setLevel(level)


def hide_frame(axes: Any) -> None:
    """Removes the top and the right line of the frame."""
    axes.spines[["top", "right"]].set_visible(False)


def shorten(name: str) -> str:
    """Cuts a name to one short line in which "$" starts no formula."""
    name = " ".join(name.split())
    if len(name) > NAME_LIMIT:
        name = name[: NAME_LIMIT - 1] + "…"
    return name.replace("$", r"\$")
