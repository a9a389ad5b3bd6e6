"""Figures in the same style for every app."""

import os
import warnings
from typing import TYPE_CHECKING, Any

from .files import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe and Ito's colours, which colour-blind people can tell apart.
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#999999"
NAME_LIMIT = 28  # longer names are cut to this many characters
# For scripts that matplotlib's own font lacks: first Chinese, Japanese and Korean.
FALLBACK_FONTS = (
    "Noto Sans CJK SC, Noto Sans CJK JP, Source Han Sans SC, PingFang SC, "
    "Apple SD Gothic Neo, Microsoft YaHei, Malgun Gothic, WenQuanYi Zen Hei, "
    "Noto Sans, Arial Unicode MS"
).split(", ")


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
    from matplotlib.font_manager import fontManager
    from matplotlib.text import Text

    installed = {font.name for font in fontManager.ttflist}
    fonts = ["DejaVu Sans", *(name for name in FALLBACK_FONTS if name in installed)]
    for text in figure.findobj(Text):
        text.set_fontfamily(fonts)
    with replacing(path) as temporary, warnings.catch_warnings():
        # Characters that no installed font has are drawn as boxes.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure.savefig(temporary, format="png", facecolor="white", bbox_inches="tight")


def hide_frame(axes: Any) -> None:
    """Removes the top and the right line of the frame."""
    axes.spines[["top", "right"]].set_visible(False)


def shorten(name: str) -> str:
    """Cuts a name to one short line in which "$" starts no formula."""
    name = " ".join(name.split())
    if len(name) > NAME_LIMIT:
        name = name[: NAME_LIMIT - 1] + "…"
    return name.replace("$", r"\$")
