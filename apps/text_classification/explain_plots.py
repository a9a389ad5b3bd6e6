"""Pictures of an explanation: signed bars for the words, maps of the attention."""

from pathlib import Path

import numpy as np

from ..common.figures import BLUE, ORANGE, hide_frame, new_figure, save_figure, shorten

MOST_WORDS = 40
MOST_TOKENS = 48  # on each axis of a map


def plot_words(path: Path, found: dict) -> None:
    """Draws each word's weight by branch, in reading order, the strongest if many.

    Args:
        path: a PNG file.
        found: what `explain.attribute` gave.
    """
    words = found["words"]
    strength = np.abs([word["weight"] for word in words])
    kept = np.sort(np.argsort(-strength, kind="stable")[:MOST_WORDS])
    shown = [words[i] for i in kept]
    figure, axes = new_figure(7.5, 1.5 + 0.26 * max(len(shown), 3))
    places = np.arange(len(shown))
    # Both branches are stacked, to the right and to the left on their own.
    right, left = np.zeros(len(shown)), np.zeros(len(shown))
    for branch, colour in (("deep", BLUE), ("wide", ORANGE)):
        values = np.array([word[branch] for word in shown])
        if not values.any():
            continue
        base = np.where(values > 0, right, left)
        label = f"{branch} branch"
        axes.barh(places, values, left=base, color=colour, height=0.7, label=label)
        right += np.maximum(values, 0)
        left += np.minimum(values, 0)
    sums = [word["weight"] for word in shown]
    axes.plot(sums, places, "D", color="black", markersize=4, label="sum")
    axes.axvline(0, color="black", linewidth=0.8)
    names = [shorten(word["text"]) or "␣" for word in shown]
    axes.set_yticks(places, names, fontsize=9)
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.set_xlabel("against the label  ←   weight   →  for the label")
    axes.grid(axis="x", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    part = "" if len(shown) == len(words) else f", {len(shown)} of {len(words)} words"
    part += ", text cut" if found["truncated"] else ""
    label = shorten(found["label"])
    axes.set_title(f"{label}, probability {found['probability']:.3f}{part}", size=10)
    figure.legend(ncols=3, loc="outside lower center", frameon=False, fontsize=9)
    hide_frame(axes)
    save_figure(figure, path)


def plot_attention(path: Path, scores: list[np.ndarray], tokens: list[str]) -> None:
    """Draws a map a layer: how much the token of each row looks at each column's.

    Args:
        path: a PNG file.
        scores: `(T, T)` a layer.
        tokens: the texts of the T tokens.
    """
    size = min(len(tokens), MOST_TOKENS)
    columns = min(len(scores), 2)
    rows = -(-len(scores) // columns)
    side = 2.2 + 0.19 * size
    figure, grid = new_figure(side * columns, side * rows, rows, columns, squeeze=False)
    names = [shorten(token) or "␣" for token in tokens[:size]]
    part = "" if size == len(tokens) else f", first {size} of {len(tokens)} tokens"
    for axes in grid.flat[len(scores) :]:
        axes.set_axis_off()
    for number, (axes, layer) in enumerate(zip(grid.flat, scores, strict=False), 1):
        image = axes.imshow(layer[:size, :size], cmap="Blues", vmin=0)
        axes.set_xticks(range(size), names, rotation=90, fontsize=8)
        axes.set_yticks(range(size), names, fontsize=8)
        axes.set_xlabel("attended to")
        axes.set_ylabel("token")
        axes.set_title(f"Attention, layer {number}, mean over heads{part}", size=10)
        figure.colorbar(image, ax=axes, fraction=0.046, pad=0.03, shrink=0.7)
    save_figure(figure, path)
