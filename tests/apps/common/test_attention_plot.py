"""Maps of attention: which rows and columns they have, and odd names of pieces."""

import doctest
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.image import imread
from picture_tools import keep_figures, names_on

from polyhead.apps.common import attention_plot
from polyhead.apps.common.attention_plot import name_piece, plot_attention
from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.figures import NAME_LIMIT

ODD = [
    "مرحبا ", "שלום", "你好", "こんにちは", "👩‍👩‍👧", "😀", "กำลัง", "नमस्ते",
    "\t", "\n", "\x00", "\x07", "\u200f", "\u2028", "\ud800", "\ufffd",
    "$x$", "$5", "\\frac", " ", "", "\u0301", "\u3000", "w" * 90,
]  # fmt: skip


@pytest.fixture
def maps(monkeypatch):
    """The figures that were saved, in order."""
    return keep_figures(monkeypatch, attention_plot)


def assert_drawn(path):
    pixels = imread(path)[..., :3]
    assert min(pixels.shape[:2]) > 150
    assert pixels.std() > 0.02  # not a blank page


@pytest.mark.parametrize("size", [1, 5, 60])
def test_map_has_target_rows_and_source_columns(tmp_path, maps, size):
    sources = [f"s{i} " for i in range(size)]
    targets = [f" t{i}" for i in range(max(size // 2, 1))]
    scores = np.random.default_rng(0).random((len(targets), size))
    plot_attention(tmp_path / "a.png", [scores], targets, sources, most=60)
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


def test_several_maps_stand_side_by_side(tmp_path, maps):
    weights = [np.full((2, 3), share) for share in (0.1, 0.4, 0.9)]
    titles = ["first", "second", "third"]
    plot_attention(tmp_path / "a.png", weights, ["a", "b"], ["c", "d", "e"], titles)
    drawn = [axes for axes in maps[0].axes if axes.images]
    assert [axes.get_title() for axes in drawn] == titles
    assert [axes.images[0].get_array().max() for axes in drawn] == pytest.approx(
        [0.1, 0.4, 0.9]
    )
    assert_drawn(tmp_path / "a.png")


def test_long_sentences_are_cut_and_it_is_said(tmp_path, maps):
    names = ("translation", "source")
    sizes = {"names": names, "most": 60}
    weights = np.ones((3, 130))
    plot_attention(tmp_path / "a.png", [weights], ["t"] * 3, ["s"] * 130, **sizes)
    axes = maps[0].axes[0]
    assert axes.images[0].get_array().shape == (3, 60)
    assert axes.get_xlabel() == "source, first 60 of 130 pieces"
    assert axes.get_ylabel() == "translation"


def test_scores_of_another_shape_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"\(3, 2\), not \(T, S\) = \(2, 3\)"):
        plot_attention(tmp_path / "a.png", [np.ones((3, 2))], ["b"] * 2, ["a"] * 3)
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


def test_odd_pieces_are_drawn_with_one_note_where_fonts_are_missing(tmp_path):
    code = (
        "import sys, numpy as np\n"
        "from pathlib import Path\n"
        "from polyhead.apps.common.attention_plot import plot_attention\n"
        f"odd = {ODD!a}\n"
        "plot_attention(Path(sys.argv[1]), [np.eye(len(odd))], odd, odd)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "default", "-c", code, tmp_path / "a.png"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0
    notes = done.stderr.splitlines()  # one for East Asia, which has fonts of its own
    assert len(notes) <= 2, done.stderr
    assert all(note.startswith("no font here has ") for note in notes), done.stderr
    assert_drawn(tmp_path / "a.png")


def test_a_picture_that_cannot_be_written_is_one_clear_line(tmp_path):
    with pytest.raises(PolyheadError, match="a.png: cannot be written"):
        plot_attention(tmp_path / "no" / "a.png", [np.ones((1, 1))], ["b"], ["a"])


def test_examples_run():
    assert doctest.testmod(attention_plot).failed == 0
