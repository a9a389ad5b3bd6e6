"""How a trained classifier answers. Imports no Keras."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from polyhead.runtime.classifier import choose
from polyhead.runtime.texts import list_texts

from ..common.classification.answers import classify, format_labels
from ..common.classification.comparison import format_metrics
from ..common.classification.label_file import read_descriptions, read_labels
from ..common.classification.thresholds import read_thresholds
from ..common.task import Answering
from ..common.text.run import TextRun
from .config import Config
from .data import format_report


@dataclass(frozen=True)
class Assets:
    """What a classifier in the folder `path` needs besides its model."""

    config: Config
    path: Path
    label_names: tuple[str, ...]  # in the order of the model's outputs
    descriptions: Mapping[str, str]  # label -> what people call it
    num_special: int = 0  # special tokens that the model adds to a text

    @property
    def multi_label(self) -> bool:
        """Whether a text may have several labels."""
        return self.config.multi_label

    @property
    def thresholds(self) -> np.ndarray | None:
        """With several labels to a text, the probability that each label needs."""
        if not self.multi_label:
            return None
        return read_thresholds(self.path, self.label_names)

    @cached_property
    def tokenizer(self) -> Any:
        """The tokenizer, read when it is first needed."""
        from .tokenizer import load_tokenizer

        return load_tokenizer(self.config, self.path / "tokenizer.json")


def load_assets(config: Config, path: Path) -> Assets:
    labels = read_labels(path / "labels.txt")
    return Assets(config, path, labels, read_descriptions(path))


def predict(
    run: TextRun,
    texts: Sequence[str],
    top_k: int = 1,
    threshold: float | None = None,
    engine: str = "keras",
) -> list[list[tuple[str, float]]]:
    """Labels and probabilities of texts, the best first.

    Args:
        texts: any number of texts, cut at `max_tokens` pieces: a list, a tuple, an
            array, a Series or a generator of `str`. One `str` is one text.
        top_k: number of labels for each text; with several labels to a text, all that
            reach their thresholds, but at most `top_k` where it is above 1.
        threshold: a best probability below it gives the label "unknown"; with several
            labels to a text it replaces the tuned thresholds.
        engine: "keras", "savedmodel" or "tflite".

    Returns:
        For each text a list of `(label, probability)`.

    Raises:
        UsageError: something is no text.
    """
    rows = probabilities(run, texts, engine)
    names, tuned = run.label_names, run.thresholds
    return [choose(row, names, top_k, threshold, tuned) for row in rows]


def probabilities(
    run: TextRun, texts: Sequence[str], engine: str = "keras"
) -> np.ndarray:
    """Probabilities `(texts, labels)`; see `predict` for the arguments."""
    return classify(run, list_texts(texts), engine)


def format_answers(run: TextRun, inputs: Any, answers: list[list], style: str) -> str:
    separator = run.config.label_separator if run.multi_label else None
    return format_labels(inputs, answers, style, separator, run.descriptions)


ANSWERING = Answering(
    run=TextRun,
    load_assets=load_assets,
    predict=predict,
    format_answers=format_answers,
    format_metrics=format_metrics,
    format_report=format_report,
    methods={"probabilities": probabilities},
)
