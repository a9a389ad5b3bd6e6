"""Pictures of a run that writes texts: its training, and scores by length."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from ..data.pairs import Pairs
from ..figures import BLUE, ORANGE, hide_frame, new_figure, save_figure
from ..history_plot import LOSS, Score, plot_history
from .comparison import COLUMNS
from .scores import TITLES, Scorer, score_by_length

SCORES = [LOSS, *(Score(key, one.title, one.form) for key, one in COLUMNS.items())]


def plot_evaluation(
    folder: Path,
    pairs: Pairs,
    hypotheses: Sequence[str],
    scorer: Scorer,
    baseline: tuple[str, Sequence[str]] | None = None,
    history: Mapping[str, Sequence[float]] | None = None,
    kept: int | None = None,
) -> list[Path]:
    """Draws every picture of an evaluation into a folder, and returns their paths.

    `baseline`, a name and its hypotheses, is drawn beside the run; `history` and `kept`
    are of the training, see `plot_history`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    systems = {"this run": score_by_length(pairs, hypotheses, scorer)}
    if baseline is not None:
        systems[baseline[0]] = score_by_length(pairs, baseline[1], scorer)
    paths = [folder / "lengths.png"]
    plot_lengths(paths[0], systems, (scorer.main, "chrf"))
    if history:
        paths.append(folder / "history.png")
        plot_history(paths[1], history, SCORES, kept)
    return paths


def plot_lengths(
    path: Path,
    systems: Mapping[str, list[dict]],
    measures: Iterable[str] = ("bleu", "chrf"),
) -> None:
    """Draws two measures of short and long sources, with counts and intervals.

    `systems` is name -> what `score_by_length` gave, for one or two systems.
    """
    buckets = next(iter(systems.values()))
    places = np.arange(len(buckets))
    width = max(3.2, 1.2 + 0.62 * len(buckets))
    figure, panels = new_figure(2 * width, 4, 1, 2, squeeze=True)
    share = 0.8 / len(systems)
    for axes, metric in zip(panels, measures, strict=True):
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
        axes.set_title(f"{TITLES[metric]} by length of the source", size=10)
        axes.set_xticks(places, [_name(row) for row in buckets], fontsize=8)
        axes.set_xlabel("characters (rows in brackets)", fontsize=9)
        axes.set_ylim(bottom=0)
        axes.grid(axis="y", color="#dddddd", linewidth=0.6)
        axes.set_axisbelow(True)
        hide_frame(axes)
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, ncols=2, loc="outside lower center", frameon=False)
    save_figure(figure, path)


def _whiskers(rows: list[dict], metric: str, values: np.ndarray) -> np.ndarray | None:
    key = f"{metric}_interval"
    if key not in rows[0]:
        return None
    ends = np.array([row[key] for row in rows]).T
    # A score may lie outside the middle of its own resamples.
    return np.maximum([values - ends[0], ends[1] - values], 0)


def _name(row: dict) -> str:
    low, high = row["shortest"], row["longest"]
    span = f"{low}" if low == high else f"{low}–{high}"
    return f"{span}\n({row['rows']})"
