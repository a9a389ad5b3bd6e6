"""Pictures of a run: its training, and its scores by the length of the sentence."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ...translation.pairs import Pairs
from ..figures import BLUE, ORANGE, hide_frame, new_figure, save_figure
from .scores import Scorer, score_by_length

_TITLES = {"bleu": "BLEU", "chrf": "chrF++"}


def plot_evaluation(
    folder: Path,
    pairs: Pairs,
    hypotheses: Sequence[str],
    baseline: tuple[str, Sequence[str]] | None = None,
    history: Mapping[str, Sequence[float]] | None = None,
    tokenize: str = "13a",
    lowercase: bool = False,
) -> list[Path]:
    """Draws every picture of an evaluation.

    Args:
        folder: where the PNG files go; made where missing.
        pairs: what was translated.
        hypotheses: one a row.
        baseline: a name and its hypotheses, to stand beside the run.
        history: column name to one number an epoch; see `plot_history`.
        tokenize: a tokenizer of sacreBLEU, for BLEU alone.
        lowercase: whether case is ignored.

    Returns:
        The paths.
    """
    folder.mkdir(parents=True, exist_ok=True)
    scorer = Scorer(tokenize, lowercase)
    systems = {"this run": score_by_length(pairs, hypotheses, scorer)}
    if baseline is not None:
        name, theirs = baseline
        systems[name] = score_by_length(pairs, theirs, scorer)
    paths = [folder / "lengths.png"]
    plot_lengths(paths[0], systems)
    if history:
        paths.append(folder / "history.png")
        plot_history(paths[1], history)
    return paths


def plot_lengths(path: Path, systems: Mapping[str, list[dict]]) -> None:
    """Draws BLEU and chrF++ of short and long sentences, with counts and intervals.

    Args:
        path: a PNG file.
        systems: name to what `score_by_length` gave, for one or two systems.
    """
    buckets = next(iter(systems.values()))
    places = np.arange(len(buckets))
    width = max(3.2, 1.2 + 0.62 * len(buckets))
    figure, panels = new_figure(2 * width, 4, 1, 2, squeeze=True)
    share = 0.8 / len(systems)
    for axes, metric in zip(panels, ("bleu", "chrf"), strict=True):
        for number, (name, rows) in enumerate(systems.items()):
            values = np.array([row[metric] for row in rows])
            axes.bar(
                places + share * (number + 0.5) - 0.4,
                values,
                width=0.92 * share,
                color=(BLUE, ORANGE)[number],
                label=name,
                yerr=_whiskers(rows, metric, values),
                error_kw={"elinewidth": 1, "capsize": 2, "ecolor": "#444444"},
            )
        axes.set_title(f"{_TITLES[metric]} by length of the source", size=10)
        axes.set_xticks(places, [_name(row) for row in buckets], fontsize=8)
        axes.set_xlabel("characters (rows in brackets)", fontsize=9)
        axes.set_ylim(bottom=0)
        axes.grid(axis="y", color="#dddddd", linewidth=0.6)
        axes.set_axisbelow(True)
        hide_frame(axes)
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, ncols=2, loc="outside lower center", frameon=False)
    save_figure(figure, path)


def _whiskers(rows, metric, values):
    key = f"{metric}_interval"
    if key not in rows[0]:
        return None
    ends = np.array([row[key] for row in rows]).T
    # A score may lie outside the middle of its own resamples.
    return np.maximum([values - ends[0], ends[1] - values], 0)


def _name(row):
    low, high = row["shortest"], row["longest"]
    span = f"{low}" if low == high else f"{low}–{high}"
    return f"{span}\n({row['rows']})"


def plot_history(path: Path, history: Mapping[str, Sequence[float]]) -> None:
    """Draws the loss by epoch, and beside it the scores on validation.

    Args:
        path: a PNG file.
        history: column name to one number an epoch, as in history.csv: `loss`,
            `val_loss` on the left, `val_bleu`, `val_chrf` on the right. Without
            scores there is one panel.
    """
    scores = {
        title: history[f"val_{name}"]
        for name, title in _TITLES.items()
        if f"val_{name}" in history
    }
    columns = 2 if scores else 1
    figure, panels = new_figure(4.5 * columns, 3.8, 1, columns, squeeze=False)
    loss = panels[0, 0]
    for name, part, style in (
        ("loss", "train, label smoothing in it", {"color": ORANGE, "linestyle": "--"}),
        ("val_loss", "validation", {"color": BLUE}),
    ):
        if name in history:
            _curve(loss, history[name], label=part, **style)
    _finish(loss, "Loss")
    if scores:
        axes = panels[0, 1]
        for (title, values), colour in zip(
            scores.items(), (BLUE, ORANGE), strict=False
        ):
            _curve(axes, values, label=f"{title}, validation", color=colour)
            _mark_best(axes, np.array(values, float))
        _finish(axes, "Score")
    save_figure(figure, path)


def _curve(axes, values, **style):
    # Markers of hundreds of epochs would run together.
    marker = "o" if len(values) <= 40 else None
    epochs = np.arange(1, len(values) + 1)
    axes.plot(epochs, np.array(values, float), marker=marker, markersize=4, **style)


def _mark_best(axes, values):
    if not np.isfinite(values).any():
        return
    best = int(np.nanargmax(values))
    axes.annotate(
        f"{values[best]:.1f}",
        (best + 1, values[best]),
        textcoords="offset points",
        xytext=(0, 7),
        ha="center",
        fontsize=8,
    )


def _finish(axes, title):
    from matplotlib.ticker import MaxNLocator

    axes.set_title(title, size=10)
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.margins(y=0.12)
    if axes.lines:
        axes.legend(frameon=False, fontsize=8)
    hide_frame(axes)
