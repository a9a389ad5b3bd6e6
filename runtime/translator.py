"""Text in, text out."""

from collections.abc import Sequence
from typing import NamedTuple

from .model import Model
from .text_bytes import texts_to_bytes


class Translation(NamedTuple):
    """A text's translation.

    Args:
        text: the translation.
        truncated: whether the text was of more bytes than the file takes. The model
            may read fewer pieces than these bytes hold, which is not told.
    """

    text: str
    truncated: bool


class Translator:
    """A translator's file; see `polyhead.runtime.load`.

    Args:
        model: the file.

    Attributes:
        max_bytes: of a text; what is longer is cut between two characters.

    Example:

    >>> from polyhead import runtime
    >>> model = runtime.load("saved_models/dates/export/model_int8.tflite")
    >>> model.predict(["jeudi 5 mars 1998"])
    [Translation(text='1998-03-05', truncated=False)]
    """

    def __init__(self, model: Model):
        self.model = model
        self.max_bytes = model.inputs["text"][1]

    def predict(self, texts: Sequence[str]) -> list[Translation]:
        """The translations of texts, one by one."""
        rows, truncated = texts_to_bytes(texts, self.max_bytes)
        found = []
        for row, cut in zip(rows, truncated, strict=True):
            data = self.model(text=row[None])["text"].tobytes().split(b"\0", 1)[0]
            found.append(Translation(data.decode("utf-8", "replace"), bool(cut)))
        return found
