"""The picture of a training: its loss and its scores, epoch by epoch."""

import pytest
from picture_tools import HISTORY, assert_drawn, keep_figures, texts_of

from polyhead.apps.common import history_plot
from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.history_plot import Score, plot_history

SCORES = [
    Score("accuracy", "training"),
    Score("val_accuracy", "accuracy", "{:.4f}"),
    Score("val_macro_f1", "macro F1", "{:.4f}"),
]


@pytest.fixture
def figures(monkeypatch):
    """The figures that were saved, in order."""
    return keep_figures(monkeypatch, history_plot)


def test_history_shows_loss_and_score_and_marks_the_best(tmp_path, figures):
    plot_history(tmp_path / "h.png", HISTORY, SCORES)
    left, right = figures[0].axes
    assert [line.get_ydata().tolist() for line in left.lines] == (
        [HISTORY["loss"], HISTORY["val_loss"]]
    )
    assert [line.get_ydata().tolist() for line in right.lines] == (
        [HISTORY["accuracy"], HISTORY["val_accuracy"]]
    )
    assert texts_of(right) == ["0.8000"]


@pytest.mark.parametrize(
    "history",
    [
        {"loss": [0.5], "val_loss": [0.4], "val_macro_f1": [0.1]},
        {"loss": [0.5, float("nan")], "val_accuracy": [float("nan")] * 2},
    ],
)
def test_short_and_broken_histories_are_drawn(tmp_path, history):
    plot_history(tmp_path / "h.png", history, SCORES)
    assert_drawn(tmp_path / "h.png")


def test_a_picture_that_cannot_be_written_is_one_clear_line(tmp_path):
    with pytest.raises(PolyheadError, match="h.png: cannot be written"):
        plot_history(tmp_path / "nowhere" / "h.png", HISTORY, SCORES)


def test_without_scores_the_loss_stands_alone(tmp_path, figures):
    plot_history(tmp_path / "h.png", HISTORY, [], loss_label="with dropout")
    (axes,) = figures[0].axes
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == ["with dropout", "validation"]


def test_markers_of_many_epochs_would_run_together(tmp_path, figures):
    for epochs in (history_plot.MARKED_EPOCHS, history_plot.MARKED_EPOCHS + 1):
        plot_history(tmp_path / "h.png", {"loss": [0.5] * epochs}, [])
    few, many = (figure.axes[0].lines[0].get_marker() for figure in figures)
    assert few == "o" and many == "None"
