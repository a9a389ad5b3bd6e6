"""Word pieces as MediaPipe cuts them, in Python."""

import importlib
import importlib.util
import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from polyhead.apps.common.errors import PolyheadError, UsageError
from polyhead.apps.common.text.wordpiece import (
    WordPieceTokenizer,
    learn_pieces,
    split_words,
)

BENCHMARKS = Path(__file__).parents[4] / "benchmarks"
ORACLE = json.loads((Path(__file__).parent / "mediapipe_ids.json").read_text())


@pytest.fixture(scope="module")
def tokenizer():
    return WordPieceTokenizer(ORACLE["vocabulary"], True, ORACLE["max_tokens"])


def test_ids_are_those_of_mediapipe(tokenizer):
    found = [row.tolist() for row in tokenizer.encode_all(ORACLE["lines"])]
    assert found == ORACLE["ids"]


def test_a_vocabulary_is_learned_of_words_and_their_pieces():
    lines = ["the film was filmed", "a film", "nb\u00a0sp 中文!"] * 5
    pieces = learn_pieces(lines, 200)
    assert pieces[:4] == ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    assert {"film", "##ed", "中", "!"} <= set(pieces)
    assert not any(c.isspace() for piece in pieces for c in piece)
    assert split_words("Nb\u00a0sp\tA.b") == ["nb\u00a0sp", "a", ".", "b"]


def test_the_same_texts_give_the_same_pieces():
    lines = ["the film was filmed", "a splendid evening of music, and 中文!"] * 20
    for size in (40, 120):
        learned = [learn_pieces(lines, size) for _ in range(4)]
        assert all(pieces == learned[0] for pieces in learned)
        assert learned[0][:4] == ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    assert learn_pieces([], 50) == ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]


def test_pieces_are_passed_over_in_training(tokenizer):
    rng = np.random.default_rng(0)
    line = [ORACLE["lines"][0]]
    whole = tokenizer.encode_all(line)[0]
    other = tokenizer.encode_all(line, 0.9, rng)[0]
    assert len(other) >= len(whole) and not np.array_equal(whole, other)
    again = tokenizer.encode_all(line, 0.9, np.random.default_rng(0))[0]
    assert np.array_equal(other, again)


def test_a_vocabulary_without_its_special_pieces_is_refused():
    with pytest.raises(UsageError, match=r"no \[CLS\], \[SEP\]"):
        WordPieceTokenizer(["[PAD]", "[UNK]"], True, 8)
    with pytest.raises(UsageError, match=r"\[PAD\] at 1"):
        WordPieceTokenizer(["x", "[PAD]", "[UNK]", "[CLS]", "[SEP]"], True, 8)


def test_a_text_of_too_many_bytes_is_cut(tokenizer):
    most = tokenizer.most_bytes(8)
    texts = [f"the{' ' * n}cat" for n in (1, most - 6, most - 5)]
    texts += ["the\0" + " " * most]
    assert tokenizer.find_cut(texts, 8) == [False, False, True, False]


def test_file_round_trip(tokenizer, tmp_path):
    path = tmp_path / "tokenizer.json"
    tokenizer.save(path)
    loaded = WordPieceTokenizer.load(path)
    assert loaded.pieces == tokenizer.pieces and loaded.lowercase
    assert loaded.max_tokens == tokenizer.max_tokens
    assert WordPieceTokenizer.load(path, 7).max_tokens == 7


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"vocabulary": []}'])
def test_a_corrupt_file_is_named(tmp_path, content):
    path = tmp_path / "tokenizer.json"
    path.write_text(content)
    with pytest.raises(PolyheadError, match="tokenizer.json: not a readable") as caught:
        WordPieceTokenizer.load(path)
    assert "\n" not in str(caught.value)


needs_client = pytest.mark.skipif(
    "POLYHEAD_MEDIAPIPE_PYTHON" not in os.environ
    and importlib.util.find_spec("mediapipe") is None,
    reason="no mediapipe: name a Python that has it in POLYHEAD_MEDIAPIPE_PYTHON",
)


@needs_client
def test_the_stored_ids_are_still_mediapipes(tokenizer, monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    probe = importlib.import_module("mediapipe_probe")
    found = probe.ask_ids(tokenizer.pieces, 48, ORACLE["lines"])
    wanted = [row + [0] * (48 - len(row)) for row in ORACLE["ids"]]
    assert found == wanted
    assert sys.modules.pop("mediapipe_probe")
