"""Picture of what decided a text's label: signed bars for its words."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ..figures import BLUE, ORANGE, hide_frame, new_figure, save_figure, shorten

MOST_WORDS = 40


def plot_words(
    path: Path, explanation: Mapping, branches: Sequence[str] = ("deep", "wide")
) -> None:
    """Draws the weight of each word by branch, in reading order.

    The explanation has `label`, `probability`, `truncated` and `words`: each has its
    `text`, the weight of each of two branches of the model, and their sum `weight`. Of
    more than 40 words the strongest are drawn.
    """
    words = explanation["words"]
    strength = np.abs([word["weight"] for word in words])
    kept = np.sort(np.argsort(-strength, kind="stable")[:MOST_WORDS])
    shown = [words[i] for i in kept]
    figure, axes = new_figure(7.5, 1.5 + 0.26 * max(len(shown), 3))
    places = np.arange(len(shown))
    # The branches are stacked: positive weights to the right, negative to the left.
    right, left = np.zeros(len(shown)), np.zeros(len(shown))
    for branch, colour in zip(branches, (BLUE, ORANGE), strict=True):
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
    signs = "against the label  ←   weight   →  for the label"
    axes.set(ylim=(len(shown) - 0.4, -0.6), xlabel=signs)
    axes.grid(axis="x", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    part = "" if len(shown) == len(words) else f", {len(shown)} of {len(words)} words"
    part += ", text cut" if explanation["truncated"] else ""
    label, probability = shorten(explanation["label"]), explanation["probability"]
    axes.set_title(f"{label}, probability {probability:.3f}{part}", size=10)
    figure.legend(ncols=3, loc="outside lower center", frameon=False, fontsize=9)
    hide_frame(axes)
    save_figure(figure, path)
