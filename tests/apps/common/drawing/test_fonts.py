"""Fonts for the letters of a figure, and the one note where there is none."""

import doctest
import functools
import logging
import unicodedata
from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import font_manager
from matplotlib.image import imread

from polyhead.apps.cli.main import main
from polyhead.apps.common.drawing import fonts
from polyhead.apps.common.figures import new_figure, save_figure

SAVED = Path(__file__).resolve().parents[4] / "saved_models"
# Letters that no real font has, so that none is in the way: Unicode's old scripts.
LYDIAN, CARIAN = "\U00010920\U00010921\U00010922", "\U000102a0\U000102a1"
LATE = "\u0e01\u0e02"  # Thai


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """A list of fonts of its own, and no note that was told before."""
    own = [f for f in font_manager.fontManager.ttflist if f.name == fonts.OWN]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", own)
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [])
    monkeypatch.setattr(fonts, "_packaged_fonts", lambda: [])
    monkeypatch.setattr(fonts, "_told", set())
    monkeypatch.setattr(fonts, "_can_join", lambda: True)  # whatever Matplotlib is here
    kept = fonts._choose, fonts._add_new_fonts, fonts._letters_of
    for function in kept:
        function.cache_clear()
    yield
    for function in kept:
        function.cache_clear()


def make_font(path, name, letters, style="Regular"):
    """A font whose letters are squares."""
    pen = TTGlyphPen(None)
    pen.moveTo((100, 0))
    for point in ((100, 700), (500, 700), (500, 0)):
        pen.lineTo(point)
    pen.closePath()
    square, names = pen.glyph(), [f"u{ord(letter):X}" for letter in letters]
    font = FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder([".notdef", *names])
    font.setupCharacterMap(dict(zip(map(ord, letters), names, strict=True)))
    font.setupGlyf(dict.fromkeys([".notdef", *names], square))
    font.setupHorizontalMetrics(dict.fromkeys([".notdef", *names], (600, 100)))
    font.setupHorizontalHeader(ascent=800, descent=-200)
    font.setupNameTable({"familyName": name, "styleName": style})
    font.setupOS2(usWeightClass=700 if style == "Bold" else 400)
    font.setupPost()
    font.save(path)
    return str(path)


def notes(caplog):
    return [record.getMessage() for record in caplog.records]


def test_latin_text_asks_for_no_other_font(monkeypatch, caplog):
    asked = []
    monkeypatch.setattr(fonts, "_add_new_fonts", lambda: asked.append("fonts"))
    assert fonts.fonts_for("Größe, Ελληνικά, дом, → − …\n\u200f \ufe0f") == [fonts.OWN]
    assert not notes(caplog) and not asked
    fonts.fonts_for("ก")
    assert asked


def test_each_script_has_the_font_that_has_most_of_it(tmp_path, caplog):
    part = make_font(tmp_path / "part.ttf", "A Part", LYDIAN[:1])
    whole = make_font(tmp_path / "whole.ttf", "Whole Lydian", LYDIAN)
    other = make_font(tmp_path / "other.ttf", "Carian", CARIAN)
    for path in (part, whole, other):
        font_manager.fontManager.addfont(path)
    found = fonts.fonts_for(f"a {LYDIAN} b {CARIAN}")
    assert found == [fonts.OWN, "Whole Lydian", "Carian"]
    assert fonts.fonts_for(LYDIAN[:1]) == [fonts.OWN, "A Part"]  # by its name
    assert not notes(caplog)


def test_fonts_of_boxes_and_of_colours_are_no_help(tmp_path, caplog):
    for name in ("Last Resort", ".LastResort", "Noto Color Emoji"):
        path = make_font(tmp_path / f"{name}.ttf", name, LYDIAN)
        font_manager.fontManager.addfont(path)
    assert fonts.fonts_for(LYDIAN) == [fonts.OWN]
    assert "Lydian" in notes(caplog)[0]


