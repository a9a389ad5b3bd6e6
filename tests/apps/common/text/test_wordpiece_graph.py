"""Word pieces inside the graph: the ids are those of Python."""

import json
from pathlib import Path

import numpy as np
import pytest
from keras import ops

from polyhead.apps.common.text.wordpiece import WordPieceTokenizer
from polyhead.apps.common.text.wordpiece_graph import build_tables, next_true
from polyhead.runtime.text_bytes import texts_to_bytes

ORACLE = json.loads((Path(__file__).parent / "mediapipe_ids.json").read_text())


@pytest.fixture(scope="module")
def tokenizer():
    return WordPieceTokenizer(ORACLE["vocabulary"], True, ORACLE["max_tokens"])


def cut_all(text):
    """The bytes of each row, without the zeros and what a cut began."""
    return [row.tobytes().rstrip(b"\0") for row in text]


def test_the_graph_gives_the_same_ids(tokenizer):
    lines = ORACLE["lines"]
    text, truncated = texts_to_bytes(lines, 600)
    found, long = map(
        np.array, tokenizer.encode_graph(tokenizer.tables, text.astype(np.int32), 48)
    )
    assert long.tolist() == tokenizer.find_cut([x.decode() for x in cut_all(text)], 48)
    assert long.any() and not long.all()
    for line, cut, ids, row in zip(lines, truncated, ORACLE["ids"], found, strict=True):
        # Where a cut word is within the tokens kept, it is another word.
        if not cut:
            assert row.tolist() == ids + [0] * (48 - len(ids)), repr(line)


def test_capitals_stay_where_the_vocabulary_has_them():
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "Good", "good"]
    tokenizer = WordPieceTokenizer(words, False, 8)
    assert tokenizer.encode("Good good GOOD") == [2, 4, 5, 1, 3]
    text, _ = texts_to_bytes(["Good good GOOD"], 20)
    found, cut = tokenizer.encode_graph(tokenizer.tables, text.astype(np.int32), 8)
    assert np.array(found).tolist() == [[2, 4, 5, 1, 3, 0, 0, 0]]
    assert not cut[0]


def test_the_last_place_is_for_the_end_of_a_cut_text():
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a"]
    tokenizer = WordPieceTokenizer(words, True, 4)
    text, _ = texts_to_bytes(["a", "a a", "a a a", "a a a a", ""], 8)
    found, cut = tokenizer.encode_graph(tokenizer.tables, text.astype(np.int32), 4)
    assert np.array(found).tolist() == [
        [2, 4, 3, 0],
        [2, 4, 4, 3],
        [2, 4, 4, 3],
        [2, 4, 4, 3],
        [2, 3, 0, 0],
    ]
    assert np.array(cut).tolist() == [False, False, True, True, False]


def test_a_piece_that_no_word_can_hold_is_left_out():
    ids = {"[PAD]": 0, "good": 4, "go.od": 5, "##.": 6, ".": 7, "a b": 8}
    met = {number for number in build_tables(ids)["value"].tolist() if number}
    assert met == {4, 7}  # a word ends at a full stop and at a space


def test_the_next_column_where_something_is_true():
    x = ops.convert_to_tensor([[False, True, False, False, True, False]])
    column = ops.cumsum(ops.ones_like(x, "int32"), axis=1) - 1
    found = ops.convert_to_numpy(next_true(x, column, 5))
    assert found.tolist() == [[1, 1, 4, 4, 4, 5]]
