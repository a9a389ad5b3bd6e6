"""Figures that are drawn alike in every app."""

import pytest
from picture_tools import assert_drawn

from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.figures import (
    NAME_LIMIT,
    hide_frame,
    new_figure,
    save_figure,
    shorten,
)


def draw(path):
    figure, axes = new_figure(4, 3)
    axes.plot([1, 2, 3], [1, 4, 9])
    axes.set_title("中文 \U0001f600 \u0301")  # no font here may have them
    hide_frame(axes)
    save_figure(figure, path)
    return axes


def test_a_figure_is_written_whole(tmp_path):
    axes = draw(tmp_path / "a.png")
    assert_drawn(tmp_path / "a.png")
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]
    shown = {side: spine.get_visible() for side, spine in axes.spines.items()}
    assert shown == {"left": True, "bottom": True, "right": False, "top": False}


def test_a_figure_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(PolyheadError, match="a.png: cannot be written"):
        draw(tmp_path / "nowhere" / "a.png")


@pytest.mark.parametrize(
    "name, shown",
    [
        ("  two\n lines ", "two lines"),
        ("$x$", r"\$x\$"),
        ("x" * NAME_LIMIT, "x" * NAME_LIMIT),
        ("x" * 99, "x" * (NAME_LIMIT - 1) + "…"),
        ("", ""),
    ],
)
def test_names_are_cut_and_never_read_as_formulas(name, shown):
    assert shorten(name) == shown
