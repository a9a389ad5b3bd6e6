"""Fonts that have the letters of a figure's texts, whatever script they are in.

Matplotlib's own font has Latin, Greek, Cyrillic, Hebrew and Arabic letters. It draws a
box for each of the others, unless it is told which installed font has them.
"""

import functools
import importlib.metadata
import logging
import os
import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

OWN = "DejaVu Sans"
# The first of several fonts that have as many of the letters: Chinese, Japanese and
# Korean share letters, which each writes in its own way.
PREFERRED = (
    "Noto Sans CJK SC, Noto Sans CJK JP, Source Han Sans SC, PingFang SC, "
    "Apple SD Gothic Neo, Microsoft YaHei, Malgun Gothic, WenQuanYi Zen Hei, "
    "Noto Sans, Arial Unicode MS"
).split(", ")
# Pictures in colour, which Matplotlib cannot draw, and a box for every letter there is.
_USELESS = re.compile(r"color|last ?resort|adobe blank", re.IGNORECASE)
_SCRIPTS = {"CJK": "Chinese", "HANGUL": "Korean"}
_SCRIPTS |= dict.fromkeys(("HIRAGANA", "KATAKANA"), "Japanese")
_LOG = logging.getLogger(__name__)
_told: set[str] = set()  # scripts that a note has named


class Face(NamedTuple):
    """A font file, or the first font of one."""

    name: str
    path: str


def fonts_for(text: str) -> list[str]:
    """Names of fonts that have the letters of a text together, for Matplotlib.

    Logs one note on the scripts that no font has, and one where this Matplotlib cannot
    join the letters of a script; each names a script once in a process.
    """
    fonts, lacking = _choose(frozenset(map(ord, text)))
    joined = {c for c in text if _is_joined(c) and ord(c) not in lacking}
    _tell_lacking({name_script(chr(code)) for code in lacking})
    if joined and not _can_join():
        _tell_unjoined({name_script(character) for character in joined})
    return list(fonts)


@functools.lru_cache(maxsize=64)
def _choose(codes: frozenset[int]) -> tuple[tuple[str, ...], frozenset[int]]:
    """Names of fonts, and the letters that none has."""
    from matplotlib.font_manager import findfont

    lacking = {code for code in codes if _is_drawn(chr(code))}
    lacking -= _letters_of(findfont(OWN))
    fonts = [OWN]
    for prepare in (lambda: None, _add_new_fonts):  # the second takes longer
        if not lacking:
            break
        prepare()
        found = {face: _letters_of(face.path) & lacking for face in _faces()}
        while any(found.values()):
            best = min(found, key=lambda face: (-len(found[face]), _rank(face)))
            fonts.append(best.name)
            lacking -= found[best]
            found = {face: has & lacking for face, has in found.items()}
    return tuple(fonts), frozenset(lacking)


def _rank(face: Face) -> tuple:
    known = face.name in PREFERRED
    place = PREFERRED.index(face.name) if known else len(PREFERRED)
    return place, not face.name.startswith("Noto Sans"), face.name


def _faces() -> Iterable[Face]:
    """The upright font of each family that Matplotlib knows."""
    from matplotlib.font_manager import fontManager

    best: dict[str, tuple] = {}
    for font in fontManager.ttflist:
        weight = font.weight if isinstance(font.weight, int) else 400
        order = font.style != "normal", abs(weight - 400), font.fname
        if not _USELESS.search(font.name):
            best[font.name] = min(order, best.get(font.name, order))
    return [Face(name, order[-1]) for name, order in best.items()]


@functools.cache
def _add_new_fonts() -> None:
    """Adds the fonts that Matplotlib's list of fonts lacks.

    It keeps this list between processes, so fonts that were installed later are not in
    it, and neither are those that Python packages bring.
    """
    from matplotlib.font_manager import findSystemFonts, fontManager

    known = {os.path.realpath(font.fname) for font in fontManager.ttflist}
    for path in [*findSystemFonts(), *_packaged_fonts()]:
        if os.path.realpath(path) in known:
            continue
        try:
            fontManager.addfont(path)
        except Exception as error:  # such as one of bitmaps: each is of use or not
            _LOG.debug("%s: %s", path, error)


def _packaged_fonts() -> list[str]:
    """The font files of installed packages that are called so."""
    return [
        str(file.locate())
        for package in importlib.metadata.distributions()
        if re.search("font|noto", package.name or "", re.IGNORECASE)
        for file in package.files or ()
        if file.suffix.lower() in (".ttf", ".otf", ".ttc")
    ]


@functools.cache
def _letters_of(path: str) -> frozenset[int]:
    from matplotlib.ft2font import FT2Font

    try:
        return frozenset(FT2Font(path).get_charmap())
    except Exception:  # a font that is gone, or damaged
        return frozenset()


def _is_drawn(character: str) -> bool:
    """Whether a character has a shape of its own: no space, and nothing invisible."""
    invisible = "\u034f\ufe0e\ufe0f"  # a joiner, and the choice of a shape
    return character not in invisible and unicodedata.category(character)[0] not in "CZ"


def _is_joined(character: str) -> bool:
    """Whether a letter is of a script whose letters are put in another place or shape.

    Those are written from right to left, or have marks that take space.
    """
    kinds = unicodedata.bidirectional(character), unicodedata.category(character)
    is_drawn = _is_drawn(character)  # a mark of direction is not
    return is_drawn and (kinds[0] in ("R", "AL") or kinds[1] == "Mc")


def _can_join() -> bool:
    from matplotlib import ft2font

    return hasattr(ft2font, "__libraqm_version__")


def name_script(character: str) -> str:
    """The script of a letter, such as "Devanagari"; "symbols" for what is no letter.

    Example:

    >>> from polyhead.apps.common.drawing.fonts import name_script
    >>> [name_script(x) for x in "हไ中한👩"]
    ['Devanagari', 'Thai', 'Chinese', 'Korean', 'symbols']
    """
    if unicodedata.category(character)[0] not in "LM":
        return "symbols"
    first = unicodedata.name(character, "letters").split()[0]
    return _SCRIPTS.get(first, first.capitalize())


def _tell_lacking(scripts: set[str]) -> None:
    new = sorted(scripts - _told)
    _told.update(new)
    east = [script for script in new if script in _SCRIPTS.values()]
    others = [script for script in new if script not in east]
    for part, package, system in (
        (others, "manimgx-fonts", "fonts-noto-core"),
        (east, "noto-cjk-sans-otc", "fonts-noto-cjk"),
    ):
        if part:
            _LOG.warning(
                "no font here has %s: figures show boxes; pip install %s, or install a "
                "font that has it, as the Noto fonts (Debian: apt install %s)",
                ", ".join(part),
                package,
                system,
            )


def _tell_unjoined(scripts: set[str]) -> None:
    key = {f"unjoined {script}" for script in scripts}
    if not key <= _told:
        _told.update(key)
        _LOG.warning(
            "this Matplotlib draws each letter of %s alone: pip install "
            "'matplotlib>=3.11'",
            ", ".join(sorted(scripts)),
        )
