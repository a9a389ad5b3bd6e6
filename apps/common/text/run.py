"""A run whose task reads texts: its tokenizer, the texts that it cuts, and examples.

Imports no Keras: `polyhead predict` starts fast with an exported file.
"""

import sys
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from polyhead.runtime.text_bytes import cut_text, texts_to_bytes

from ..alignment import list_some
from ..data.kept import Kept
from ..run.run import Run
from .letter_case.letters import LetterCase

SHOWN = 5  # texts that a note names
ANY = sys.maxsize  # no limit


class TextRun(Run):
    """A trained run of a task that reads texts; see `Run`."""

    # Which of the latest answers were cut; None where a file does not say it.
    cut_answers: Sequence[Sequence[bool | None]] = ()

    @cached_property
    def tokenizer(self) -> Any:
        """The run's tokenizer."""
        return self.assets.tokenizer

    def note_cuts(
        self, texts: Sequence[str], path: Path | None = None, max_bytes: int = ANY
    ) -> None:
        """Keeps which texts are cut, and the notes that say so; see `find_cuts`."""
        case = LetterCase(getattr(self.config, "carry_case", False))
        texts = [case.read(text) for text in texts]
        limit, special = self.config.max_tokens, self.assets.num_special
        highest = int(self.task.ranges["max_tokens"][1])
        self.truncated, self.notes = find_cuts(
            texts, limit, lambda: self.tokenizer, special, highest, path, max_bytes
        )


def find_cuts(
    texts: Sequence[str],
    max_tokens: int,
    tokenizer: Callable[[], Any],
    num_special: int = 0,
    highest: int = ANY,
    path: Path | None = None,
    max_bytes: int = ANY,
) -> tuple[list[bool], list[str]]:
    """Finds the texts that a model, or a .tflite file of it, does not read to the end.

    Args:
        tokenizer: gives the tokenizer; called only if a text may be long enough.
        num_special: special tokens that the model adds, but the tokenizer does not.
        highest: the highest value of `max_tokens`.
        path: the .tflite file, if one reads the texts, `max_bytes` of each.

    Returns:
        For each text whether it is cut, after a zero byte too, and the notes: one on
        the model's limit, and one on texts that the file alone cuts.
    """
    limit = max_tokens - num_special
    data = [cut_text(text, ANY) for text in texts]
    # A piece has at least one byte, and at most two further pieces frame a text.
    long = [row for row, (text, _) in enumerate(data) if len(text) >= limit - 1]
    by_model = [False] * len(data)
    if long:
        is_cut = tokenizer().find_cut([texts[row] for row in long], limit)
        for row, cut in zip(long, is_cut, strict=True):
            by_model[row] = cut
    by_file = [
        len(text) > max_bytes and not cut
        for (text, _), cut in zip(data, by_model, strict=True)
    ]
    ended = [at_zero for _, at_zero in data]
    truncated = [any(cuts) for cuts in zip(by_model, by_file, ended, strict=True)]
    wider = 2 * max_tokens
    read = f"the {max_tokens} pieces that the model reads"
    remedy = f" (train with max_tokens={wider})" if wider <= highest else ""
    notes = _describe_cut(by_model, read, remedy)
    if path is not None:
        remedy = " (--engine keras reads more)"
        notes += _describe_cut(by_file, f"{path.name} reads", remedy)
    return truncated, notes


def _describe_cut(cut: list[bool], limit: str, remedy: str) -> list[str]:
    numbers = [number for number, is_cut in enumerate(cut, 1) if is_cut]
    if not numbers:
        return []
    return [f"longer than {limit}, and cut: text {list_some(numbers, SHOWN)}{remedy}"]


def text_examples(
    run: Any, kept: Kept, count: int
) -> Callable[[Any], dict[str, np.ndarray]]:
    """Up to `count` held-out texts: a function from a .tflite file to their bytes."""
    texts = kept.texts["text"][:count]
    return lambda file: {"text": texts_to_bytes(texts, file.inputs["text"][1])[0]}
