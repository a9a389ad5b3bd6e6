"""The pictures of a classifier: that each is drawn, of what, and odd names."""

import subprocess
import sys

import numpy as np
import pytest
from picture_tools import HISTORY, assert_drawn, keep_figures, names_on, texts_of

from polyhead.apps.common.classification import plots
from polyhead.apps.common.classification.data import Examples
from polyhead.apps.common.classification.plots import (
    plot_confusion,
    plot_evaluation,
    plot_labels,
    plot_reliability,
)
from polyhead.apps.common.classification.scores import evaluate
from polyhead.apps.common.figures import NAME_LIMIT


def make_evaluation(num_labels, multi_label=False, rows=500):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, num_labels, rows)
    scores = rng.random((rows, num_labels)) + np.eye(num_labels)[labels]
    probabilities = scores / (2 if multi_label else scores.sum(axis=1, keepdims=True))
    if multi_label:
        labels = np.eye(num_labels, dtype=bool)[labels]
    names = tuple(f"label {i}" for i in range(num_labels))
    texts = ["text"] * rows
    data = Examples(texts, labels, np.arange(rows) + 1, "data.csv")
    return evaluate(probabilities, data, names, multi_label), names


@pytest.fixture
def figures(monkeypatch):
    """The figures that were saved, in order."""
    return keep_figures(monkeypatch, plots)


@pytest.mark.parametrize("num_labels", [2, 25, 150])
def test_every_picture_of_a_run_is_drawn(tmp_path, num_labels):
    evaluation, names = make_evaluation(num_labels)
    paths = plot_evaluation(tmp_path / "plots", evaluation, names, HISTORY)
    assert [path.name for path in paths] == (
        ["confusion.png", "labels.png", "reliability.png", "history.png"]
    )
    assert sorted(path.name for path in (tmp_path / "plots").iterdir()) == sorted(
        path.name for path in paths
    )
    for path in paths:
        assert_drawn(path)


def test_several_labels_have_no_confusion_matrix(tmp_path):
    evaluation, names = make_evaluation(6, multi_label=True)
    paths = plot_evaluation(tmp_path, evaluation, names)
    assert [path.name for path in paths] == ["labels.png", "reliability.png"]


def test_matrix_shows_the_counts(tmp_path, figures):
    confusion = np.array([[7, 3], [0, 5]])
    plot_confusion(tmp_path / "c.png", confusion, ("no", "yes"))
    axes = figures[0].axes[0]
    assert texts_of(axes) == ["7", "3", "5"]  # nothing is written for 0
    assert names_on(axes.xaxis) == names_on(axes.yaxis) == ["no", "yes"]
    np.testing.assert_allclose(axes.images[0].get_array(), [[0.7, 0.3], [0, 1]])


def test_with_many_classes_the_most_frequent_confusions_are_shown(tmp_path, figures):
    confusion = np.diag(np.full(150, 20))
    confusion[3, 9], confusion[100, 4], confusion[5, 6] = 11, 8, 1
    names = [f"intent {i}" for i in range(150)]
    plot_confusion(tmp_path / "c.png", confusion, names)
    axes = figures[0].axes[0]
    assert names_on(axes.yaxis) == (
        ["intent 3 → intent 9", "intent 100 → intent 4", "intent 5 → intent 6"]
    )
    assert texts_of(axes) == ["11 of 31", "8 of 28", "1 of 21"]
    assert "20 of 20 mistakes, 150 labels" in axes.get_title()


def test_many_classes_without_a_mistake(tmp_path):
    plot_confusion(tmp_path / "c.png", np.eye(150, dtype=int), ["x"] * 150)
    assert_drawn(tmp_path / "c.png")


def test_the_worst_labels_come_first(tmp_path, figures):
    per_class = [
        {"label": f"l{i}", "precision": 0.9, "recall": 0.8, "f1": i / 80, "support": i}
        for i in reversed(range(80))
    ]
    plot_labels(tmp_path / "l.png", per_class)
    axes = figures[0].axes[0]
    assert names_on(axes.yaxis)[:2] == ["l0 (0)", "l1 (1)"]
    assert "the 50 worst of 80" in axes.get_title()


def test_reliability_leaves_empty_bins_out(tmp_path, figures):
    counts = [0] * 13 + [4, 6]
    sure, right = [None] * 13 + [0.9, 0.97], [None] * 13 + [0.5, 1.0]
    curve = {"confidence": sure, "accuracy": right, "count": counts}
    plot_reliability(tmp_path / "r.png", curve, 0.178)
    above, below = figures[0].axes
    assert above.lines[1].get_xydata().tolist() == [[0.9, 0.5], [0.97, 1.0]]
    assert [bar.get_height() for bar in below.patches] == counts
    assert "0.178" in above.get_title()


def test_odd_names_are_shown_as_they_are(tmp_path, figures):
    # Signs of formulas, no glyph in the font, a line break, a whole sentence.
    names = ["$5 and $6", "差评", "two\nlines", "a very long name of a class " * 9]
    plot_confusion(tmp_path / "c.png", np.eye(4, dtype=int), names)
    shown = names_on(figures[0].axes[0].xaxis)
    assert shown[0] == r"\$5 and \$6" and shown[2] == "two lines"
    assert len(shown[3]) == NAME_LIMIT and shown[3].endswith("…")
    assert_drawn(tmp_path / "c.png")


def test_matplotlib_is_imported_only_to_draw():
    code = (
        "import sys, polyhead.apps.common.classification.plots; "
        "sys.exit('matplotlib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
