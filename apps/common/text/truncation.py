"""Which texts are not read to their end, and the notes that say so.

Imports no Keras: `polyhead predict` starts fast with an exported file.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Union

from polyhead.runtime.text_bytes import cut_text

from ..alignment import list_some

if TYPE_CHECKING:
    from .byte_pieces import Tokenizer
    from .wordpiece import WordPieceTokenizer

SHOWN = 5  # texts that a note names


def find_cuts(
    texts: Sequence[str],
    max_tokens: int,
    tokenizer: Callable[[], Union["Tokenizer", "WordPieceTokenizer"]],
    num_special: int = 0,
    highest: int = sys.maxsize,
    path: Path | None = None,
    max_bytes: int = sys.maxsize,
) -> tuple[list[bool], list[str]]:
    """Finds the texts that a model, or a .tflite file of it, does not read to the end.

    Args:
        texts: any texts; each ends at its first zero byte.
        max_tokens: of the run.
        tokenizer: gives the tokenizer; asked only if a text is long enough to be cut.
        num_special: special tokens that the model adds, which the tokenizer does not
            count.
        highest: what `max_tokens` may be.
        path: the .tflite file, if one reads the texts.
        max_bytes: of a text, that this file reads.

    Returns:
        For each text whether it is cut, behind a zero byte too, and the notes: one on
        the model's limit, and one on texts that the file alone cuts.
    """
    limit = max_tokens - num_special
    data = [cut_text(text, sys.maxsize) for text in texts]
    # A piece is of one byte or more, and two more pieces frame a text at the most.
    long = [row for row, (text, _) in enumerate(data) if len(text) >= limit - 1]
    by_model = [False] * len(data)
    if long:
        found = tokenizer().find_cut([texts[row] for row in long], limit)
        for row, cut in zip(long, found, strict=True):
            by_model[row] = cut
    by_file = [
        len(text) > max_bytes and not cut
        for (text, _), cut in zip(data, by_model, strict=True)
    ]
    truncated = [
        model or file or behind
        for model, file, (_, behind) in zip(by_model, by_file, data, strict=True)
    ]
    wider = 2 * max_tokens
    notes = _describe_cut(
        by_model,
        f"the {max_tokens} pieces that the model reads",
        f" (train with max_tokens={wider})" if wider <= highest else "",
    )
    if path is not None:
        remedy = " (--engine keras reads more)"
        notes += _describe_cut(by_file, f"{path.name} reads", remedy)
    return truncated, notes


def _describe_cut(cut, limit, remedy):
    numbers = [number for number, is_cut in enumerate(cut, 1) if is_cut]
    if not numbers:
        return []
    return [f"longer than {limit}, and cut: text {list_some(numbers, SHOWN)}{remedy}"]
