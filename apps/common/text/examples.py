"""Held-out texts, as an exported file takes them."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from polyhead.runtime.text_bytes import texts_to_bytes

from ..data.splits import held_out


def text_examples(
    run: Any, data: Any, count: int, texts_of: Callable[[Any], Sequence[str]]
) -> Callable[[Any], dict[str, np.ndarray]]:
    """Up to `count` held-out texts: a function from a .tflite file to their bytes.

    Args:
        data: with `test` and `validation`.
        texts_of: a split to its texts.
    """
    texts = texts_of(held_out(data)[1])[:count]
    return lambda file: {"text": texts_to_bytes(texts, file.inputs["text"][1])[0]}
