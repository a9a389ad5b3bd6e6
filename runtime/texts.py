"""The texts that `predict` is given: checked, and any sequence of them as a list."""

from collections.abc import Mapping, Set
from typing import Any

from .errors import UsageError

SHOWN = 40  # characters of a wrong value in a message


def list_texts(texts: Any) -> list[str]:
    """The texts of a call of `predict`.

    Args:
        texts: any number of texts, or none: a list, a tuple, a generator, an array or a
            pandas Series of `str`. One `str` is one text, as a list of it alone.

    Returns:
        A list of `str`.

    Raises:
        UsageError: something is no text; names its place, counted from 1, its value and
            the remedy.

    Example:

    >>> list_texts("hello") == list_texts(("hello",)) == ["hello"]
    True
    """
    if isinstance(texts, str):
        return [str(texts)]
    if isinstance(texts, Set):
        raise UsageError("a set has no order for its answers: give a list of texts")
    if isinstance(texts, Mapping) or hasattr(texts, "columns"):
        kind = type(texts).__name__
        raise UsageError(
            f"a {kind} is no list of texts: give one column of it, such as "
            "table['text']"
        )
    if not hasattr(texts, "__iter__") or isinstance(texts, bytes | bytearray):
        remedy = "give one, or a list of them"
        if isinstance(texts, bytes | bytearray):
            remedy = _remedy(texts)
        raise UsageError(f"{show_value(texts)} is no text: {remedy}")
    if getattr(texts, "shape", None) == ():
        raise UsageError("an array without an axis is no list of texts: give [text]")
    given = list(texts)
    for number, text in enumerate(given, 1):
        if not isinstance(text, str):
            raise UsageError(
                f"text {number} is {show_value(text)}, no text: {_remedy(text)}"
            )
    return [str(text) for text in given]


def one_text(text: Any) -> str:
    """The one text that `explain` takes; a list of one is that text."""
    texts = list_texts(text)
    if len(texts) != 1:
        raise UsageError(f"{len(texts)} texts are given: give one")
    return texts[0]


def show_value(value: Any) -> str:
    """A value in a message: on one line, and not too long."""
    shown = " ".join(repr(value).split())
    return shown if len(shown) <= SHOWN else shown[: SHOWN - 3] + "..."


def _remedy(value: Any) -> str:
    if isinstance(value, bytes | bytearray):
        return "decode it first: value.decode('utf-8')"
    if value is None or _is_missing(value):
        return "leave it out, or give ''"
    if isinstance(value, bool | int | float) or getattr(value, "shape", None) == ():
        return f"write it as text, such as {str(value)!r}"
    if isinstance(value, Mapping):
        return "give the text in it, such as value['text']"
    if hasattr(value, "__iter__"):
        return "give one flat list of texts"
    return "give a list of str"


def _is_missing(value: Any) -> bool:
    """Whether it is NaN, or what pandas has for a missing value."""
    return type(value).__name__ in ("NAType", "NaTType") or (
        isinstance(value, float) and value != value
    )
