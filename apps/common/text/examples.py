"""Held-out texts, as an exported file takes them."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from polyhead.runtime.text_bytes import texts_to_bytes

from ..data.splits import held_out


def text_examples(
    run: Any, data: Any, count: int, texts_of: Callable[[Any], Sequence[str]]
) -> Callable[[Any], dict[str, np.ndarray]]:
    """Held-out texts: a function gives their bytes as a .tflite file takes them.

    Args:
        run: a `Run`.
        data: with `test` and `validation`.
        count: at most so many texts.
        texts_of: a split to its texts.
    """
    texts = texts_of(held_out(data)[1])[:count]

    def inputs_of(model) -> dict[str, np.ndarray]:
        return {"text": texts_to_bytes(texts, model.inputs["text"][1])[0]}

    return inputs_of
