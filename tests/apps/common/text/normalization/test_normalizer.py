"""What people see as the same text is the same text."""

import unicodedata

import pytest

from polyhead.apps.common.text.normalization.normalizer import Normalizer
from polyhead.apps.common.text.normalization.table import NONE, UNICODE

FOLDS, KEEPS = Normalizer(UNICODE, True), Normalizer(UNICODE, False)


@pytest.mark.parametrize(
    "space", [chr(code) for code in range(1, 0x3001) if chr(code).isspace()]
)
def test_white_space_of_every_kind_is_one_space(space):
    assert KEEPS(f"{space}3{space}{space} May\u200b{space}{space}") == "3 May"
    assert KEEPS(space * 3) == ""


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("МОСКВА Город", "москва город"),
        ("ΟΔΥΣΣΕΥΣ", "οδυσσευσ"),
        ("ՀԱՅԱՍՏԱՆ", "հայաստան"),
        ("ÉCOLE Übergröße", "école übergröße"),
        ("İstanbul IRMAK", "istanbul irmak"),
        ("Ａｂｃ", "ａｂｃ"),
        ("\U00010400", "\U00010428"),
    ],
)
def test_capitals_of_every_script_are_folded(text, normal):
    assert FOLDS(text) == normal
    assert FOLDS(text.lower()) == normal
    assert KEEPS(text) == text


@pytest.mark.parametrize(
    "text",
    ["Việt Nam đẹp lắm ậ ề", "café naïve", "한국어 값", "がぎぐ", "ἄνθρωπος ᾧ", "йё"],
)
@pytest.mark.parametrize("normalizer", [FOLDS, KEEPS])
def test_letters_and_marks_are_one_letter(normalizer, text):
    assert normalizer(unicodedata.normalize("NFD", text)) == normalizer(text)
    assert KEEPS(unicodedata.normalize("NFD", text)) == text


@pytest.mark.parametrize(
    "text", ["می\u200cخواهم", "क्\u200dष", "👨\u200d👩\u200d👧", "❤\ufe0f"]
)
def test_what_has_a_meaning_stays(text):
    assert FOLDS(text) == text


def test_none_changes_nothing():
    text = " A\u00a0\u200b"
    assert Normalizer(NONE, True)(text) == text
    assert Normalizer(NONE, True).tables == {}
