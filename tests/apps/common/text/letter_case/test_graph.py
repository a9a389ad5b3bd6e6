"""The graph takes and gives case as Python does, byte for byte."""

import random

import numpy as np
import pytest

from polyhead.apps.common.text.letter_case.graph import give_case, take_case
from polyhead.apps.common.text.letter_case.letters import (
    LOWERED,
    RAISED,
    SPACES,
    LetterCase,
)
from polyhead.runtime.text_bytes import texts_to_bytes

SIGNS = [".", "¿", "(", "'", "-", "ß", "0", "9", "你", "😀", "\u0301", "ĸ", "\u00a0"]
HARD = ["", "OK", "I AM", "STRAßE UND STRASSE", "¿Está Aquí Mi Tío?", "3 Days Of Rain"]
HARD += [
    "The USA Is Big",
    "Jean-Paul Loves Tom",
    "МОСКВА — СТОЛИЦА",
    "你好",
    "Drop It!",
]
PYTHON = LetterCase(True)


def to_rows(texts):
    most = max(1, *(len(text.encode()) for text in texts))
    return texts_to_bytes(texts, most)[0].astype(np.int32)


def to_texts(rows):
    rows = np.asarray(rows).astype(np.uint8)
    return [row.tobytes().rstrip(b"\0") for row in rows]


def drawn_texts(count, seed=0):
    """Texts of letters, signs and spaces, many in capitals or in title case."""
    chance = random.Random(seed)
    small = [*"abcdefgh", *chance.sample(sorted(RAISED), 20), *SIGNS]
    spaces = [chr(block.start) for block in SPACES]
    texts = []
    for _ in range(count):
        words = [
            "".join(chance.choices(small, k=chance.randint(1, 5)))
            for _ in range(chance.randint(1, 6))
        ]
        raise_ = lambda x: "".join(RAISED.get(c, c) for c in x)  # noqa: E731
        kind = chance.randint(0, 3)
        if kind == 1:
            words = [raise_(word) for word in words]
        elif kind == 2:
            words = [raise_(word[:1]) + word[1:] for word in words]
        texts.append("".join(word + chance.choice(spaces) for word in words))
    return texts


def test_texts_are_read_alike():
    texts = [*HARD, *drawn_texts(3000)]
    read, cases = take_case(PYTHON.tables, to_rows(texts))
    wanted = [PYTHON.take(text) for text in texts]
    assert np.asarray(cases)[:, 0].tolist() == [case for _, case in wanted]
    assert to_texts(read) == [text.encode() for text, _ in wanted]
    assert len({case for _, case in wanted}) == 3


@pytest.mark.parametrize("case", [0, 1, 2])
def test_answers_are_given_alike(case):
    answers = [*map(str.lower, HARD), *drawn_texts(1000, seed=1), "", "ß"]
    cases = np.full((len(answers), 1), case, np.int32)
    given = to_texts(give_case(PYTHON.tables, to_rows(answers), cases))
    assert given == [PYTHON.give(text.encode(), case) for text in answers]


def test_every_letter():
    text = " ".join(LOWERED)
    read, cases = take_case(PYTHON.tables, to_rows([text]))
    assert to_texts(read) == [PYTHON.read(text).encode()]
    assert np.asarray(cases).tolist() == [[1]]
    given = give_case(PYTHON.tables, to_rows([" ".join(RAISED)]), cases)
    assert to_texts(given) == ["".join(f"{x} " for x in RAISED.values())[:-1].encode()]


def test_bytes_that_are_no_text_stay():
    chance = np.random.default_rng(0)
    first = [
        0x61,
        0x20,
        0xC3,
        0xA9,
        0xC1,
        0xE1,
        0xBA,
        0xBF,
        0xF0,
        0xFF,
        0xC0,
        0xED,
        0xA0,
    ]
    rows = chance.choice(np.array(first, np.int32), (3000, 9))
    for case in (1, 2):
        cases = np.full((len(rows), 1), case, np.int32)
        given = to_texts(give_case(PYTHON.tables, rows, cases))
        assert given == [PYTHON.give(text, case) for text in to_texts(rows)]
