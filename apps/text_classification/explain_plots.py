"""Picture of an explanation: signed bars for the words."""

from pathlib import Path

import numpy as np

from ..common.figures import BLUE, ORANGE, hide_frame, new_figure, save_figure, shorten

MOST_WORDS = 40


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
