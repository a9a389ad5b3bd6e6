"""Which texts are not read to their end, and the notes that say so."""

from pathlib import Path

import pytest

from polyhead.apps.common.text.run import find_cuts


def test_texts_too_short_to_be_cut_ask_for_no_tokenizer():
    path = Path("model_int8.tflite")

    def tokenizer():
        raise AssertionError("asked for")

    texts = ["a" * 6, "é" * 3, "", "a\0b", "a\0\0"]
    found = find_cuts(texts, 8, tokenizer, path=path, max_bytes=5)
    assert found[0] == [True, True, False, True, False]
    assert [note.split(" (")[0] for note in found[1]] == [
        "longer than model_int8.tflite reads, and cut: text 1, 2"
    ]
    with pytest.raises(AssertionError):
        find_cuts(["a" * 7], 8, tokenizer)


def test_no_more_is_advised_than_may_be_asked_for():
    class Tokenizer:
        def find_cut(self, texts, limit):
            return [len(text) > limit for text in texts]

    for highest, remedy in ((16, " (train with max_tokens=16)"), (15, "")):
        truncated, (note,) = find_cuts(["a" * 8], 8, Tokenizer, 1, highest)
        assert truncated == [True] and note.endswith(f"text 1{remedy}")
