"""Learning a vocabulary of byte pieces."""

import pytest

from polyhead.apps.common.text import vocabulary
from polyhead.apps.common.text.vocabulary import byte_characters, learn_vocabulary

TEXTS = ["the cat sat on the mat", "the dog sat on the log"] * 20


def test_every_byte_has_a_character_of_its_own():
    characters = byte_characters()
    assert sorted(characters.values()) == list(range(256))


@pytest.mark.parametrize("size", [280, 300])
def test_the_vocabulary_has_the_size_asked_for(size):
    oracle = learn_vocabulary(TEXTS, size, case_fold=True)
    assert 259 <= oracle.get_vocab_size() <= size
    assert oracle.encode("the cat").tokens[0].endswith("the")


def test_the_bytes_are_always_in_it():
    assert learn_vocabulary(["x"], 1, case_fold=False).get_vocab_size() >= 256


def test_of_very_long_sets_a_seeded_sample_is_read(monkeypatch):
    monkeypatch.setattr(vocabulary, "SAMPLE_BYTES", 200)
    texts = [f"word{number} again" for number in range(200)]
    one, same = (learn_vocabulary(texts, 300, True, seed=3).to_str() for _ in "ab")
    other = learn_vocabulary(texts, 300, True, seed=4).to_str()
    assert one == same != other
