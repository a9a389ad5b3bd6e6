"""Texts as they come out of files, made fit for every encoder."""

import numpy as np
import pytest

from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.text.cleaning import clean_text, clean_texts


@pytest.mark.parametrize(
    "value, text",
    [
        (None, ""),
        ("é 中 😀", "é 中 😀"),
        ("é".encode(), "é"),
        ("a\0b\0", "ab"),
        ("x\ud800y", "xy"),  # half of a character
        (" Two  spaces ", " Two  spaces "),
        (2.5, "2.5"),
        ("👩\u200d👧", "👩\u200d👧"),
    ],
)
def test_a_value_becomes_a_text_that_every_encoder_takes(value, text):
    assert clean_text(value) == text
    assert clean_text(value).encode("utf-8").decode() == text


def test_bytes_that_are_no_utf8_name_their_row():
    with pytest.raises(PolyheadError, match="a.parquet: row 7: byte 0xe9 is not UTF-8"):
        clean_texts("a.parquet", ["fine", b"caf\xe9"], np.array([3, 7]))
    assert clean_texts("a", ["x", b"y"], np.array([1, 2])) == ["x", "y"]
