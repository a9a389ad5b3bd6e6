"""Texts in capitals or in title case, read in small letters and answered alike.

People type whole sentences in capitals, of which a model has seen few: to its pieces
they are another language. So the model reads them in small letters, and its answer is
written as the text was. `graph.py` does the same in a graph.
"""

import re
from functools import cached_property
from typing import Any

import numpy as np

KEPT, CAPITALS, TITLE = 0, 1, 2  # the cases of a text
LEAST_CAPITALS = 3  # of a text in capitals: "OK" is a word
LEAST_WORDS = 3  # with a capital, of a text in title case: "Good morning, Tom" is none
# Its capital is two letters, of as many bytes; in capitals it may stand as it is.
SHARP_S = "ß"
# The letters that change: those of the Latin, Greek, Cyrillic and Armenian scripts.
BLOCKS = range(0x41, 0x590), range(0x1E00, 0x2000)
FIRST, END = BLOCKS[0].stop, BLOCKS[1].stop  # of the first block, and of the second
GAP = BLOCKS[1].start - FIRST  # code points between the blocks
# White space, and what is as good as white space between two words.
SPACES = (range(1, 33), range(0xA0, 0xA1), range(0x2000, 0x200B), range(0x3000, 0x3001))


def _changes(change: Any) -> dict[str, str]:
    """Letters whose other case is one letter of as many bytes."""
    letters = [chr(code) for block in BLOCKS for code in block]
    changed = {letter: change(letter) for letter in letters if change(letter) != letter}
    return {
        letter: new
        for letter, new in changed.items()
        if len(new) == 1 and len(new.encode()) == len(letter.encode())
    }


LOWERED = {x: new for x, new in _changes(str.lower).items() if x.isupper()}
RAISED = {x: new for x, new in _changes(str.upper).items() if x.islower()}
_capital, _small = "".join(LOWERED), "".join(RAISED)
_letter = "0-9" + _capital + _small + SHARP_S
_space = "".join(chr(code) for block in SPACES for code in block)
_SMALL, _CAPITAL = re.compile(f"[{_small}]"), re.compile(f"[{_capital}]")
# The first letter of a word, after signs such as an inverted question mark.
_INITIAL = re.compile(f"((?:^|(?<=[{_space}]))[^{_letter}{_space}]*)([{_letter}])")
_INNER_CAPITAL = re.compile(f"[{_letter}][^{_space}]*[{_capital}]")
_LOWER, _UPPER = str.maketrans(LOWERED), str.maketrans({**RAISED, SHARP_S: "SS"})


def find_case(text: str) -> int:
    """KEPT, CAPITALS for no small letter, or TITLE for a capital before each word.

    Example:

    >>> from polyhead.apps.common.text.letter_case.letters import find_case
    >>> [find_case(text) for text in ("WHERE ARE YOU?", "Where Are You?", "Where?")]
    [1, 2, 0]
    """
    if not _SMALL.search(text):
        enough = len(_CAPITAL.findall(text)) >= LEAST_CAPITALS
        return CAPITALS if enough else KEPT
    initials = [letter for _, letter in _INITIAL.findall(text)]
    if sum(letter in LOWERED for letter in initials) < LEAST_WORDS:
        return KEPT
    small = any(_SMALL.match(letter) for letter in initials)
    return KEPT if small or _INNER_CAPITAL.search(text) else TITLE


def take_case(text: str) -> tuple[str, int]:
    """A text as the model reads it, and its case."""
    case = find_case(text)
    return (text.translate(_LOWER) if case else text), case


def give_case(text: str, case: int) -> str:
    """An answer in the case of its question.

    Example:

    >>> from polyhead.apps.common.text.letter_case.letters import TITLE, give_case
    >>> give_case("¿dónde está tu tío?", TITLE)
    '¿Dónde Está Tu Tío?'
    """
    if case == CAPITALS:
        return text.translate(_UPPER)
    if case == TITLE:
        return _INITIAL.sub(lambda x: x[1] + RAISED.get(x[2], x[2]), text)
    return text


class LetterCase:
    """`take_case` and `give_case` for a run that carries the case over, or not.

    Args:
        carried: bool. Whether it does; else all texts and answers stay as they are.
    """

    def __init__(self, carried: bool | None) -> None:
        self.carried = bool(carried)

    def take(self, text: str) -> tuple[str, int]:
        """See `take_case`."""
        return take_case(text) if self.carried else (text, KEPT)

    def read(self, text: str) -> str:
        """A text as the model reads it."""
        return self.take(text)[0]

    def give(self, answer: bytes, case: int) -> bytes:
        """See `give_case`; the answer is UTF-8."""
        if case == KEPT:
            return answer
        text = answer.decode("utf-8", "surrogateescape")
        return give_case(text, case).encode("utf-8", "surrogateescape")

    @cached_property
    def tables(self) -> dict[str, np.ndarray]:
        """The arrays that the graph reads; none if nothing changes."""
        if not self.carried:
            return {}
        return {
            "case_lowered": _added(LOWERED),
            "case_raised": _added(RAISED),
        }


def _added(changes: dict[str, str]) -> np.ndarray:
    """What is added to each code point of both blocks for its other case; else 0."""
    added = np.zeros(END - GAP, np.int16)
    for letter, new in changes.items():
        code = ord(letter)
        added[code if code < FIRST else code - GAP] = ord(new) - code
    return added
