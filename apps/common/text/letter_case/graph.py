"""The case of texts inside a graph: UTF-8 bytes in and out, builtin operators only."""

import functools
from typing import Any

from keras import ops

from ..normalization.graph import decode, pack, shift, within
from .letters import (
    CAPITALS,
    END,
    FIRST,
    GAP,
    LEAST_CAPITALS,
    LEAST_WORDS,
    SHARP_S,
    SPACES,
    TITLE,
)

NO_LETTER, LETTER, SPACE = 0, 1, 2
SHARP_BYTES = tuple(SHARP_S.encode())


def take_case(tables: Any, text: Any) -> tuple[Any, Any]:
    """Texts `(B, N)` int32 as the model reads them, and their cases `(B, 1)`."""
    codes = find_characters(text)
    lowered, raised, initial = describe(tables, codes)
    capital, small = (ops.not_equal(x, 0) for x in (lowered, raised))
    any_small = _any(small)
    capitals = ops.logical_and(~any_small, _count(capital) >= LEAST_CAPITALS)
    words = _count(ops.logical_and(initial, capital)) >= LEAST_WORDS
    begun_small = _any(ops.logical_and(initial, small))
    inner = _any(ops.logical_and(capital, ~initial))
    title = any_small & words & ~begun_small & ~inner
    case = CAPITALS * ops.cast(capitals, "int32") + TITLE * ops.cast(title, "int32")
    return change(text, codes, ops.where(case > 0, lowered, 0)), case


def give_case(tables: Any, text: Any, case: Any) -> Any:
    """Answers `(B, M)` int32 in the cases `(B, 1)` of their questions."""
    first, second = SHARP_BYTES
    sharp = ops.equal(text, first) & ops.equal(shift(text, 1), second)
    sharp = ops.cast(sharp, "int32")
    both = (sharp + shift(sharp, -1) > 0) & ops.equal(case, CAPITALS)
    text = ops.where(both, ord("S"), text)
    codes = find_characters(text)
    _, raised, initial = describe(tables, codes)
    chosen = ops.equal(case, CAPITALS) | (ops.equal(case, TITLE) & initial)
    return change(text, codes, ops.where(chosen, raised, 0))


def find_characters(text: Any) -> Any:
    """The code point at each first byte of a character of up to three bytes; else 0.

    So what is no UTF-8, as a model with little training may write, stays as it is.
    """
    codes = decode(text)
    first, second, third, size = spell(codes)
    whole = ops.equal(first, text)
    whole = whole & (ops.equal(second, shift(text, 1)) | (size < 2))
    whole = whole & (ops.equal(third, shift(text, 2)) | (size < 3))
    return ops.where(whole, codes, 0)


def spell(codes: Any) -> tuple[Any, Any, Any, Any]:
    """The bytes of code points below 65536, and how many of the three they are."""
    size = 1 + ops.cast(codes >= 0x80, "int32") + ops.cast(codes >= 0x800, "int32")
    first = ops.where(size < 3, 0xC0 + codes // 64, 0xE0 + codes // 4096)
    first = ops.where(size < 2, codes, first)
    second = 0x80 + ops.where(size < 3, codes, codes // 64) % 64
    return first, second, 0x80 + codes % 64, size


def change(text: Any, codes: Any, added: Any) -> Any:
    """Bytes in which some characters become others of as many bytes."""
    first, *others, size = spell(codes + added)
    size = ops.where(ops.equal(added, 0), 0, size)
    text = ops.where(size > 0, first, text)
    for place, byte in enumerate(others, 1):
        text = ops.where(shift(size, -place) > place, shift(byte, -place), text)
    return text


def describe(tables: Any, codes: Any) -> tuple[Any, Any, Any]:
    """Of code points `(B, N)`: what lowers and raises them, and which are initials.

    An initial is the first letter or digit after white space.
    """
    lowered = look_up(tables, "case_lowered", codes)
    raised = look_up(tables, "case_raised", codes)
    letter = ops.not_equal(lowered, 0) | ops.not_equal(raised, 0)
    letter = letter | within(codes, ord("0"), ord("9") + 1)
    letter = letter | ops.equal(codes, ord(SHARP_S))
    spaces = [within(codes, block.start, block.stop) for block in SPACES]
    space = functools.reduce(ops.logical_or, spaces)
    kinds = ops.where(letter, LETTER, ops.where(space, SPACE, NO_LETTER))
    kept = ops.cast(kinds > 0, "int32")
    # Without signs, an initial is a letter that comes next to white space.
    packed = pack(kinds, kept)  # (B, N)
    begins = ops.not_equal(shift(packed, -1), LETTER)
    length = codes.shape[1] or ops.shape(codes)[1]
    row = ops.cumsum(ops.ones_like(codes[:, :1]), axis=0) - 1  # (B, 1)
    place = row * length + ops.maximum(ops.cumsum(kept, axis=1) - 1, 0)
    begins = ops.reshape(ops.cast(begins, "int32"), (-1,))
    begins = ops.take(begins, place, axis=0) > 0
    return lowered, raised, ops.logical_and(letter, begins)


def look_up(tables: Any, name: str, codes: Any) -> Any:
    """What is added to each of `codes (B, N)` for its other case."""
    place = ops.where(codes < FIRST, codes, 0)
    later = within(codes, FIRST + GAP, END)
    place = ops.where(later, codes - GAP, place)
    return ops.cast(ops.take(tables[name], place, axis=0), "int32")


def _any(x: Any) -> Any:
    return ops.any(x, axis=1, keepdims=True)


def _count(x: Any) -> Any:
    return ops.sum(ops.cast(x, "int32"), axis=1, keepdims=True)
