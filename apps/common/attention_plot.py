"""Pictures of attention weights: which token attends to which."""

import unicodedata
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .figures import new_figure, save_figure, shorten

CELL = 0.2  # inches
_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp", "Zs")  # categories of Unicode


def plot_attention(
    path: Path,
    maps: Sequence[np.ndarray],
    queries: Sequence[str],
    keys: Sequence[str],
    titles: Sequence[str] = ("",),
    names: tuple[str, str] = ("token", "attended to"),
    most: int = 48,
) -> None:
    """Draws each matrix as a map: how much each query attends to each key.

    The maps are `(T, S)`, with values from 0 to 1. The rows are the T `queries`, the
    columns the S `keys`; `names` are those of the two axes, and `most` is the number of
    tokens that each axis shows.
    """
    expected = (len(queries), len(keys))
    for weights in maps:
        shape = np.shape(weights)
        if shape != expected:
            raise ValueError(f"weights of shape {shape}, not (T, S) = {expected}")
    rows, columns = min(len(queries), most), min(len(keys), most)
    across = min(len(maps), 2)
    down = -(-len(maps) // across)
    size = max(2.2 + CELL * columns, 4.2) * across, max(1.8 + CELL * rows, 2.6) * down
    figure, grid = new_figure(*size, down, across, squeeze=False)
    for axes in grid.flat[len(maps) :]:
        axes.set_axis_off()
    for axes, weights, title in zip(grid.flat, maps, titles, strict=False):
        shown = np.asarray(weights, np.float32)[:rows, :columns]
        highest = max(float(shown.max(initial=0)), 1e-6)
        image = axes.imshow(shown, cmap="Blues", vmin=0, vmax=highest)
        labels = [name_piece(text) for text in keys[:columns]]
        axes.set_xticks(range(columns), labels, rotation=90, fontsize=8)
        labels = [name_piece(text) for text in queries[:rows]]
        axes.set_yticks(range(rows), labels, fontsize=8)
        # Lines lead the eye from a cell to its two tokens.
        axes.set_xticks(np.arange(1, columns) - 0.5, minor=True)
        axes.set_yticks(np.arange(1, rows) - 0.5, minor=True)
        axes.grid(which="minor", color="#dddddd", linewidth=0.4)
        axes.tick_params(which="minor", length=0)
        # In reading order: the keys along the top, the queries downwards.
        axes.xaxis.set_ticks_position("top")
        axes.xaxis.set_label_position("top")
        axes.set_xlabel(_describe(names[1], columns, len(keys)), fontsize=9)
        axes.set_ylabel(_describe(names[0], rows, len(queries)), fontsize=9)
        if title:
            axes.set_title(title, size=10)
        bar = figure.colorbar(image, ax=axes, fraction=0.04, pad=0.02, aspect=20)
        bar.ax.tick_params(labelsize=8)
        bar.set_label("attention", size=9)
    save_figure(figure, path)


def _describe(name: str, shown: int, pieces: int) -> str:
    return name if shown == pieces else f"{name}, first {shown} of {pieces} pieces"


def name_piece(piece: str) -> str:
    """Makes a piece drawable: one line, nothing invisible, never empty.

    Example:

    >>> from polyhead.apps.common.attention_plot import name_piece
    >>> [name_piece(piece) for piece in (" house", " ", "a\\tb", "\\u200f")]
    ['house', '␣', 'a\\\\tb', '\\\\u200f']
    """
    text = piece.strip(" ")
    if not text:
        return "␣" if piece else "∅"
    if unicodedata.category(text[0]).startswith("M"):  # needs a base letter
        text = "◌" + text
    return shorten("".join(map(_escape, text)))


def _escape(character: str) -> str:
    # Control characters, direction marks, lone surrogates, unusual spaces.
    if unicodedata.category(character) in _HIDDEN and character != " ":
        return character.encode("unicode_escape").decode("ascii")
    return character
