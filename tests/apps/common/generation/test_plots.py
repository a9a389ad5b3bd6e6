"""The pictures of a run that writes texts: that each is drawn, and of what."""

from itertools import pairwise

import pytest
from picture_tools import assert_drawn, keep_figures, names_on

from polyhead.apps.common import history_plot
from polyhead.apps.common.data.pairs import make_pairs
from polyhead.apps.common.generation import plots
from polyhead.apps.common.generation.plots import (
    SCORES,
    plot_evaluation,
    plot_lengths,
)
from polyhead.apps.common.generation.scores import Scorer

HISTORY = {
    "objective": [6.0, 5.0, 4.8],
    "loss": [5.0, 4.0, 3.5],
    "val_loss": [4.5, 4.0, 4.1],
    "val_bleu": [3.0, 21.4, 20.0],
    "seconds": [9.0, 8.0, 8.0],
}


@pytest.fixture
def figures(monkeypatch):
    """The figures that `plots` saved, in order."""
    return keep_figures(monkeypatch, plots)


@pytest.fixture
def histories(monkeypatch):
    """The figures that `history_plot` saved, in order."""
    return keep_figures(monkeypatch, history_plot)


def plot_history(path, history):
    history_plot.plot_history(path, history, SCORES, 2)


def legend_of(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def make_rows(rows):
    sources = ["word " * (1 + row % 12) for row in range(rows)]
    targets = [f"the {row} answer is here and there" for row in range(rows)]
    answers = [line if len(line) % 2 else "the answer is here" for line in targets]
    return make_pairs("test.tsv", sources, targets), answers


def bucket(low, high, rows, bleu, chrf=50.0):
    edges = {"shortest": low, "longest": high, "rows": rows}
    scores = {"bleu": bleu, "chrf": chrf}
    return edges | scores | {f"{k}_interval": [v - 2, v + 3] for k, v in scores.items()}


@pytest.mark.parametrize("rows", [1, 200])
def test_every_picture_of_a_run_is_drawn(tmp_path, rows):
    pairs, answers = make_rows(rows)
    folder = tmp_path / "plots"
    floor = ("nearest", [""] * rows)
    paths = plot_evaluation(folder, pairs, answers, Scorer(), floor, HISTORY)
    assert [path.name for path in paths] == ["lengths.png", "history.png"]
    assert sorted(folder.iterdir()) == sorted(paths)
    for path in paths:
        assert_drawn(path)
    assert len(plot_evaluation(folder, pairs, answers, Scorer("char"))) == 1


def test_lengths_show_both_systems_with_counts_and_intervals(tmp_path, figures):
    ours = [bucket(3, 9, 40, 30.0), bucket(10, 10, 25, 20.0)]
    theirs = [bucket(3, 9, 40, 12.0), bucket(10, 10, 25, 7.0)]
    plot_lengths(tmp_path / "l.png", {"this run": ours, "nearest": theirs})
    left, right = figures[0].axes
    assert [bar.get_height() for bar in left.patches] == [30.0, 20.0, 12.0, 7.0]
    assert [bar.get_height() for bar in right.patches] == [50.0] * 4
    assert names_on(left.xaxis) == ["3–9\n(40)", "10\n(25)"]
    whiskers = left.containers[0].lines[2][0].get_segments()  # of the first system
    assert whiskers[0][:, 1].tolist() == [28.0, 33.0]
    # Bars stand side by side, not one on the other.
    edges = sorted((bar.get_x(), bar.get_x() + bar.get_width()) for bar in left.patches)
    assert all(first[1] < second[0] for first, second in pairwise(edges))
    legend = [text.get_text() for text in figures[0].legends[0].get_texts()]
    assert legend == ["this run", "nearest"]


def test_history_shows_losses_and_marks_the_kept_epoch(tmp_path, histories):
    plot_history(tmp_path / "h.png", HISTORY)
    left, right = histories[0].axes
    curves = [line.get_ydata() for line in left.lines]
    assert [list(curve) for curve in curves[:2]] == (
        [HISTORY["loss"], HISTORY["val_loss"]]
    )
    assert list(right.lines[0].get_ydata()) == HISTORY["val_bleu"]
    (best,) = right.texts
    assert best.get_text() == "21.40" and best.xy == (2, 21.4)
    assert legend_of(left)[1:] == legend_of(right) == ["validation", "kept: epoch 2"]


@pytest.mark.parametrize(
    "history",
    [
        {"loss": [3.0], "val_loss": [2.0], "val_bleu": [0.0], "val_chrf": [9.0]},
        {"loss": [3.0, float("nan")], "val_bleu": [float("nan")] * 2},
        {"val_bleu": [20.0] * 500},
    ],
)
def test_short_long_and_broken_histories_are_drawn(tmp_path, history):
    plot_history(tmp_path / "h.png", history)
    assert_drawn(tmp_path / "h.png")
