"""Text in, text out."""

from collections.abc import Sequence
from typing import NamedTuple

from .model import Model
from .text_bytes import texts_to_bytes


class Translation(NamedTuple):
    """A text's translation.

    Args:
        text: the translation.
        truncated: whether the text has more bytes than the file reads. The model may
            read fewer tokens than these bytes hold; this is not reported.
    """

    text: str
    truncated: bool


class Translator:
    """An exported translator; see `polyhead.runtime.load`.

    Args:
        model: the file.

    Attributes:
        max_bytes: longer texts are cut to this many bytes, between two characters.

    Example:

    >>> from polyhead import runtime
    >>> model = runtime.load("saved_models/dates/export/model_int8.tflite")
    >>> model.predict(["jeudi 5 mars 1998"])
    [Translation(text='1998-03-05', truncated=False)]
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.max_bytes = model.inputs["text"][1]

    def predict(self, texts: Sequence[str]) -> list[Translation]:
        """Translates texts, one by one."""
        rows, truncated = texts_to_bytes(texts, self.max_bytes)
        translations = []
        for row, cut in zip(rows, truncated, strict=True):
            data = self.model(text=row[None])["text"].tobytes().split(b"\0", 1)[0]
            text = data.decode("utf-8", "replace")
            translations.append(Translation(text, bool(cut)))
        return translations
