"""Text in, labels out."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .errors import PolyheadError
from .model import Model
from .text_bytes import texts_to_bytes
from .texts import list_texts

UNKNOWN = "unknown"
NOTHING_CUT = np.zeros(1, np.int32)  # of a file that does not say it


class Classification(NamedTuple):
    """The labels of one text.

    Args:
        labels: `(label, probability)` pairs, the best first.
        truncated: whether the file, or the model in it, does not read the whole text.
            A file of Polyhead 0.2 knows its own limit of bytes alone.
    """

    labels: list[tuple[str, float]]
    truncated: bool


class Classifier:
    """An exported text classifier; see `polyhead.runtime.load`.

    Args:
        model: the file.

    Attributes:
        labels: label names, in the order of the probabilities.
        max_bytes: longer texts are cut to this many bytes, between two characters.

    Example:

    >>> from polyhead import runtime
    >>> path = "saved_models/language-identifier/export/model_int8.tflite"
    >>> model = runtime.load(path)
    >>> model.predict(["Königreich der Niederlande"])[0].labels[0][0]
    'de'
    """

    def __init__(self, model: Model) -> None:
        if "text" not in model.inputs:
            raise PolyheadError(
                f"{model.path}: it takes {', '.join(model.inputs)} from MediaPipe's "
                "tokenizer, not text: run it with MediaPipe, or load model_int8.tflite"
            )
        self.model = model
        self.labels = tuple(model.facts["labels"])
        self.multi_label = bool(model.facts["multi_label"])
        thresholds = model.facts["thresholds"]
        self.thresholds = None if thresholds is None else np.array(thresholds)
        self.max_bytes = model.inputs["text"][1]
        count = model.outputs["probabilities"][1]
        if len(self.labels) != count:
            raise ValueError(f"{len(self.labels)} labels for {count} probabilities")

    def probabilities(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Probabilities `(texts, labels)`, and which texts were cut `(texts,)`."""
        texts = list_texts(texts)
        rows, truncated = texts_to_bytes(texts, self.max_bytes)
        probabilities = np.zeros((len(texts), len(self.labels)), np.float32)
        for row, text in enumerate(rows):
            outputs = self.model(text=text[None])
            probabilities[row] = outputs["probabilities"][0]
            truncated[row] |= bool(outputs.get("truncated", NOTHING_CUT)[0])
        return probabilities, truncated

    def predict(
        self, texts: Sequence[str], top_k: int = 1, threshold: float | None = None
    ) -> list[Classification]:
        """The labels of texts.

        Args:
            texts: any number of texts; one `str` is one text.
            top_k: see `choose`.
            threshold: see `choose`.

        Returns:
            A `Classification` for each text.

        Raises:
            UsageError: something is no text.
        """
        probabilities, truncated = self.probabilities(texts)
        thresholds = self.thresholds if self.multi_label else None
        return [
            Classification(
                choose(row, self.labels, top_k, threshold, thresholds), bool(cut)
            )
            for row, cut in zip(probabilities, truncated, strict=True)
        ]


def choose(
    probabilities: np.ndarray,
    labels: Sequence[str],
    top_k: int = 1,
    threshold: float | None = None,
    thresholds: np.ndarray | None = None,
) -> list[tuple[str, float]]:
    """Chooses the labels of one text.

    Args:
        probabilities: `(labels,)`.
        labels: the label names.
        top_k: number of labels. A multi-label model gives every label that reaches
            its threshold, and at most `top_k` of them if `top_k` is above 1.
        threshold: the label is "unknown" if no probability reaches this value. For a
            multi-label model it replaces the tuned thresholds.
        thresholds: the probability that each label needs, for a multi-label model.

    Returns:
        `(label, probability)` pairs, the best first.

    Example:

    >>> import numpy as np
    >>> choose(np.array([0.3, 0.7]), ["no", "yes"])
    [('yes', 0.7)]
    """
    order = np.argsort(-probabilities, kind="stable")
    pairs = [(labels[i], float(probabilities[i])) for i in order]
    if thresholds is not None:
        passed = probabilities >= (thresholds if threshold is None else threshold)
        kept = [pair for i, pair in zip(order, pairs, strict=True) if passed[i]]
        return kept[:top_k] if top_k > 1 else kept
    if threshold is not None and pairs[0][1] < threshold:
        pairs.insert(0, (UNKNOWN, pairs[0][1]))
    return pairs[:top_k]
