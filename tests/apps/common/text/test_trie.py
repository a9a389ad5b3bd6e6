"""A set of byte strings as a double-array trie."""

import random

import numpy as np
import pytest

from polyhead.apps.common.text.trie import build_trie


def look_up(trie, key):
    state = 1
    for byte in key:
        following = trie["base"][state] + byte
        if trie["check"][following] != state:
            return 0
        state = following
    return trie["value"][state]


def test_trie_holds_just_its_pieces():
    pieces = {b"a": 1, b"ab": 2, b"\xff\xfe": 3, b"abcd": 4}
    trie = build_trie(pieces)
    assert {piece: look_up(trie, piece) for piece in pieces} == pieces
    absent = (b"b", b"abc", b"\xff", b"abcde")
    assert [look_up(trie, key) for key in absent] == [0] * 4


def test_a_trie_of_many_pieces_grows():
    draw = random.Random(0)
    keys = {
        bytes(draw.choices(range(1, 256), k=draw.randint(1, 6))) for _ in range(5000)
    }
    pieces = {key: number for number, key in enumerate(sorted(keys), 1)}
    trie = build_trie(pieces)
    assert all(look_up(trie, key) == number for key, number in pieces.items())
    others = [
        key + b"\x01" for key in list(pieces)[:500] if key + b"\x01" not in pieces
    ]
    assert not any(look_up(trie, key) for key in others)
    # A graph may follow any byte from any state.
    lengths = {len(array) for array in trie.values()}
    assert len(lengths) == 1 and trie["base"].max() + 255 < lengths.pop()
    assert all(array.dtype == np.int32 for array in trie.values())


@pytest.mark.parametrize("piece", [b"", b"a\0b"])
def test_a_piece_that_no_text_can_hold_is_refused(piece):
    with pytest.raises(ValueError, match="must not be empty or hold a zero byte"):
        build_trie({piece: 1})
