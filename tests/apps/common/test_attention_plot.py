"""Maps of attention weights: which token looks at which."""

import doctest

import numpy as np
import pytest
from picture_tools import assert_drawn, keep_figures

from polyhead.apps.common import attention_plot
from polyhead.apps.common.attention_plot import name_piece, plot_attention


def test_a_map_a_layer(tmp_path, monkeypatch):
    figures = keep_figures(monkeypatch, attention_plot)
    scores = [np.full((60, 60), 1 / 60) for _ in range(3)]
    tokens = [f" t{n}" for n in range(60)]
    titles = [f"layer {n}" for n in (1, 2, 3)]
    plot_attention(tmp_path / "a.png", scores, tokens, tokens, titles)
    maps = [axes for axes in figures[0].axes if axes.images and axes.get_title()]
    assert len(maps) == 3
    assert maps[0].images[0].get_array().shape == (48, 48)
    assert "layer 3" in maps[2].get_title() and "48 of 60" in maps[2].get_xlabel()
    assert maps[0].get_xticklabels()[47].get_text() == "t47"
    assert_drawn(tmp_path / "a.png")


def test_rows_are_queries_and_columns_are_keys(tmp_path, monkeypatch):
    figures = keep_figures(monkeypatch, attention_plot)
    weights = np.array([[0.25, 0.75, 0.0], [1.0, 0.0, 0.0]])
    names = ("target", "source")
    plot_attention(
        tmp_path / "a.png", [weights], ["x", "y"], ["a", "b", "c"], names=names
    )
    axes = figures[0].axes[0]
    np.testing.assert_array_equal(axes.images[0].get_array(), weights)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["x", "y"]
    assert (axes.get_ylabel(), axes.get_xlabel()) == names


def test_weights_of_another_shape_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"shape \(2, 3\), not \(T, S\) = \(2, 2\)"):
        plot_attention(tmp_path / "a.png", [np.ones((2, 3))], ["x", "y"], ["a", "b"])


@pytest.mark.parametrize(
    "piece, name",
    [("", "∅"), ("\u0301", "◌\u0301"), ("$x$", r"\$x\$"), ("\ud800", r"\ud800")],
)
def test_odd_pieces_have_names_that_can_be_drawn(piece, name):
    assert name_piece(piece) == name


def test_examples_in_docstrings():
    result = doctest.testmod(attention_plot)
    assert result.attempted and not result.failed
