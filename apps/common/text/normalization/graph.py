"""Normalisation inside a graph: bytes in, bytes out, builtin TFLite operators only.

The bytes become code points, side by side. A table, in pages of 32 code points, says
what is added to each: nothing, what makes it a small letter or a space, or its own
negative, which drops it. Only texts that have marks pay for composing.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from keras import ops

from .table import (
    LEADING,
    LEADINGS,
    SYLLABLE,
    TRAILING,
    TRAILINGS,
    VOWEL,
    VOWELS,
)

PAGE = 32  # code points
COVERED = 0x20000  # code points; those after them never change
# What the table says of a code point in a pair: the number of a mark, JAMO, or, from
# FIRST_ROW on, where the row of a letter begins.
JAMO, FIRST_ROW = 127, 128
MOST_MARKS = 3  # on one letter, as in Greek; two in Vietnamese
SPACE = 32


def build_tables(
    changed: Mapping[str, str], composed: Mapping[str, str]
) -> dict[str, np.ndarray]:
    """The arrays of the graph, of the smallest types, as a file stores some twice.

    `norm_pages (4097,)` has the page of each 32 code points. In the pages, `norm_kinds`
    says where in `norm_added` the number is that is added, and `norm_pairs` which part
    a code point has in pairs. Where a letter's row and a mark meet, `norm_rows` has
    the row, if there is such a pair, and `norm_wholes` what it becomes.
    """
    added, pairs = (np.zeros(COVERED + PAGE, np.int32) for _ in range(2))
    for character, new in changed.items():
        added[ord(character)] = ord(new or "\0") - ord(character)
    marks = {mark: n for n, mark in enumerate(sorted({p[1] for p in composed}), 1)}
    pairs[[ord(mark) for mark in marks]] = list(marks.values())
    pairs[VOWEL : VOWEL + VOWELS] = JAMO
    pairs[TRAILING + 1 : TRAILING + TRAILINGS] = JAMO
    letters: dict[str, dict[int, int]] = {}
    for pair, whole in composed.items():
        letters.setdefault(pair[0], {})[marks[pair[1]]] = ord(whole)
    rows, wholes = (np.zeros(FIRST_ROW * 64, np.int32) for _ in range(2))
    for letter, start in fit_rows(letters).items():
        cells = start + np.array(list(letters[letter]))
        rows[cells], wholes[cells] = start, np.array(list(letters[letter].values()))
        pairs[ord(letter)] = start
    end = int(np.flatnonzero(rows).max()) + JAMO + 1
    numbers, kinds = np.unique(added, return_inverse=True)
    both = np.stack([kinds.reshape(-1), pairs], axis=1).reshape(-1, PAGE * 2)
    kept, pages = np.unique(both, axis=0, return_inverse=True)
    kept = kept.reshape(-1, 2)
    return {
        "norm_pages": pages.reshape(-1).astype(np.uint8),
        "norm_kinds": kept[:, 0].astype(np.uint8),
        "norm_added": numbers.astype(np.int32),
        "norm_pairs": kept[:, 1].astype(np.int16),
        "norm_rows": rows[:end].astype(np.int16),
        "norm_wholes": wholes[:end],
    }


def fit_rows(letters: Mapping[str, dict[int, int]]) -> dict[str, int]:
    """Where each letter's row begins, so that no two rows use one cell."""
    used, starts = set[int](), dict[str, int]()
    for letter, row in letters.items():
        start = FIRST_ROW
        # A row is known by where it begins, so no two begin at one cell.
        while start in starts.values() or any(start + mark in used for mark in row):
            start += 1
        starts[letter] = start
        used.update(start + mark for mark in row)
    return starts


def normalize_bytes(tables: Any, text: Any) -> Any:
    """Normalises UTF-8 texts, `(B, N)` int32 bytes that end at their first zero."""
    ended = ops.cumsum(ops.cast(ops.equal(text, 0), "int32"), axis=1)
    codes = decode(ops.where(ended > 0, 0, text))
    kinds = look_up(tables, "norm_kinds", codes)
    codes = codes + ops.take(tables["norm_added"], kinds, axis=0)
    codes = pack(codes, ops.cast(codes > 0, "int32"))
    pairs = look_up(tables, "norm_pairs", codes)
    marked = ops.any(within(pairs, 1, FIRST_ROW))
    codes = ops.cond(marked, lambda: compose(tables, codes, pairs), lambda: codes)
    return encode(join_spaces(codes))


def shift(x: Any, count: int) -> Any:
    """`x (B, N)`, `count` places further to the left, or right if negative."""
    if count > 0:
        return ops.pad(x[:, count:], [[0, 0], [0, count]])
    return ops.pad(x, [[0, 0], [-count, 0]])[:, :count]


def decode(text: Any) -> Any:
    """The code point at each first byte of a character, and 0 at the others."""
    length = text.shape[1] or ops.shape(text)[1]
    longer = ops.pad(text, [[0, 0], [0, 3]])
    second, third, fourth = (longer[:, n : n + length] for n in (1, 2, 3))
    two = text * 64 + second - (0xC0 * 64 + 0x80)
    three = (two - 0x20 * 64) * 64 + third - 0x80
    four = (three - 0x10 * 4096) * 64 + fourth - 0x80
    codes = ops.where(text < 0xC0, 0, ops.where(text < 0xE0, two, three))
    codes = ops.where(text < 0xF0, codes, four)
    return ops.where(text < 0x80, text, ops.maximum(codes, 0))


