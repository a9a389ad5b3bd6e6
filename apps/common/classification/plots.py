"""Pictures of a run: confusion, calibration, scores by label, training history."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..figures import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    hide_frame,
    new_figure,
    save_figure,
    shorten,
)
from ..history_plot import LOSS, Score, plot_history

MOST_CLASSES = 25  # a matrix of more cannot be read
MOST_PAIRS = 25
SCORES = (
    LOSS,
    Score("accuracy", "Accuracy", "{:.4f}"),
    Score("macro_f1", "Macro F1", "{:.4f}"),
)


def plot_evaluation(
    folder: Path,
    evaluation: Mapping[str, Any],
    label_names: Sequence[str],
    history: Mapping[str, list[float]] | None = None,
    kept: int | None = None,
) -> list[Path]:
    """Draws every picture of what `scores.evaluate` gave, and gives their paths.

    `history` and `kept` are of the training; see `plot_history`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    if evaluation["confusion"] is not None:
        paths.append(folder / "confusion.png")
        plot_confusion(paths[-1], evaluation["confusion"], label_names)
    paths.append(folder / "labels.png")
    plot_labels(paths[-1], evaluation["per_class"])
    if "reliability" in evaluation:
        paths.append(folder / "reliability.png")
        error = evaluation["calibration_error"]
        plot_reliability(paths[-1], evaluation["reliability"], error)
    if history:
        paths.append(folder / "history.png")
        plot_history(paths[-1], history, SCORES, kept)
    return paths


def plot_confusion(
    path: Path, confusion: np.ndarray, label_names: Sequence[str]
) -> None:
    """Draws `confusion (truth, answer)`; with many classes, the worst confusions."""
    plot = _plot_matrix if len(label_names) <= MOST_CLASSES else _plot_pairs
    plot(path, confusion, label_names)


def _plot_matrix(path: Path, confusion: np.ndarray, label_names: Sequence[str]) -> None:
    classes = len(label_names)
    share = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    side = 2.6 + (0.6 if classes <= 6 else 0.36) * classes
    figure, axes = new_figure(side + 0.6, side)
    image = axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    style = {"fontsize": 11 if classes <= 6 else 8 if classes <= 12 else 6}
    for truth, answer in np.ndindex(confusion.shape):
        count = confusion[truth, answer]
        if count:
            colour = "white" if share[truth, answer] > 0.5 else "black"
            place = {"ha": "center", "va": "center"}
            axes.text(answer, truth, count, color=colour, **place, **style)
    names = [shorten(name) for name in label_names]
    flat = classes * max(map(len, names)) <= 24
    tilt = {} if flat else {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
    axes.set_xticks(range(classes), names, **tilt)
    axes.set_yticks(range(classes), names)
    axes.set(xlabel="predicted", ylabel="truth")
    axes.set_title("Texts by truth and answer", size=10)
    bar = figure.colorbar(image, ax=axes, fraction=0.046, pad=0.03, shrink=0.7)
    bar.set_label("share of the true label", size=9)
    save_figure(figure, path)


def _plot_pairs(path: Path, confusion: np.ndarray, label_names: Sequence[str]) -> None:
    from matplotlib.ticker import MaxNLocator

    mistakes = confusion.copy()
    np.fill_diagonal(mistakes, 0)
    order = np.argsort(-mistakes, axis=None, kind="stable")[:MOST_PAIRS]
    pairs = [divmod(int(cell), len(label_names)) for cell in order]
    pairs = [pair for pair in pairs if mistakes[pair]]
    figure, axes = new_figure(9, 1.6 + 0.27 * max(len(pairs), 2))
    counts = [int(mistakes[pair]) for pair in pairs]
    bars = axes.barh(range(len(pairs)), counts, color=BLUE)
    totals = [int(confusion[truth].sum()) for truth, _ in pairs]
    numbers = [f"{n} of {total}" for n, total in zip(counts, totals, strict=True)]
    axes.bar_label(bars, numbers, padding=3, fontsize=8)
    names = [f"{shorten(label_names[t])} → {shorten(label_names[a])}" for t, a in pairs]
    axes.set_yticks(range(len(pairs)), names, fontsize=8)
    axes.invert_yaxis()
    axes.set(xlim=(0, 1.15 * max(counts, default=1)), xlabel="texts")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    title = "Most frequent confusions, truth → predicted"
    shown = f"{sum(counts)} of {mistakes.sum()} mistakes, {len(label_names)} labels"
    axes.set_title(f"{title} ({shown})", size=10)
    hide_frame(axes)
    save_figure(figure, path)


def plot_labels(path: Path, per_class: Sequence[Mapping[str, Any]]) -> None:
    """Draws precision, recall and F1 of each label; the worst, with many labels."""
    rows = sorted(per_class, key=lambda row: row["f1"])
    shown = rows[: 2 * MOST_CLASSES]
    figure, axes = new_figure(8, 1.8 + 0.24 * max(len(shown), 3))
    places = np.arange(len(shown))
    lowest = 1.0
    # Drawn one over the other: the later markers are the smaller ones.
    for name, colour, marker, size in (
        ("F1", BLUE, "o", 55),
        ("precision", ORANGE, ">", 26),
        ("recall", GREEN, "D", 16),
    ):
        values = [row[name.lower()] for row in shown]
        axes.scatter(values, places, s=size, c=colour, marker=marker, label=name)
        lowest = min(lowest, *values)
    names = [f"{shorten(row['label'])} ({row['support']})" for row in shown]
    axes.set_yticks(places, names, fontsize=8)
    left = max(0.0, np.floor(10 * lowest) / 10 - 0.1)
    margin = 0.02 * (1 - left)
    axes.set(xlim=(left - margin, 1 + margin), ylim=(len(shown) - 0.4, -0.6))
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    kept = "" if len(shown) == len(rows) else f", the {len(shown)} worst of {len(rows)}"
    axes.set_title(f"Scores by label (texts in brackets{kept})", size=10)
    figure.legend(ncols=3, loc="outside lower center", frameon=False)
    hide_frame(axes)
    save_figure(figure, path)


def plot_reliability(
    path: Path, reliability: Mapping[str, list], calibration_error: float
) -> None:
    """Draws how often answers are right against how sure they are, with counts."""
    counts = np.array(reliability["count"])
    bins = len(counts)
    options = {"sharex": True, "height_ratios": (3, 1), "squeeze": True}
    figure, (above, below) = new_figure(5.6, 6.2, 2, 1, **options)
    above.plot([0, 1], [0, 1], color=GREY, linestyle="--", label="as sure as right")
    kept = np.flatnonzero(counts)
    sure = [reliability["confidence"][bin] for bin in kept]
    right = [reliability["accuracy"][bin] for bin in kept]
    above.plot(sure, right, color=BLUE, marker="o", label="this run")
    above.set(ylabel="share that is right", ylim=(-0.02, 1.02))
    above.set_title(f"Reliability (calibration error {calibration_error:.3f})", size=10)
    above.legend(loc="upper left", frameon=False)
    above.grid(color="#dddddd", linewidth=0.6)
    centres = (np.arange(bins) + 0.5) / bins
    below.bar(centres, counts, width=0.92 / bins, color=BLUE)
    below.set(ylabel="count", xlabel="probability given", xlim=(0, 1))
    if counts.max() > 500 * counts[kept].min():
        below.set_yscale("symlog", linthresh=1)
        below.set_ylabel("count (log)")
    for axes in (above, below):
        hide_frame(axes)
    save_figure(figure, path)
