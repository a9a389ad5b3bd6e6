"""The picture of a training: its loss and its scores, epoch by epoch."""

import pytest
from picture_tools import HISTORY, assert_drawn, keep_figures, texts_of

from polyhead.apps.common import history_plot
from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.history_plot import LOSS, Score, plot_history

SCORES = [
    LOSS,
    Score("accuracy", "Accuracy", "{:.4f}"),
    Score("macro_f1", "Macro F1", "{:.4f}"),
]
OLDER = {"loss": [0.9, 0.8], "val_loss": [0.4, 0.5], "val_accuracy": [0.6, 0.7]}


def curves_of(axes):
    """The curves by epoch, without the line that marks an epoch."""
    return [list(line.get_ydata()) for line in axes.lines if len(line.get_xdata()) > 2]


def names_of(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


@pytest.fixture
def figures(monkeypatch):
    """The figures that were saved, in order."""
    return keep_figures(monkeypatch, history_plot)


def test_what_can_be_compared_is_in_one_panel_and_the_kept_epoch_is_marked(
    tmp_path, figures
):
    plot_history(tmp_path / "h.png", HISTORY, SCORES, kept=2)
    left, right = figures[0].axes
    assert curves_of(left) == [HISTORY["loss"], HISTORY["val_loss"]]
    assert curves_of(right) == [HISTORY["accuracy"], HISTORY["val_accuracy"]]
    for axes, value in ((left, "0.5"), (right, "0.8000")):
        assert names_of(axes)[1:] == ["validation", "kept: epoch 2"]
        assert list(axes.lines[-1].get_xdata()) == [2, 2]
        assert texts_of(axes) == [value]


def test_the_objective_is_on_no_axis_of_another_quantity(tmp_path, figures):
    plot_history(tmp_path / "h.png", HISTORY, SCORES)
    assert HISTORY["objective"] not in sum(map(curves_of, figures[0].axes), [])


def test_the_loss_of_an_older_version_is_the_objective(tmp_path, figures):
    older = {name: [*values, values[-1]] for name, values in OLDER.items()}
    plot_history(tmp_path / "h.png", older, SCORES, kept=3)
    objective, loss, accuracy = figures[0].axes
    assert objective.get_title() == "What the training made small"
    assert curves_of(objective) == [older["loss"]]
    assert curves_of(loss) == [older["val_loss"]]
    assert curves_of(accuracy) == [older["val_accuracy"]]


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


def test_markers_of_many_epochs_would_run_together(tmp_path, figures):
    for epochs in (history_plot.MARKED_EPOCHS, history_plot.MARKED_EPOCHS + 1):
        plot_history(tmp_path / "h.png", {"loss": [0.5] * epochs}, [])
    few, many = (figure.axes[0].lines[0].get_marker() for figure in figures)
    assert few == "o" and many == "None"
