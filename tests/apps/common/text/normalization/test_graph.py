"""The graph normalises as Python does, byte for byte."""

import random
import unicodedata

import numpy as np
import pytest

from polyhead.apps.common.text.normalization.graph import normalize_bytes
from polyhead.apps.common.text.normalization.normalizer import Normalizer
from polyhead.apps.common.text.normalization.table import UNICODE
from polyhead.runtime.text_bytes import texts_to_bytes

ALL = [chr(code) for code in range(1, 0x110000) if not 0xD800 <= code < 0xE000]
HARD = [
    "",
    "   ",
    "\u200b\ufeff \u2060",
    " a\t\tb \u3000\n",
    "a\u200b \u200bb",
    "e\u0301\u0323 e\u0323\u0301 \u0301e",
    "a\u0302\u0323 \u1ea1\u0302 \u00e2\u0323",
    "\u03b1\u0313\u0301\u0345\u0301",
    "\u1112\u1161\u11ab\u1100\u1173\u11af \u1100 \u1161",
    "\u304b\u3099\u304f\u3099",
    "\U00011099\U000110ba",
    "👩\u200d👩\u200d👧 ❤\ufe0f 🏴",
    "İSTANBUL i\u0307stanbul ISTANBUL",
    "ΟΔΟΣ Straße STRASSE ẞ Ⱥ",
    "МОСКВА \u00a0Привет",
    "a\0b",
]


def graph(normalizer, texts, columns=None):
    most = columns or max(1, *(len(text.encode()) for text in texts))
    rows = texts_to_bytes(texts, most)[0].astype(np.int32)
    out = np.asarray(normalize_bytes(normalizer.tables, rows)).astype(np.uint8)
    assert out.shape == rows.shape
    return [bytes(row).rstrip(b"\0").decode() for row in out]


@pytest.mark.parametrize("case_fold", [True, False])
def test_hard_texts(case_fold):
    normalizer = Normalizer(UNICODE, case_fold)
    found = graph(normalizer, HARD, 80)
    assert found == [normalizer(text) for text in HARD]
    assert found == [normalizer(text) for text in found]


def test_letters_and_marks_are_as_in_form_c():
    texts = [unicodedata.normalize("NFC", text) for text in HARD[6:11]]
    found = graph(Normalizer(UNICODE, False), HARD[6:11])
    assert [text.split() for text in found] == [text.split() for text in texts]


@pytest.mark.parametrize("case_fold", [True, False])
def test_every_character_and_every_pair(case_fold):
    normalizer = Normalizer(UNICODE, case_fold)
    lines = [" x".join(ALL[start : start + 64]) for start in range(0, len(ALL), 64)]
    assert graph(normalizer, lines) == [normalizer(line) for line in lines]
    pairs = list(normalizer.composed)
    lines = [" ".join(pairs[start : start + 64]) for start in range(0, len(pairs), 64)]
    assert graph(normalizer, lines) == [normalizer(line) for line in lines]


def test_random_texts():
    rng = random.Random(0)
    normalizer = Normalizer(UNICODE, True)
    letters = "".join(normalizer.composed) + "".join(normalizer.changed) + "ab. \u1161"
    texts = ["".join(rng.choices(letters, k=rng.randint(0, 40))) for _ in range(2000)]
    texts += ["".join(rng.choices(ALL, k=rng.randint(0, 40))) for _ in range(500)]
    found = graph(normalizer, texts)
    assert found == [normalizer(text) for text in texts]
    sizes = [[len(text.encode()) for text in side] for side in (found, texts)]
    assert np.all(np.array(sizes[0]) <= np.array(sizes[1]))
    assert found == [normalizer(text) for text in found]


def test_bytes_that_are_no_text_do_no_harm():
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 256, (500, 33)).astype(np.int32)
    leads = rng.choice([0xC3, 0xE2, 0xED, 0xF0, 0xF4, 0xFF, 0x41, 0x20], (500, 33))
    rows = np.concatenate([rows, leads.astype(np.int32)])
    tables = Normalizer(UNICODE, True).tables
    out = np.asarray(normalize_bytes(tables, rows))
    assert out.shape == rows.shape and out.min() >= 0


def test_the_tables_are_small():
    tables = Normalizer(UNICODE, True).tables
    assert sum(array.nbytes for array in tables.values()) <= 64_000
