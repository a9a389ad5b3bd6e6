"""Text in, text out."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .model import Model
from .text_bytes import texts_to_bytes
from .texts import list_texts

UNSURE = "unsure"
INPUT_CUT, OUTPUT_CUT = 1, 2  # what the file's `truncated` is the sum of


class Translation(NamedTuple):
    """A text's translation.

    Args:
        text: the translation.
        truncated: whether the file, or the model in it, does not read the whole text.
            A file of Polyhead 0.2 knows its own limit of bytes alone.
        score: the log-probability of the translation over its number of pieces: 0 is
            sure. NaN for a file of Polyhead 0.2, which gives none.
        answer_truncated: whether the translation has no end: it has as many bytes, or
            pieces, as the file may write. None for a file of Polyhead 0.2, which does
            not say it.
    """

    text: str
    truncated: bool
    score: float = float("nan")
    answer_truncated: bool | None = None


class Translator:
    """An exported translator; see `polyhead.runtime.load`.

    Args:
        model: the file.

    Attributes:
        max_bytes: longer texts are cut to this many bytes, between two characters.
        max_output_bytes: longer translations are cut to this many.

    Example:

    >>> from polyhead import runtime
    >>> model = runtime.load("saved_models/dates/export/model_int8.tflite")
    >>> model.predict(["jeudi 5 mars 1998"])[0].text
    '1998-03-05'
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.max_bytes = model.inputs["text"][1]
        self.max_output_bytes = model.outputs["text"][1]

    def predict(
        self, texts: Sequence[str], min_score: float | None = None
    ) -> list[Translation]:
        """Translates texts, one by one.

        Args:
            texts: any number of texts; one `str` is one text.
            min_score: a translation whose score is lower is "unsure" instead.

        Returns:
            A `Translation` for each text.

        Raises:
            UsageError: something is no text.
        """
        rows, truncated = texts_to_bytes(list_texts(texts), self.max_bytes)
        translations = []
        for row, cut in zip(rows, truncated, strict=True):
            outputs = self.model(text=row[None])
            data = outputs["text"].tobytes().split(b"\0", 1)[0]
            score, cuts, answer_cut = float("nan"), 0, None
            if "score" in outputs:
                score, cuts = float(outputs["score"][0]), int(outputs["truncated"][0])
                answer_cut = bool(cuts & OUTPUT_CUT)
            text = data.decode("utf-8", "replace")
            if is_unsure(score, min_score):
                text = UNSURE
            translations.append(
                Translation(text, bool(cut or cuts & INPUT_CUT), score, answer_cut)
            )
        return translations


def is_unsure(score: float, min_score: float | None) -> bool:
    """Whether an answer's score is too low; one without a score is never refused."""
    return min_score is not None and bool(np.isfinite(score)) and score < min_score
