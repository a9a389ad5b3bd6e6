"""Pictures of a run: confusion, calibration, scores by label, training history."""

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
from ..history_plot import Score, plot_history

MOST_CLASSES = 25  # a matrix of more cannot be read
MOST_PAIRS = 25
SCORES = {"accuracy": "accuracy", "macro_f1": "macro F1"}  # of an epoch


def plot_evaluation(folder, evaluation, label_names, history=None):
    """Draws every picture of an evaluation.

    Args:
        folder: where the PNG files go; made where missing.
        evaluation: what `evaluate` gave for test, or validation.
        label_names: one a label.
        history: column name to one number an epoch; see `plot_history`.

    Returns:
        The paths.
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
        scores = [Score(f"val_{k}", v, "{:.4f}") for k, v in SCORES.items()]
        plot_history(paths[-1], history, scores)
    return paths


def plot_confusion(path, confusion, label_names):
    """Draws the confusion matrix; with many classes, the worst confusions.

    Args:
        path: a PNG file.
        confusion: int (truth, answer).
        label_names: one a class.
    """
    if len(label_names) <= MOST_CLASSES:
        _plot_matrix(path, confusion, label_names)
    else:
        _plot_pairs(path, confusion, label_names)


def _plot_matrix(path, confusion, label_names):
    classes = len(label_names)
    share = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    side = 2.6 + (0.6 if classes <= 6 else 0.36) * classes
    figure, axes = new_figure(side + 0.6, side)
    image = axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    size = 11 if classes <= 6 else 8 if classes <= 12 else 6
    for truth, answer in np.ndindex(confusion.shape):
        count = confusion[truth, answer]
        if count:
            colour = "white" if share[truth, answer] > 0.5 else "black"
            place = {"ha": "center", "va": "center"}
            axes.text(answer, truth, count, color=colour, fontsize=size, **place)
    names = [shorten(name) for name in label_names]
    flat = classes * max(map(len, names)) <= 24
    tilt = {} if flat else {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
    axes.set_xticks(range(classes), names, **tilt)
    axes.set_yticks(range(classes), names)
    axes.set_xlabel("predicted")
    axes.set_ylabel("truth")
    axes.set_title("Texts by truth and answer", size=10)
    bar = figure.colorbar(image, ax=axes, fraction=0.046, pad=0.03, shrink=0.7)
    bar.set_label("share of the true label", size=9)
    save_figure(figure, path)


def _plot_pairs(path, confusion, label_names):
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
    axes.set_xlim(0, 1.15 * max(counts, default=1))
    axes.set_xlabel("texts")
    _whole_ticks(axes.xaxis)
    everything = int(mistakes.sum())
    axes.set_title(
        f"Most frequent confusions, truth → predicted "
        f"({sum(counts)} of {everything} mistakes, {len(label_names)} labels)",
        size=10,
    )
    hide_frame(axes)
    save_figure(figure, path)


def plot_labels(path, per_class):
    """Draws precision, recall and F1 of each label; the worst, with many labels.

    Args:
        path: a PNG file.
        per_class: the list that `evaluate` gives.
    """
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
    axes.set_ylim(len(shown) - 0.4, -0.6)
    left = max(0.0, np.floor(10 * lowest) / 10 - 0.1)
    axes.set_xlim(left - 0.02 * (1 - left), 1 + 0.02 * (1 - left))
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    kept = "" if len(shown) == len(rows) else f", the {len(shown)} worst of {len(rows)}"
    axes.set_title(f"Scores by label (texts in brackets{kept})", size=10)
    figure.legend(ncols=3, loc="outside lower center", frameon=False)
    hide_frame(axes)
    save_figure(figure, path)


def plot_reliability(path, reliability, calibration_error):
    """Draws how often answers are right against how sure they are, with counts.

    Args:
        path: a PNG file.
        reliability: what `measure_calibration` gives.
        calibration_error: is written into the picture.
    """
    bins = len(reliability["count"])
    figure, (above, below) = new_figure(
        5.6, 6.2, 2, 1, sharex=True, height_ratios=(3, 1), squeeze=True
    )
    above.plot([0, 1], [0, 1], color=GREY, linestyle="--", label="as sure as right")
    kept = [bin for bin in range(bins) if reliability["count"][bin]]
    sure = [reliability["confidence"][bin] for bin in kept]
    right = [reliability["accuracy"][bin] for bin in kept]
    above.plot(sure, right, color=BLUE, marker="o", label="this run")
    above.set_ylabel("share that is right")
    above.set_ylim(-0.02, 1.02)
    above.set_title(f"Reliability (calibration error {calibration_error:.3f})", size=10)
    above.legend(loc="upper left", frameon=False)
    above.grid(color="#dddddd", linewidth=0.6)
    edges = (np.arange(bins) + 0.5) / bins
    below.bar(edges, reliability["count"], width=0.92 / bins, color=BLUE)
    below.set_ylabel("count")
    below.set_xlabel("probability given")
    below.set_xlim(0, 1)
    counts = [reliability["count"][bin] for bin in kept]
    if max(counts) > 500 * min(counts):
        below.set_yscale("symlog", linthresh=1)
        below.set_ylabel("count (log)")
    hide_frame(above)
    hide_frame(below)
    save_figure(figure, path)


def _whole_ticks(axis):
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(integer=True))
