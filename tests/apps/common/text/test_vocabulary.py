"""Learning a vocabulary of byte pieces."""

import itertools

import pytest

from polyhead.apps.common.text import vocabulary
from polyhead.apps.common.text.vocabulary import (
    MAX_PIECE_BYTES,
    SPECIAL,
    byte_characters,
    learn_vocabulary,
    new_oracle,
)

TEXTS = ["The house, the HOUSE and a houseboat", "über die Häuser", "x" * 5000] * 20


def test_every_byte_has_a_printable_character_of_its_own():
    characters = byte_characters()
    assert sorted(characters.values()) == list(range(256))
    assert characters["a"] == ord("a") and all(c.isprintable() for c in characters)


def test_the_special_pieces_come_first_and_every_byte_is_a_piece():
    learned = learn_vocabulary(TEXTS, 300, case_fold=True).get_vocab()
    assert [learned[name] for name in SPECIAL] == [0, 1, 2]
    assert set(byte_characters()) <= set(learned)
    assert sorted(learned.values()) == list(range(len(learned)))
    assert len(learned) <= 300 and max(map(len, set(learned) - set(SPECIAL))) <= 16
    assert MAX_PIECE_BYTES == 16


@pytest.mark.parametrize("case_fold", [True, False])
def test_a_word_has_the_same_pieces_first_and_further_on(case_fold):
    oracle = learn_vocabulary(TEXTS, 400, case_fold)
    first, again = oracle.encode("house").tokens, oracle.encode("a house").tokens
    assert again[-len(first) :] == first
    same = oracle.encode("HOUSE").ids == oracle.encode("house").ids
    assert same is case_fold


def test_punctuation_is_cut_off_from_words():
    oracle = new_oracle({"<pad>": 0}, case_fold=False)
    parts = oracle.pre_tokenizer.pre_tokenize_str(" don't (x) ")
    words = [text.replace("Ġ", " ") for text, _ in parts]
    assert words == [" don", "'", "t", " (", "x", ")", " "]


def test_digits_of_every_script_are_pieces_of_their_own():
    texts = ["In 2025 there were 1999 of 2025", "٢٠٢٥ २०२५ 2025b b2025"] * 50
    oracle = learn_vocabulary(texts, 400, case_fold=True)
    parts = oracle.pre_tokenizer.pre_tokenize_str(" in 2025b")
    words = [text.replace("Ġ", " ") for text, _ in parts]
    assert words == [" in", " 2", "0", "2", "5", "b"]
    known = [piece for piece in oracle.get_vocab() if any(map(str.isdigit, piece))]
    assert max(len(piece.replace("Ġ", "")) for piece in known) == 1


def test_of_very_many_texts_a_seeded_sample_is_read(monkeypatch):
    names = ["".join(letters) for letters in itertools.product("abcdefghij", repeat=3)]
    texts = [f"word{name} again{name}" for name in names[:400]]
    whole = learn_vocabulary(texts, 700, True).get_vocab()
    monkeypatch.setattr(vocabulary, "SAMPLE_BYTES", 2000)
    sample = learn_vocabulary(texts, 700, True, seed=1).get_vocab()
    assert sample == learn_vocabulary(texts, 700, True, seed=1).get_vocab() != whole


def test_the_bytes_are_always_in_it():
    assert learn_vocabulary(["x"], 1, case_fold=False).get_vocab_size() >= 256
