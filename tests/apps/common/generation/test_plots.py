"""The pictures: that each is drawn, of what, and that odd texts do no harm."""

import doctest
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.image import imread

from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.figures import NAME_LIMIT
from polyhead.apps.common.generation import plots
from polyhead.apps.common.generation.plots import (
    plot_evaluation,
    plot_history,
    plot_lengths,
)
from polyhead.apps.translation import explain_plots
from polyhead.apps.translation.explain_plots import name_piece, plot_attention
from polyhead.apps.translation.pairs import make_pairs

HISTORY = {
    "loss": [5.0, 4.0, 3.5],
    "val_loss": [4.5, 4.0, 4.1],
    "val_bleu": [3.0, 21.4, 20.0],
    "seconds": [9.0, 8.0, 8.0],
}
ODD = [
    "مرحبا ", "שלום", "你好", "こんにちは", "👩‍👩‍👧", "😀", "กำลัง", "नमस्ते",
    "\t", "\n", "\x00", "\x07", "\u200f", "\u2028", "\ud800", "\ufffd",
    "$x$", "$5", "\\frac", " ", "", "\u0301", "\u3000", "w" * 90,
]  # fmt: skip


def keep_figures(monkeypatch, module):
    saved = []
    save = module.save_figure

    def keep(figure, path):
        saved.append(figure)
        save(figure, path)

    monkeypatch.setattr(module, "save_figure", keep)
    return saved


@pytest.fixture
def figures(monkeypatch):
    """The figures that `plots` saved, in order."""
    return keep_figures(monkeypatch, plots)


@pytest.fixture
def maps(monkeypatch):
    """The figures that `explain_plots` saved, in order."""
    return keep_figures(monkeypatch, explain_plots)


def names_on(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def assert_drawn(path):
    pixels = imread(path)[..., :3]
    assert min(pixels.shape[:2]) > 150
    assert pixels.std() > 0.02  # not a blank page


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
    paths = plot_evaluation(folder, pairs, answers, floor, HISTORY)
    assert [path.name for path in paths] == ["lengths.png", "history.png"]
    assert sorted(folder.iterdir()) == sorted(paths)
    for path in paths:
        assert_drawn(path)
    assert len(plot_evaluation(folder, pairs, answers, tokenize="char")) == 1


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


def test_history_shows_losses_and_marks_the_best_bleu(tmp_path, figures):
    plot_history(tmp_path / "h.png", HISTORY)
    left, right = figures[0].axes
    assert [line.get_ydata().tolist() for line in left.lines] == (
        [HISTORY["loss"], HISTORY["val_loss"]]
    )
    assert [line.get_ydata().tolist() for line in right.lines] == [HISTORY["val_bleu"]]
    (best,) = right.texts
    assert best.get_text() == "21.4" and best.xy == (2, 21.4)


def test_history_without_scores_is_one_panel(tmp_path, figures):
    plot_history(tmp_path / "h.png", {"loss": [3.0, 2.0], "val_loss": [3.0, 2.5]})
    (axes,) = figures[0].axes
    assert axes.get_title() == "Loss" and len(axes.lines) == 2


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


@pytest.mark.parametrize("size", [1, 5, 60])
def test_map_has_target_rows_and_source_columns(tmp_path, maps, size):
    sources = [f"s{i} " for i in range(size)]
    targets = [f" t{i}" for i in range(max(size // 2, 1))]
    scores = np.random.default_rng(0).random((len(targets), size))
    plot_attention(tmp_path / "a.png", sources, targets, scores)
    axes = maps[0].axes[0]
    np.testing.assert_allclose(axes.images[0].get_array(), scores, rtol=1e-6)
    assert names_on(axes.xaxis) == [name.strip() for name in sources]
    assert names_on(axes.yaxis) == [name.strip() for name in targets]
    assert_drawn(tmp_path / "a.png")
    # No name runs into the next.
    for axis, side in ((axes.xaxis, "width"), (axes.yaxis, "height")):
        places = [label.get_window_extent() for label in axis.get_ticklabels()]
        centres = sorted(
            (box.x0 + box.x1 if side == "width" else box.y0 + box.y1) / 2
            for box in places
        )
        if len(centres) > 1:
            assert np.diff(centres).min() > 0.95 * max(
                getattr(box, side) for box in places
            )


def test_long_sentences_are_cut_and_it_is_said(tmp_path, maps):
    plot_attention(tmp_path / "a.png", ["s"] * 130, ["t"] * 3, np.ones((3, 130)))
    axes = maps[0].axes[0]
    assert axes.images[0].get_array().shape == (3, 60)
    assert axes.get_xlabel() == "source, first 60 of 130 pieces"
    assert axes.get_ylabel() == "translation"


def test_scores_of_another_shape_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"\(3, 2\), not \(T, S\) = \(2, 3\)"):
        plot_attention(tmp_path / "a.png", ["a"] * 3, ["b"] * 2, np.ones((3, 2)))
    assert not (tmp_path / "a.png").exists()


@pytest.mark.parametrize(
    "piece, name",
    [
        ("\x00", r"\x00"),
        ("a\nb", r"a\nb"),
        ("\u200f", r"\u200f"),
        ("\u3000", r"\u3000"),
        ("\ud800", r"\ud800"),
        ("", "∅"),
        ("  ", "␣"),
        ("\u0301a", "◌\u0301a"),
        ("$5 $6", r"\$5 \$6"),
        (" مرحبا", "مرحبا"),
    ],
)
def test_names_of_odd_pieces(piece, name):
    assert name_piece(piece) == name


def test_long_names_are_cut():
    assert len(name_piece("w" * 90)) == NAME_LIMIT


def test_odd_pieces_are_drawn_without_a_word_on_standard_error(tmp_path):
    code = (
        "import sys, numpy as np\n"
        "from pathlib import Path\n"
        "from polyhead.apps.translation.explain_plots import plot_attention\n"
        f"odd = {ODD!a}\n"
        "plot_attention(Path(sys.argv[1]), odd, odd, np.eye(len(odd)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "default", "-c", code, tmp_path / "a.png"],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert_drawn(tmp_path / "a.png")


def test_a_picture_that_cannot_be_written_is_one_clear_line(tmp_path):
    with pytest.raises(PolyheadError, match="a.png: cannot be written"):
        plot_attention(tmp_path / "no" / "a.png", ["a"], ["b"], np.ones((1, 1)))


def test_examples_run():
    assert doctest.testmod(explain_plots).failed == 0
