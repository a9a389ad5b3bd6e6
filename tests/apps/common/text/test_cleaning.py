"""Texts as they come out of files of any kind."""

import numpy as np
import pytest

from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.text.cleaning import clean_text, clean_texts


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (b"na\xc3\xafve", "naïve"),
        ("a\0b", "ab"),
        ("half \ud83d of a pair", "half  of a pair"),
        (1.5, "1.5"),
        ("👩\u200d👧", "👩\u200d👧"),
    ],
)
def test_every_value_becomes_a_text_that_encodes(value, text):
    assert clean_text(value) == text
    text.encode("utf-8")


def test_a_text_that_is_not_utf8_is_named_by_its_row():
    with pytest.raises(PolyheadError, match="a.csv: row 7: byte 0xff is not UTF-8"):
        clean_texts("a.csv", [b"fine", b"\xff"], np.array([5, 7]))