def look_up(tables: Any, name: str, codes: Any) -> Any:
    """What the table says of each of `codes (B, N)`."""
    page = ops.minimum(codes, COVERED) // PAGE
    page = ops.cast(ops.take(tables["norm_pages"], page, axis=0), "int32")
    found = ops.take(tables[name], page * PAGE + codes % PAGE, axis=0)
    return ops.cast(found, "int32")


def pack(values: Any, kept: Any) -> Any:
    """Moves what is kept (1, not 0) of `values (B, N)` to the left; zeros follow."""
    ends = ops.cumsum(kept, axis=1)
    return place([(values, ends - 1, kept > 0)])


def place(groups: list[tuple[Any, Any, Any]]) -> Any:
    """Writes values, all `(B, N)`, to columns of a `(B, N)` matrix where they are kept.

    A group is of values, their columns, and booleans.
    """
    first = groups[0][0]
    length = first.shape[1] or ops.shape(first)[1]
    width = length + 1  # the last column takes what is not kept
    row = ops.cumsum(ops.ones_like(first[:, :1]), axis=0) - 1  # (B, 1)
    values, columns, kept = (
        ops.concatenate(parts, axis=1) for parts in zip(*groups, strict=True)
    )
    # Bytes that are no text may give code points that need more bytes.
    kept = ops.logical_and(kept, columns < length)
    places = row * width + ops.where(kept, columns, length)
    count = first.shape[0] or ops.shape(first)[0]
    flat = ops.reshape(places, (-1, 1)), ops.reshape(values, (-1,))
    written = ops.scatter(*flat, (count * width,))
    return ops.reshape(written, (count, width))[:, :length]


def compose(tables: Any, codes: Any, pairs: Any) -> Any:
    """Joins letters and the marks that come next; zeros take the marks' places.

    `pairs` is what the table says of the `codes`.
    """

    def join_next(_: Any, carried: tuple) -> tuple:
        wholes, count, running, marks, parts = carried
        marks, parts = shift(marks, 1), shift(parts, 1)
        joined = join(tables, wholes, marks, parts) * running
        running = ops.cast(joined > 0, "int32")
        wholes = ops.where(joined > 0, joined, wholes)
        return wholes, count + running, running, marks, parts

    # Computed, as a file would store constants of the texts' length.
    none, running = (ops.cast(x, "int32") for x in (codes < 0, codes >= 0))
    carried = codes, none, running, codes, pairs
    wholes, count, *_ = ops.fori_loop(0, MOST_MARKS, join_next, carried)
    taken = none
    for number in range(1, MOST_MARKS + 1):
        taken = taken + shift(ops.cast(count >= number, "int32"), -number)
    return ops.where(taken > 0, 0, wholes)


def join(tables: Any, letters: Any, marks: Any, parts: Any) -> Any:
    """The one letter of each letter and the mark, or jamo, after it; 0 for none.

    `parts` is what the table says of the `marks`.
    """
    row = look_up(tables, "norm_pairs", letters)
    pair = (row >= FIRST_ROW) & within(parts, 1, JAMO)
    cell = ops.where(pair, row + parts, 0)
    met = ops.cast(ops.take(tables["norm_rows"], cell, axis=0), "int32")
    whole = ops.take(tables["norm_wholes"], cell, axis=0)
    joined = ops.where(pair & ops.equal(met, row), whole, 0)
    leading, vowel = letters - LEADING, marks - VOWEL
    opened, trailing = letters - SYLLABLE, marks - TRAILING
    begins = within(leading, 0, LEADINGS) & within(vowel, 0, VOWELS)
    syllable = SYLLABLE + (leading * VOWELS + vowel) * TRAILINGS
    ends = within(opened, 0, LEADINGS * VOWELS * TRAILINGS)
    ends = ends & ops.equal(opened % TRAILINGS, 0) & within(trailing, 1, TRAILINGS)
    joined = ops.where(begins, syllable, joined)
    return ops.where(ends, letters + trailing, joined)


def within(x: Any, first: int, end: int) -> Any:
    """Where `first <= x < end`."""
    return ops.logical_and(x >= first, x < end)


def join_spaces(codes: Any) -> Any:
    """One space for several, and none at the ends; zeros take the others' places."""
    is_space = ops.equal(codes, SPACE)
    letter = ops.logical_and(codes > 0, ops.logical_not(is_space))
    begun = ops.cumsum(ops.cast(letter, "int32"), axis=1) > 0
    before_letter = shift(ops.cast(letter, "int32"), 1) > 0
    return ops.where(letter | (is_space & begun & before_letter), codes, 0)


def encode(codes: Any) -> Any:
    """UTF-8 bytes `(B, N)` of code points and zeros, without the zeros."""
    sizes = ops.zeros_like(codes)
    for least in (1, 0x80, 0x800, 0x10000):
        sizes = sizes + ops.cast(codes >= least, "int32")
    ends = ops.cumsum(sizes, axis=1)
    first = ops.where(sizes < 3, 0xC0 + codes // 64, 0xE0 + codes // 4096)
    first = ops.where(sizes < 4, first, 0xF0 + codes // 262144)
    first = ops.where(sizes < 2, codes, first)
    groups = [(first, ends - sizes, sizes > 0)]
    for back in (1, 2, 3):
        tail = 0x80 + codes // 64 ** (back - 1) % 64
        groups.append((tail, ends - back, sizes > back))
    return place(groups)