def test_a_font_that_was_installed_later_is_found(tmp_path, monkeypatch, caplog):
    late = make_font(tmp_path / "late.ttf", "Late", LATE)
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font")
    found = [str(broken), late]
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: found)
    assert fonts.fonts_for(LATE) == [fonts.OWN, "Late"]
    assert not [r for r in caplog.records if r.levelno >= logging.WARNING]


def test_fonts_that_packages_bring_are_found(tmp_path, monkeypatch):
    folder = tmp_path / "some_fonts"
    folder.mkdir()
    make_font(folder / "packed.ttf", "Packed", CARIAN)
    info = tmp_path / "some_fonts-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: some-fonts\n")
    (info / "RECORD").write_text("some_fonts/packed.ttf,,\nsome_fonts/a.py,,\n")
    monkeypatch.undo()
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [])
    monkeypatch.syspath_prepend(tmp_path)
    for function in (fonts._choose, fonts._add_new_fonts):
        function.cache_clear()
    try:
        assert fonts.fonts_for(CARIAN)[-1] == "Packed"
    finally:
        faces = font_manager.fontManager.ttflist
        faces[:] = [face for face in faces if face.name != "Packed"]


def test_the_upright_font_of_a_family_is_looked_at(tmp_path):
    bold = make_font(tmp_path / "b.ttf", "Family", CARIAN, "Bold")
    plain = make_font(tmp_path / "p.ttf", "Family", LYDIAN)
    for path in (bold, plain):
        font_manager.fontManager.addfont(path)
    (path,) = [face.path for face in fonts._faces() if face.name == "Family"]
    assert path == plain


def test_one_note_names_the_scripts_and_the_remedy(caplog):
    fonts.fonts_for("हिन्दी ภาษาไทย")
    fonts.fonts_for("ไทย हि")
    (note,) = notes(caplog)
    assert note.startswith("no font here has Devanagari, Thai: figures show boxes; ")
    assert "pip install manimgx-fonts" in note
    fonts.fonts_for("中 ไทย")
    assert len(notes(caplog)) == 2 and "noto-cjk-sans-otc" in notes(caplog)[1]


def test_an_older_matplotlib_is_said_to_join_no_letters(monkeypatch, caplog):
    monkeypatch.setattr(fonts, "_can_join", lambda: False)
    for text in ("العربية", "عربي"):
        fonts.fonts_for(f"{text} and Latin")
    (note,) = notes(caplog)
    assert "each letter of Arabic alone" in note and "matplotlib>=3.11" in note


def test_a_figure_shows_the_letters_of_the_font(tmp_path, caplog):
    path = make_font(tmp_path / "lydian.ttf", "Lydian", LYDIAN)

    def draw(name):
        figure, axes = new_figure(3, 2)
        axes.set_yticks([0, 1], [LYDIAN, "b"])
        save_figure(figure, tmp_path / name)
        return imread(tmp_path / name)

    boxes = draw("boxes.png")
    font_manager.fontManager.addfont(path)
    fonts._choose.cache_clear()
    letters = draw("letters.png")
    assert boxes.shape != letters.shape or (boxes != letters).any()
    assert len(notes(caplog)) == 1  # of the first


def test_every_script_of_unicode_has_a_name():
    for character in ("अ", "あ", "ア", "中", "한", "ي", "א", "\u0301", "\ue000", "€"):
        assert fonts.name_script(character).strip(), unicodedata.name(character, "")


def test_documented_example():
    result = doctest.testmod(fonts)
    assert result.attempted and not result.failed


@pytest.mark.parametrize("flag", [[], ["-q"]])
def test_the_command_shows_the_note(tmp_path, capsys, monkeypatch, flag):
    lacking = (fonts.OWN,), frozenset(map(ord, LYDIAN))
    monkeypatch.setattr(fonts, "_choose", functools.lru_cache(lambda codes: lacking))
    run, picture = SAVED / "language-identifier", tmp_path / "a.png"
    words = ["explain", str(run), f"{LYDIAN} here", "--output", str(picture), *flag]
    assert main(words) == 0
    shown = [x for x in capsys.readouterr().err.splitlines() if "font" in x]
    assert len(shown) == (not flag)
    assert not shown or shown[0].startswith("note: no font here has Lydian: ")
