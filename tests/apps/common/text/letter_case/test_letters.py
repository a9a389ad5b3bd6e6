"""What the case of a text is, what a model reads of it, and what its answer becomes."""

import doctest

import pytest

from polyhead.apps.common.text.letter_case import letters
from polyhead.apps.common.text.letter_case.letters import (
    CAPITALS,
    KEPT,
    LOWERED,
    RAISED,
    TITLE,
    LetterCase,
    find_case,
    give_case,
    take_case,
)

CASES = {
    "WHERE ARE YOU?": CAPITALS,
    "I AM": CAPITALS,
    "ÉCOLE À PARIS": CAPITALS,
    "STRAßE UND STRASSE": CAPITALS,
    "МОСКВА — СТОЛИЦА": CAPITALS,
    "ROOM 101, 2nd FLOOR": KEPT,
    "OK": KEPT,
    "": KEPT,
    "12:30 !": KEPT,
    "你好": KEPT,
    "Where Are You?": TITLE,
    "¿Dónde Está Mi Casa?": TITLE,
    "Tom's Very\u00a0Big Car": TITLE,
    "3 Days Of Rain": TITLE,
    "Where are you?": KEPT,
    "Good morning, Tom Jackson": KEPT,
    "Drop It!": KEPT,
    "Jean-Paul Loves McDonalds": KEPT,
    "The USA Is Big": KEPT,
}


def test_examples():
    assert doctest.testmod(letters).failed == 0


@pytest.mark.parametrize("text", CASES)
def test_cases(text):
    assert find_case(text) == CASES[text]
    read, case = take_case(text)
    assert case == CASES[text]
    assert read == (text.lower() if case and "ß" not in text else read)
    assert find_case(read) == KEPT or read == text
    assert len(read.encode()) == len(text.encode())
    if not case:
        assert read == text


def test_an_answer_gets_the_case_of_its_question():
    answer = '"¿está aquí tu tío?" (él, la ß-straße)'
    assert give_case(answer, KEPT) == answer
    assert give_case(answer, CAPITALS) == '"¿ESTÁ AQUÍ TU TÍO?" (ÉL, LA SS-STRASSE)'
    assert give_case(answer, TITLE) == '"¿Está Aquí Tu Tío?" (Él, La ß-straße)'
    assert give_case("Σίσυφος ς", CAPITALS) == "ΣΊΣΥΦΟΣ Σ"


def test_letters_keep_their_number_of_bytes():
    for letter, new in [*LOWERED.items(), *RAISED.items()]:
        assert len(letter.encode()) == len(new.encode())
        assert letter != new
    assert not LOWERED.keys() & RAISED.keys()
    assert {"Ä", "Ы", "Ω", "Ա", "Ệ"} <= LOWERED.keys()


def test_a_run_without_it_changes_nothing():
    case = LetterCase(False)
    assert case.take("WHERE ARE YOU?") == ("WHERE ARE YOU?", KEPT)
    assert case.tables == {}


def test_bytes_that_are_no_text_stay():
    assert LetterCase(True).give(b"a\xff\xc3", CAPITALS) == b"A\xff\xc3"
