"""Normalisation of texts in Python; `graph.py` does the same in a graph."""

import functools
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from .table import NONE, TRAILING, TRAILINGS, VOWEL, read_table


class Normalizer:
    """Makes texts that people see as the same text the same text.

    All white space is one space, and none is at the ends. Characters that nobody sees
    go, but the joiners U+200C and U+200D stay. A letter and a mark are one letter, as
    in Unicode's form NFC, where the mark comes next. Capitals may be folded, one code
    point to one. The text needs no more bytes than before, and is the same if it is
    normalised again. It ends at its first zero byte.

    Args:
        name: str. The table's name and version; "none", or None, changes nothing.
        case_fold: bool. Whether capitals become small letters.

    Reference: The Unicode Standard, 3.12 and 3.13, and Annex 15
    (https://unicode.org/reports/tr15).

    Example:

    >>> from polyhead.apps.common.text.normalization.normalizer import Normalizer
    >>> Normalizer("unicode-1", case_fold=True)("\\ufeffМОСКВА,\\u00a0\\t Cafe\\u0301 ")
    'москва, café'
    """

    def __init__(self, name: str | None, case_fold: bool) -> None:
        self.name, self.case_fold = name or NONE, case_fold

    def __call__(self, text: str) -> str:
        if self.name == NONE:
            return text
        text = text.split("\0", 1)[0].translate(self._changes)
        if not text.isascii() and self._marks.search(text):
            text = compose(text, self.composed)
        return " ".join(filter(None, text.split(" ")))

    @functools.cached_property
    def changed(self) -> dict[str, str]:
        """What changes alone: to a space, to nothing or to a small letter."""
        table = read_table(self.name)
        folded = table.folded if self.case_fold else {}
        return {
            **dict.fromkeys(table.spaces, " "),
            **dict.fromkeys(table.dropped, ""),
            **folded,
        }

    @functools.cached_property
    def composed(self) -> dict[str, str]:
        """A letter and a mark, both folded -> the one letter, folded too."""
        pairs, fold = read_table(self.name).composed, self.changed
        return {
            fold.get(pair[0], pair[0]) + pair[1]: fold.get(whole, whole)
            for pair, whole in pairs.items()
        }

    @functools.cached_property
    def _changes(self) -> dict[int, str]:
        return {ord(character): new for character, new in self.changed.items()}

    @functools.cached_property
    def _marks(self) -> re.Pattern:
        marks = "".join(sorted({pair[1] for pair in self.composed}))
        jamo = f"{chr(VOWEL)}-{chr(TRAILING + TRAILINGS - 1)}"
        return re.compile(f"[{marks}{jamo}]")

    @functools.cached_property
    def tables(self) -> dict[str, Any]:
        """The arrays that the graph reads; none if nothing changes."""
        from .graph import build_tables

        return {} if self.name == NONE else build_tables(self.changed, self.composed)


def compose(text: str, composed: Mapping[str, str]) -> str:
    """Joins letters and the marks, or jamo, that come next to them."""
    letters: list[str] = []
    for character in text:
        whole = letters and _join(letters[-1], character, composed)
        if whole:
            letters[-1] = whole
        else:
            letters.append(character)
    return "".join(letters)


def _join(letter: str, mark: str, composed: Mapping[str, str]) -> str | None:
    if VOWEL <= ord(mark) < TRAILING + TRAILINGS:
        whole = unicodedata.normalize("NFC", letter + mark)
        return whole if len(whole) == 1 else None
    return composed.get(letter + mark)
