"""Text as the bytes that an exported file reads."""

import numpy as np
import pytest

from polyhead.runtime.text_bytes import cut_text, texts_to_bytes


@pytest.mark.parametrize(
    "text, max_bytes, kept, truncated",
    [
        ("plain", 5, b"plain", False),
        ("plain", 4, b"plai", True),
        ("a😀b", 4, b"a", True),
        ("a😀b", 5, "a😀".encode(), True),
        ("né", 2, b"n", True),
        ("猫", 2, b"", True),
        ("", 3, b"", False),
        ("ab\0cd", 3, b"ab", True),
        ("ab\0\0", 3, b"ab", False),
        ("a\ud800b", 9, b"a?b", False),  # a lone surrogate has no UTF-8
        (b"\x80" * 9, 5, b"\x80" * 2, True),  # no UTF-8: cut all the same
    ],
)
def test_texts_are_cut_between_characters(text, max_bytes, kept, truncated):
    assert cut_text(text, max_bytes) == (kept, truncated)
    rows, cut = texts_to_bytes([text], max_bytes)
    assert rows.shape == (1, max_bytes) and rows.dtype == np.uint8
    assert bytes(rows[0]).rstrip(b"\0") == kept
    assert cut.tolist() == [truncated]
