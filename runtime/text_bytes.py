"""Text as the bytes that an exported file reads."""

from collections.abc import Sequence

import numpy as np

from .errors import PolyheadError


def cut_text(text: str | bytes, max_bytes: int) -> tuple[bytes, bool]:
    """Encodes a text as UTF-8 up to its first zero byte, and cuts it if it is too long.

    Args:
        text: the text. Bytes are taken as they are, valid UTF-8 or not.
        max_bytes: a longer text is cut, between two characters.

    Returns:
        The bytes, and whether anything was cut off, also after a zero byte.

    Example:

    >>> cut_text("né", 2)
    (b'n', True)
    """
    whole = text if isinstance(text, bytes) else text.encode("utf-8", "replace")
    data = whole.split(b"\0", 1)[0]
    if len(data) <= max_bytes:
        return data, bool(whole[len(data) :].strip(b"\0"))
    end = max_bytes
    # A character has at most three continuation bytes.
    while end > max(0, max_bytes - 3) and data[end] & 0xC0 == 0x80:
        end -= 1
    return data[:end], True


def texts_to_bytes(
    texts: Sequence[str | bytes], max_bytes: int
) -> tuple[np.ndarray, np.ndarray]:
    """Texts as `(B, max_bytes)` uint8, zero-padded, and which were cut `(B,)`.

    Raises:
        PolyheadError: `texts` is not a list of texts.
    """
    if isinstance(texts, str | bytes):
        raise PolyheadError("a single text is given: give a list of texts")
    padded = np.zeros((len(texts), max_bytes), np.uint8)
    truncated = np.zeros(len(texts), bool)
    for row, text in enumerate(texts):
        if not isinstance(text, str | bytes):
            raise PolyheadError(f"texts[{row}] is {text!r}, not a text")
        data, truncated[row] = cut_text(text, max_bytes)
        padded[row, : len(data)] = np.frombuffer(data, np.uint8)
    return padded, truncated
