"""Numbers as tables write them: decimal points or commas, and signs between thousands.

A column is read as a whole: "1,234" alone could be 1.234 or 1234, but beside "3,5" it
cannot be thousands.
"""

import math
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from .table import Table

MISSING = {"", "na", "n/a", "n.a.", "nan", "null", "none", "nat", "<na>", "-", "--"}
MISSING |= {"–", "—", "?", ".", "#n/a", "#na", "#n/a n/a", "#nv", "#null!"}
# Formulas without a result, as Excel writes them in English and in German.
MISSING |= {"#div/0!", "#value!", "#num!", "#ref!", "#name?", "#wert!", "#zahl!"}
MISSING |= {"#bezug!"}
_SPACES = " \u00a0\u202f\u2009'’"  # between thousands, wherever it is
_DIGITS = rf"[+-]?(?:\d+|[1-9]\d{{0,2}}(?:[{_SPACES}%s]\d{{3}})+)?"
_POINT = re.compile(rf"(?=.*\d){_DIGITS % ','}(?:\.\d*)?(?:[eE][+-]?\d+)?")
_COMMA = re.compile(rf"(?=.*\d){_DIGITS % '.'}(?:,\d*)?(?:[eE][+-]?\d+)?")


class Style(NamedTuple):
    """How the numbers of a column are written."""

    decimal: str  # "." or ","
    example: str  # a text for which that matters; else empty
    sure: bool  # whether some of the texts have one reading only


def is_missing(value: Any) -> bool:
    """Whether a field of a table has no value."""
    return value is None or str(value).strip().lower() in MISSING


def read_numbers(values: Sequence, separator: str | None = None) -> list[float | None]:
    """Numbers, NaN for a missing value, None for another text.

    `separator` is the sign between the columns of the file: beside ";", a comma is more
    likely a decimal one.
    """
    numbers = [_to_number(value) for value in values]
    if None not in numbers:
        return numbers
    style = find_style(values, separator)
    return [
        _to_number(_normalize(x, style.decimal) if isinstance(x, str) else x)
        for x in values
    ]


def find_style(values: Sequence, separator: str | None = None) -> Style:
    """How a column writes its numbers."""
    texts = [_clean(x) for x in values if isinstance(x, str) and not is_missing(x)]
    points = [text for text in texts if _POINT.fullmatch(text)]
    commas = [text for text in texts if _COMMA.fullmatch(text)]
    only_point = set(points).difference(commas)
    only_comma = set(commas).difference(points)
    unsure = [text for text in texts if "," in text]
    if only_comma and not only_point:
        example = next(text for text in texts if text in only_comma)
        return Style(",", example, True)
    if only_point or not unsure:
        return Style(".", next((x for x in points if "," in x), ""), True)
    return Style("," if separator == ";" else ".", unsure[0], False)


def describe_reading(table: Table, names: Sequence[str]) -> list[str]:
    """Notes on how a table was read, and on the commas in its columns of numbers."""
    found: dict[tuple[str, bool], list[str]] = {}
    examples: dict[tuple[str, bool], str] = {}
    for name in names:
        values = table.columns.get(name, ())
        if any(_to_number(value) is None for value in values):
            style = find_style(values, table.separator)
            key = style.decimal, style.sure
            if style.example:
                found.setdefault(key, []).append(f"'{name}'")
                examples.setdefault(key, style.example)
    notes = list(table.notes)
    for (decimal, sure), columns in found.items():
        what = "decimal commas" if decimal == "," else "commas between thousands"
        text = examples[decimal, sure]
        number = _to_number(_normalize(text, decimal))
        some = ", ".join(columns[:5]) + (", ..." if len(columns) > 5 else "")
        note = (
            f"{table.source}: read with {what}: column {some}: {text} as {number:.15g}"
        )
        notes.append(note if sure else f"{note}; if that is wrong, write no commas")
    return notes


def _to_number(value: Any) -> float | None:
    try:
        return float(value)
    except (ValueError, TypeError):
        return math.nan if is_missing(value) else None


def _clean(text: str) -> str:
    return text.strip().replace("\u2212", "-")  # the minus of typographers


def _normalize(text: str, decimal: str) -> str:
    """A number as Python writes it; another text as it is."""
    cleaned = _clean(text)
    if is_missing(cleaned):
        return cleaned
    if not (_COMMA if decimal == "," else _POINT).fullmatch(cleaned):
        return f"no number: {text}"  # though "1.5" would be one without the commas
    cleaned = re.sub(rf"[{_SPACES}{'.' if decimal == ',' else ','}]", "", cleaned)
    return cleaned.replace(",", ".")
