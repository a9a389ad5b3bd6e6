"""Picture of an explanation: which source pieces each target piece looked at."""

import unicodedata
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..common.figures import new_figure, save_figure, shorten

MOST_PIECES = 60  # on each axis
_CELL = 0.2  # inches
_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp", "Zs")  # categories of Unicode


def plot_attention(
    path: Path,
    source_pieces: Sequence[str],
    target_pieces: Sequence[str],
    scores: np.ndarray,
) -> None:
    """Draws how much each target piece looked at each source piece.

    Args:
        path: a PNG file.
        source_pieces: texts of the S pieces of the source, the columns.
        target_pieces: texts of the T pieces of the translation, the rows.
        scores: `(T, S)`, from 0 to 1.

    Raises:
        ValueError: scores of another shape.
    """
    scores = np.asarray(scores, np.float32)
    wanted = (len(target_pieces), len(source_pieces))
    if scores.shape != wanted:
        raise ValueError(f"scores of shape {scores.shape}, not (T, S) = {wanted}")
    shown = scores[:MOST_PIECES, :MOST_PIECES]
    rows, columns = shown.shape
    width, height = 2.2 + _CELL * columns, 1.8 + _CELL * rows
    figure, axes = new_figure(max(width, 4.2), max(height, 2.6))
    highest = max(float(shown.max(initial=0)), 1e-6)
    image = axes.imshow(shown, cmap="Blues", vmin=0, vmax=highest)
    names = [name_piece(piece) for piece in source_pieces[:columns]]
    axes.set_xticks(range(columns), names, rotation=90, fontsize=8)
    names = [name_piece(piece) for piece in target_pieces[:rows]]
    axes.set_yticks(range(rows), names, fontsize=8)
    # Lines to follow from a cell to its names.
    axes.set_xticks(np.arange(1, columns) - 0.5, minor=True)
    axes.set_yticks(np.arange(1, rows) - 0.5, minor=True)
    axes.grid(which="minor", color="#dddddd", linewidth=0.4)
    axes.tick_params(which="minor", length=0)
    # Read as text is: the source along the top, the translation downwards.
    axes.xaxis.set_ticks_position("top")
    axes.xaxis.set_label_position("top")
    axes.set_xlabel(_describe("source", columns, len(source_pieces)), fontsize=9)
    axes.set_ylabel(_describe("translation", rows, len(target_pieces)), fontsize=9)
    bar = figure.colorbar(image, ax=axes, fraction=0.04, pad=0.02, aspect=20)
    bar.ax.tick_params(labelsize=8)
    bar.set_label("attention", size=9)
    save_figure(figure, path)


def _describe(side, shown, pieces):
    return side if shown == pieces else f"{side}, first {shown} of {pieces} pieces"


def name_piece(piece: str) -> str:
    """A piece as it can be drawn: one line, nothing invisible, never empty.

    Example:

    >>> from polyhead.apps.translation.explain_plots import name_piece
    >>> [name_piece(piece) for piece in (" house", " ", "a\\tb", "\\u200f")]
    ['house', '␣', 'a\\\\tb', '\\\\u200f']
    """
    text = piece.strip(" ")
    if not text:
        return "␣" if piece else "∅"
    if unicodedata.category(text[0]).startswith("M"):  # needs something to sit on
        text = "◌" + text
    return shorten("".join(map(_escape, text)))


def _escape(character):
    # Control signs, marks of direction, lone surrogates, odd spaces.
    if unicodedata.category(character) in _HIDDEN and character != " ":
        return character.encode("unicode_escape").decode("ascii")
    return character
