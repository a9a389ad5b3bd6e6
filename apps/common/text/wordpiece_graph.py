"""WordPiece inside the graph: padded bytes in, padded ids out, builtin operators only.

The rules are those of `wordpiece.py`. As in `byte_pieces.py`, every byte starts its own
walk of a trie, and the tokens of a text are found by pointer doubling. A byte begins
either a word or a later piece of one, and walks from the trie's root or from the state
behind the marker. No piece has a border inside, so no walk leaves its word.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from keras import ops

from .byte_pieces import fold_case, follow_jumps, match
from .trie import DEAD, ROOT, build_trie
from .wordpiece_rules import CONTINUES, MAX_WORD_BYTES, SPACES, delimiter_ranges

MARKER = 0xFF  # no byte of any text; what follows it continues a word
ALONE, SPACE = 1, 2  # kinds of characters; 0 is any other
PAGE = 64  # code points
CODE_POINTS = 0x110000
MOST_DOUBLINGS = 17  # of a text whose length the graph does not know: 128 kB


def build_tables(ids: Mapping[str, int]) -> dict[str, np.ndarray]:
    """The trie of the pieces, and `pages` and `kinds`, the kind of each code point."""
    kind_of = np.zeros(CODE_POINTS, np.int32)
    kind_of[[ord(character) for character in SPACES]] = SPACE
    for first, last in delimiter_ranges():
        kind_of[first : last + 1] = ALONE
    kinds, pages = np.unique(kind_of.reshape(-1, PAGE), axis=0, return_inverse=True)
    known = {}
    for piece, number in ids.items():
        later = piece.startswith(CONTINUES) and piece != CONTINUES
        text = piece[len(CONTINUES) :] if later else piece
        data = text.encode("utf-8", "replace")
        borders = kind_of[[ord(character) for character in text]].any()
        # Where a word ends inside a piece, the piece is never met.
        if data and b"\0" not in data and not (borders and (later or len(text) > 1)):
            known[bytes([MARKER] * later) + data] = number
    pages = pages.reshape(-1).astype(np.int32)
    return {**build_trie(known), "pages": pages, "kinds": kinds.reshape(-1)}


def encode_words(
    tables: Any,
    text: Any,
    max_tokens: int,
    special: Sequence[int],
    longest: int,
    lowercase: bool,
) -> Any:
    """The tokenizer as a graph: `(B, max_tokens)` ids, [CLS], the pieces, [SEP], zeros.

    Args:
        text: `(B, N)` int32 bytes of valid UTF-8 that end at the first zero.
        max_tokens: static; later pieces are cut.
        special: the ids of [UNK], [CLS] and [SEP].
        longest: bytes of the longest piece, without its mark.
    """
    unknown, start, end = special
    ended = ops.cumsum(ops.cast(ops.equal(text, 0), "int32"), axis=1)
    text = ops.pad(ops.where(ended > 0, 0, text), [[0, 0], [0, 1]])
    if lowercase:
        text = fold_case(ops, text)
    length = text.shape[1] or ops.shape(text)[1]  # N + 1
    row = ops.cumsum(ops.ones_like(text[:, :1]), axis=0) - 1  # (B, 1)
    column = ops.cumsum(ops.ones_like(text), axis=1) - 1  # (B, N + 1)
    index = row * length + column
    last = length - 1

    begins, border = find_words(tables, text)
    after_marker = ops.take(tables["base"], ROOT) + MARKER
    linked = ops.equal(ops.take(tables["check"], after_marker), ROOT)
    state = ops.where(begins, ROOT, ops.where(linked, after_marker, DEAD))

    def flat(x: Any) -> Any:
        return ops.reshape(x, (-1,))

    def at(x: Any, where: Any) -> Any:
        return ops.take(flat(x), where, axis=0)

    matches = match(ops, tables, flat(text), state=flat(state), longest=longest)
    pieces, lengths = (ops.reshape(x, (-1, length)) for x in matches)
    matched = pieces > 0
    after = ops.minimum(index + lengths, row * length + last)

    # A word is known if its chain of pieces ends at a border, and not at a byte
    # where no piece begins.
    chain = ops.where(border | ops.logical_not(matched), index, after)
    for _ in range((MAX_WORD_BYTES - 1).bit_length()):
        chain = at(chain, chain)
    complete = at(border, at(chain, after))
    borders = ops.cumsum(ops.cast(border, "int32"), axis=1)
    reach = row * length + ops.minimum(column + MAX_WORD_BYTES, last)
    short = at(borders, reach) > borders
    failed = begins & ops.logical_not(matched & complete & short)

    # From each token to the next one.
    upcoming = row * length + next_true(begins, column, last)
    jump = ops.where(at(border, after), at(upcoming, after), after)
    skipped = at(upcoming, ops.minimum(index + 1, row * length + last))
    jump = ops.where(failed, skipped, jump)
    jump = ops.where(text > 0, jump, index)  # stays at the end
    tokens = ops.where(failed, unknown, pieces)

    position = follow_jumps(flat(jump), upcoming[:, :1], max_tokens - 2)
    tokens = at(tokens, position)
    given = ops.sum(ops.cast(tokens > 0, "int32"), axis=1, keepdims=True)
    tokens = ops.pad(tokens, [[0, 0], [1, 1]])
    place = ops.cumsum(ops.ones_like(tokens), axis=1) - 1
    tokens = ops.where(ops.equal(place, 0), start, tokens)
    return ops.where(ops.equal(place, given + 1), end, tokens)


def cut_words(ids: Any, end: int) -> tuple[Any, Any]:
    """What `encode_words` gave, with one id less, and which texts lost a piece by it.

    Args:
        ids: `(B, T + 1)`; the last one is [SEP] if there are too many pieces.
        end: the id of [SEP], which is then put at the last of T places.

    Returns:
        Ids `(B, T)`, and booleans `(B,)`.
    """
    cut = ids[:, -1:] > 0
    last = ops.where(cut, end, ids[:, -2:-1])
    return ops.concatenate([ids[:, :-2], last], axis=1), cut[:, 0]


def find_words(tables: Any, text: Any) -> tuple[Any, Any]:
    """At which of the bytes `text (B, N)` a word begins, and at which none goes on.

    None goes on where one begins, and at spaces and zeros. Both are booleans `(B, N)`.
    """
    second, third, fourth = (ahead(text, steps) % 64 for steps in (1, 2, 3))
    two = (text % 32) * 64 + second
    three = ((text % 16) * 64 + second) * 64 + third
    four = (((text % 8) * 64 + second) * 64 + third) * 64 + fourth
    # Code points up to 0x10FFFF; broken UTF-8 must not read past the table.
    code = ops.where(text < 0x80, text, ops.where(text < 0xE0, two, three))
    code = ops.where(text < 0xF0, code, ops.minimum(four, CODE_POINTS - 1))
    page = ops.take(tables["pages"], code // PAGE, axis=0)
    kind = ops.take(tables["kinds"], page * PAGE + code % PAGE, axis=0)
    leads = (text < 0x80) | (text >= 0xC0)
    alone = leads & ops.equal(kind, ALONE)
    space = leads & ops.equal(kind, SPACE)
    size = sum(ops.cast(text >= low, "int32") for low in (0, 0xC0, 0xE0, 0xF0))
    follows = space | ops.equal(text, 0)  # a word begins behind them, and at the start
    follows = ops.logical_not(behind(ops.logical_not(follows), 1))
    for steps in (1, 2, 3, 4):
        follows = follows | behind(alone & ops.equal(size, steps), steps)
    real = (text > 0) & ops.logical_not(space)
    begins = real & leads & (alone | follows)
    return begins, begins | ops.logical_not(real)


def ahead(x: Any, steps: int) -> Any:
    """`x (B, N)` moved left by `steps`, zeros coming in from the right."""
    return ops.pad(x, [[0, 0], [0, steps]])[:, steps:]


def behind(x: Any, steps: int) -> Any:
    """Booleans `x (B, N)` moved right by `steps`, False coming in from the left."""
    return ops.pad(ops.cast(x, "int32"), [[0, 0], [steps, 0]])[:, :-steps] > 0


def next_true(x: Any, column: Any, last: Any) -> Any:
    """The first column from each on at which `x (B, N)` is True, or `last`."""
    missing = last - ops.where(x, column, last)  # 0 for none: what comes in
    length = x.shape[1]
    doublings = length.bit_length() if length else MOST_DOUBLINGS
    for power in range(doublings):
        missing = ops.maximum(missing, ahead(missing, 2**power))
    return last - missing
