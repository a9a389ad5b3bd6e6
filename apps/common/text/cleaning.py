"""Texts as they come out of files of any kind, made fit for every encoder."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import PolyheadError


def clean_text(value: Any) -> str:
    """A value as text that every encoder takes: no NUL, no lone surrogates."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        value = value.decode("utf-8")
    text = str(value).replace("\0", "")
    return text.encode("utf-8", "ignore").decode("utf-8")


def clean_texts(source: str, texts: Sequence, rows: np.ndarray) -> list[str]:
    """Cleans every text; one that is not UTF-8 is a PolyheadError with its row."""
    cleaned = []
    for row, text in zip(rows, texts, strict=True):
        try:
            cleaned.append(clean_text(text))
        except UnicodeDecodeError as error:
            raise PolyheadError(
                f"{source}: row {row}: byte 0x{text[error.start]:02x} is not UTF-8; "
                "write the data again as UTF-8 text"
            ) from None
    return cleaned
