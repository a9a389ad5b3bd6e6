"""How many bytes of a text an exported file reads and writes."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

SHARE = 0.995  # of the texts are not cut
# Unless the user asks for less or more. What is typed is seldom as short as 16 bytes.
NONE = np.zeros(0, bool)
LEAST_BYTES, MOST_BYTES = 16, 4096
LEAST_TOKENS, MOST_TOKENS = 128, 512


def fit_bytes(texts: Iterable[str]) -> int:
    """The shortest power of two that holds 99.5% of the texts, from 16 to 4096.

    Example:

    >>> fit_bytes(["a" * 70] * 995 + ["a" * 9000] * 5)
    128
    """
    lengths = [len(text.encode("utf-8", "replace")) for text in texts]
    return _fit_power(lengths, LEAST_BYTES, MOST_BYTES)


def fit_tokens(lengths: Sequence[int]) -> int:
    """The pieces that a model reads: a power of two that holds 99.5% of the texts.

    It is at least 128, and at most 512, as attention takes time quadratic in it. An
    end symbol is counted besides the `lengths`.
    """
    return _fit_power([length + 1 for length in lengths], LEAST_TOKENS, MOST_TOKENS)


def _fit_power(lengths: Sequence[int], least: int, most: int) -> int:
    """The shortest power of two, within bounds, that holds 99.5% of the lengths."""
    needed = np.quantile(lengths, SHARE, method="inverted_cdf") if lengths else 1
    return min(max(2 ** max(int(needed) - 1, 0).bit_length(), least), most)


def token_limits(config: Any) -> tuple[int, int]:
    """The pieces of a source and of a target, ends counted.

    Runs of version 0.2 have one limit for both.
    """
    return config.max_tokens, config.max_output_tokens or config.max_tokens


def describe_fit(size: int) -> str:
    """What a data report says of the size that `fit_bytes` gave."""
    return f"{SHARE:.1%} fit into {size:,}" if size < MOST_BYTES else f"cut at {size:,}"


def choose_bytes(asked: int | None, fitted: int | None, texts: Sequence[str]) -> int:
    """The length of a file's texts: what the user asks for, or what fits the data.

    `fitted` is from the training texts; a run of version 0.2 has none, and is fitted to
    the `texts` that it keeps.
    """
    return asked or fitted or fit_bytes(texts)


def describe_cuts(
    read: np.ndarray,
    input_bytes: int,
    written: np.ndarray = NONE,
    output_bytes: int = 0,
) -> str:
    """What to do about the texts, and the answers, that a file cuts; "" for none.

    `read` and `written` are booleans `(texts,)`: which are cut.
    """
    remedies = []
    if read.any():
        remedies.append(
            f"it reads {input_bytes} bytes and cuts {read.sum()} of {len(read)} texts: "
            "raise --max-input-bytes"
        )
    if written.any():
        remedies.append(
            f"it writes {output_bytes} bytes and cuts {written.sum()} of "
            f"{len(written)} answers: raise --max-output-bytes"
        )
    return ", ".join(remedies)
