"""Figures that are drawn alike in every app."""

import warnings

from .files import replacing

# Okabe and Ito's colours, which colour-blind people can tell apart.
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#999999"
NAME_LIMIT = 28  # characters of a name that are shown
# What matplotlib's own font lacks: Chinese, Japanese and Korean, then the rest.
FALLBACK_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Source Han Sans SC",
    "PingFang SC",
    "Apple SD Gothic Neo",
    "Microsoft YaHei",
    "Malgun Gothic",
    "WenQuanYi Zen Hei",
    "Noto Sans",
    "Arial Unicode MS",
)


def new_figure(width, height, rows=1, columns=1, **options):
    """A figure and its axes, as `matplotlib.pyplot.subplots` gives."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    # Without pyplot: no window, no global state, no thread trouble.
    figure = Figure(figsize=(width, height), layout="constrained", dpi=130)
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns, **options)


def save_figure(figure, path):
    """Writes a figure as PNG, all of it or nothing."""
    from matplotlib.font_manager import fontManager
    from matplotlib.text import Text

    installed = {font.name for font in fontManager.ttflist}
    fonts = ["DejaVu Sans", *(name for name in FALLBACK_FONTS if name in installed)]
    for text in figure.findobj(Text):
        text.set_fontfamily(fonts)
    with replacing(path) as temporary, warnings.catch_warnings():
        # A script that no font here has is drawn as boxes.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        options = {"facecolor": "white", "bbox_inches": "tight"}
        figure.savefig(temporary, format="png", **options)


def hide_frame(axes):
    axes.spines[["top", "right"]].set_visible(False)


def shorten(name):
    """A name on one line, cut, and never read as a formula."""
    name = " ".join(name.split())
    if len(name) > NAME_LIMIT:
        name = name[: NAME_LIMIT - 1] + "…"
    return name.replace("$", r"\$")
