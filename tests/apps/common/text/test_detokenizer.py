"""Piece ids back to text: the graph joins and cuts as Python does."""

import doctest

import numpy as np
import pytest
from keras import ops

from polyhead.apps.common.export.litert import TFLitePredictor
from polyhead.apps.common.export.tflite import export_tflite
from polyhead.apps.common.text import detokenizer
from polyhead.apps.common.text.byte_pieces import Tokenizer
from polyhead.apps.common.text.detokenizer import decode_ids, join_pieces, piece_tables
from polyhead.runtime.text_bytes import cut_text

TEXTS = [
    "",
    "a",
    " two  spaces ",
    "déjà vu, señor — 5 €",
    "猫がここに😀 emoji 👩‍👩‍👧",
    "שלום עולם مرحبا",
    "tab\tand \x1b control",
    "x" * 300,
    "é" * 40,
    "😀" * 20,
]


@pytest.fixture(scope="module")
def tokenizer():
    return Tokenizer.learn(TEXTS * 3, size=400, case_fold=False)


def encode_all(tokenizer, texts):
    rows = tokenizer.encode_all(texts)
    ids = np.zeros((len(rows), max(map(len, rows)) + 2), np.int32)
    for target, row in zip(ids, rows, strict=True):
        target[: len(row)] = row
    return ids


def test_examples():
    assert doctest.testmod(detokenizer).failed == 0


def test_encoding_and_joining_give_the_text_back(tokenizer):
    for text, row in zip(TEXTS, encode_all(tokenizer, TEXTS), strict=True):
        assert join_pieces(tokenizer.pieces, row) == text.encode()


@pytest.mark.parametrize("max_bytes", [1, 2, 3, 4, 5, 17, 64, 400])
def test_graph_joins_and_cuts_as_python_does(tokenizer, max_bytes):
    tables = piece_tables(tokenizer.pieces)
    found, long = decode_ids(tables, encode_all(tokenizer, TEXTS), max_bytes)
    found = ops.convert_to_numpy(found).astype(np.uint8)
    assert found.shape == (len(TEXTS), max_bytes)
    for text, row in zip(TEXTS, found, strict=True):
        expected, _ = cut_text(text, max_bytes)
        assert row.tobytes().rstrip(b"\0") == expected
    cut = [cut_text(text, max_bytes)[1] for text in TEXTS]
    assert ops.convert_to_numpy(long).tolist() == cut


def test_bytes_that_are_no_utf8_are_cut_by_number(tokenizer):
    alone = tokenizer.pieces.index(b"\x80")
    ids = np.full((1, 9), alone, np.int32)
    found, _ = decode_ids(piece_tables(tokenizer.pieces), ids, 4)
    assert ops.convert_to_numpy(found).tolist() == [[0x80] * 4]


def test_tflite_gives_the_same_bytes(tokenizer, tmp_path):
    ids = encode_all(tokenizer, TEXTS)

    def function(weights, tables, ids):
        return {"text": ops.cast(decode_ids(tables, ids, 64)[0], "uint8")}

    path = tmp_path / "model.tflite"
    export_tflite(function, [], piece_tables(tokenizer.pieces), {"ids": ids}, path)
    found = TFLitePredictor(path)(ids=ids)["text"]
    for text, row in zip(TEXTS, found, strict=True):
        assert row.tobytes().rstrip(b"\0") == cut_text(text, 64)[0]
