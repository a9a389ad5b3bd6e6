"""The table that decides how texts are normalised, by its name and version.

It is made of Unicode 14.0 and never changes: a later one gets another version, so that
a run answers the same for ever.
"""

import functools
import json
from pathlib import Path
from typing import NamedTuple

NONE, UNICODE = "none", "unicode-1"
NORMALIZATIONS = (UNICODE, NONE)
# Hangul syllables are composed by arithmetic; see the Unicode Standard, 3.12.
LEADING, VOWEL, TRAILING, SYLLABLE = 0x1100, 0x1161, 0x11A7, 0xAC00
LEADINGS, VOWELS, TRAILINGS = 19, 21, 28


class Table(NamedTuple):
    """What becomes of characters.

    Args:
        spaces: the white space, all of which becomes U+0020.
        dropped: characters without a meaning that nobody sees, such as U+200B.
        folded: capital -> its one small letter, which needs no more bytes.
        composed: a letter and a mark -> the one letter for both.
    """

    spaces: str
    dropped: str
    folded: dict[str, str]
    composed: dict[str, str]


def describe(name: str | None, case_fold: bool) -> str:
    """What a card says of the normalisation; "" for none."""
    if name in (None, NONE):
        return ""
    folded = ", and capitals are small letters" if case_fold else ""
    return (
        f"\nThe model, and each file of it, normalises texts by the table `{name}`:\n"
        "all white space is one space, characters that nobody sees are left out, a\n"
        f"letter and its mark are one letter{folded}.\n"
    )


@functools.cache
def read_table(name: str) -> Table:
    """Reads the table of this name."""
    saved = json.loads(Path(__file__).with_name(f"{name}.json").read_text("utf-8"))
    folded, composed = saved["folded"], saved["composed"]
    return Table(
        saved["spaces"],
        saved["dropped"],
        dict(zip(folded[::2], folded[1::2], strict=True)),
        {composed[i : i + 2]: composed[i + 2] for i in range(0, len(composed), 3)},
    )
