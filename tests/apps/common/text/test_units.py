"""What a vocabulary is made of, and how large it is."""

import doctest

import pytest

from polyhead.apps.common.text import units
from polyhead.apps.common.text.byte_pieces import Tokenizer
from polyhead.apps.common.text.units import choose_tokenizer, fit_vocabulary, spread

SENTENCES = ["Two young men are outside.", "Ein Hund läuft durch den Schnee."]


@pytest.mark.parametrize(
    "sources, targets",
    [
        (["abreg", "moose"], ["gerba", "esoom"]),
        (["hello", "light"], ["HH AH0 L OW1", "L AY1 T"]),  # sounds of a word
        (["one hundred and twenty", "thirty one"], ["120", "31"]),
        (["5 March 2031", "14. Juli 2024"], ["2031-03-05", "2024-07-14"]),
        (["東京", "大阪市"], ["Tokyo", "Osaka City"]),
        (["New York", "Rio"], ["Нью-Йорк", "Рио"]),
    ],
)
def test_of_words_the_characters_are_the_pieces(sources, targets):
    assert choose_tokenizer(sources * 50, targets * 50) == "characters"
    few = [*SENTENCES * 5, *sources * 45]
    assert choose_tokenizer(few, [*SENTENCES * 5, *targets * 45]) == "characters"


@pytest.mark.parametrize(
    "sources, targets",
    [
        (SENTENCES, SENTENCES[::-1]),
        (["两个年轻人在外面。", "一只狗在雪地里跑。"], SENTENCES),
        (["一只狗在雪地里跑。"], ["犬が雪の中を走っています。"]),
        (["goal"], ["The goal is a place between two posts where a ball must go."]),
        (["An article of very many words on sports and on goals."], ["sports"]),
    ],
)
def test_of_sentences_they_are_not(sources, targets):
    assert choose_tokenizer(sources * 50, targets * 50) == "bytes"


def test_small_data_have_a_small_vocabulary():
    text = "x" * 300
    assert fit_vocabulary([text] * 50, "bytes") == 400
    assert fit_vocabulary([text] * 1000, "bytes") == 2000
    assert fit_vocabulary(["é" * 150] * 1000, "bytes") == 2000
    assert fit_vocabulary([text] * 90_000, "bytes") == 7000
    assert fit_vocabulary([text], "characters") == 7000


def test_characters_are_whole_and_no_piece_has_two():
    texts = ["Straße 東京", "straße", "ab ab ab ab ab"] * 9
    tokenizer = Tokenizer.learn(texts, 7000, False, 0, "characters")
    assert sorted(p.decode() for p in tokenizer.pieces if len(p) > 1) == [
        "ß",
        "京",
        "東",
    ]
    ids = tokenizer.encode("ab ß東")
    assert [tokenizer.pieces[i].decode() for i in ids] == [*" ab ß東"]
    # One that training did not have is spelled in bytes.
    assert len(tokenizer.encode("é")) == 1 + 2
    # The commonest have a place, if there are not enough.
    few = Tokenizer.learn(texts, 260, False, 0, "characters")
    assert [p.decode() for p in few.pieces if len(p) > 1] == ["ß"]


def test_rows_at_equal_distances():
    assert spread(4, 9) == [0, 1, 2, 3]
    assert spread(101, 3) == [0, 50, 100]
    assert spread(0, 3) == []


def test_examples_run():
    assert doctest.testmod(units).failed == 0
