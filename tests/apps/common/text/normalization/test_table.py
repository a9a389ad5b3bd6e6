"""The table says what Unicode says."""

import unicodedata

import pytest

from polyhead.apps.common.text.normalization.table import UNICODE, read_table

# Formatting characters without a meaning that nobody sees: soft hyphen, marks and
# embeddings of direction, zero-width space, word joiner, invisible operators, BOM.
DROPPED = [
    *(0xAD, 0x61C, 0x180E, 0x200B, 0x200E, 0x200F, 0xFEFF),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2065),
    *range(0x2066, 0x2070),
]
ALL = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]


def fold(character):
    """The simple case folding, which Python does not give as such."""
    if character == "\u0130":  # the capital of Turkish i, folded with two code points
        return "i"
    if unicodedata.category(character)[0] == "M":  # no mark has a case
        return character
    for folded in (character.casefold(), character.lower()):
        if len(folded) == 1:
            longer = len(folded.encode()) > len(character.encode())
            return character if longer else folded
    return character


def derive():
    """The table, of the Unicode version of this Python."""
    folded = {c: fold(c) for c in ALL if fold(c) != c}
    parts = {c: unicodedata.decomposition(c).split() for c in ALL}
    pairs = {
        c: [chr(int(part, 16)) for part in found]
        for c, found in parts.items()
        if len(found) == 2 and not found[0].startswith("<")
    }
    letters = {pair[0] for pair in pairs.values()} | set(pairs)
    marks = {m for _, m in pairs.values() if unicodedata.category(m)[0] == "M"}
    composed = {
        letter + mark: unicodedata.normalize("NFC", letter + mark)
        for letter in sorted(letters)
        for mark in sorted(marks)
    }
    return folded, {p: whole for p, whole in composed.items() if len(whole) == 1}


def test_it_is_what_unicode_says():
    table = read_table(UNICODE)
    assert set(table.spaces) == {c for c in ALL if c.isspace()}
    assert set(table.dropped) == set(map(chr, DROPPED))
    folded, composed = derive()
    # A later Unicode has more capitals, and says the same of these.
    assert table.folded.items() <= folded.items()
    assert table.composed.items() <= composed.items()
    if unicodedata.unidata_version == "14.0.0":
        assert table.folded == folded
        assert table.composed == composed


@pytest.mark.parametrize("joiner", ["\u200c", "\u200d"])
def test_joiners_stay(joiner):
    table = read_table(UNICODE)
    assert joiner not in table.spaces + table.dropped
