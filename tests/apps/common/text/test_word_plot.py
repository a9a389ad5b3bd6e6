"""The picture of what decided a text's label."""

from picture_tools import assert_drawn, keep_figures

from polyhead.apps.common.text import word_plot
from polyhead.apps.common.text.word_plot import plot_words


def test_the_picture_shows_what_the_numbers_say(tmp_path, monkeypatch):
    figures = keep_figures(monkeypatch, word_plot)
    words = [
        {"text": " fine", "deep": 0.5, "wide": 0.25, "weight": 0.75},
        {"text": "$x$", "deep": -0.5, "wide": 0.25, "weight": -0.25},
    ]
    explanation = {
        "words": words,
        "label": "a$b$",
        "probability": 0.5,
        "truncated": False,
    }
    plot_words(tmp_path / "a.png", explanation)
    (axes,) = figures[0].axes
    bars = [(bar.get_x(), bar.get_width()) for bar in axes.patches]
    assert bars == [(0, 0.5), (0, -0.5), (0.5, 0.25), (0, 0.25)]
    assert list(axes.lines[0].get_xdata()) == [0.75, -0.25]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["fine", r"\$x\$"]
    assert axes.get_title() == r"a\$b\$, probability 0.500"


def test_of_many_words_the_strongest_are_drawn_in_their_order(tmp_path, monkeypatch):
    figures = keep_figures(monkeypatch, word_plot)
    words = [
        {"text": f"w{n}", "deep": float(n % 50), "wide": 0.0, "weight": float(n % 50)}
        for n in range(100)
    ]
    explanation = {"words": words, "label": "a", "probability": 1.0, "truncated": True}
    plot_words(tmp_path / "a.png", explanation)
    axes = figures[0].axes[0]
    names = [tick.get_text() for tick in axes.get_yticklabels()]
    expected = [f"w{n}" for n in range(100) if n % 50 >= 30]
    assert names == expected
    assert axes.get_title().endswith("40 of 100 words, text cut")


def test_a_branch_that_says_nothing_is_left_out(tmp_path, monkeypatch):
    figures = keep_figures(monkeypatch, word_plot)
    words = [{"text": "a", "words": 1.0, "pairs": 0.0, "weight": 1.0}]
    explanation = {"words": words, "label": "a", "probability": 1.0, "truncated": False}
    plot_words(tmp_path / "a.png", explanation, branches=("words", "pairs"))
    names = [text.get_text() for text in figures[0].legends[0].get_texts()]
    assert sorted(names) == ["sum", "words branch"]
    assert_drawn(tmp_path / "a.png")
