"""The forms that labels have in a table: one a cell, a list in a cell, 0/1 columns."""

import ast
import re
from collections.abc import Sequence
from typing import Any

from ..errors import PolyheadError
from .formats.table import MissingColumn, Table, find_name
from .given import read_rows
from .tables import list_rows

USUAL = "label"  # what the column of the labels is called where nobody says
_QUOTED = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
_ITEM = re.compile(rf"(?:np\.str_\(\s*({_QUOTED})\s*\)|({_QUOTED}))", re.DOTALL)
_BETWEEN = re.compile(r"(?:[\s,]|nan|None|null)*")  # beside quoted labels
_NUMBERS = re.compile(r"[\s,]*(?:[+-]?\d+\.?\d*(?:[\s,]+|$))+")  # [1, 2] and [1. 2.]
_ON, _OFF, _BLANK = ("1", "1.0", "true"), ("0", "0.0", "false"), ("", "nan", "none")


def read_labelled(
    path: Any, column: str, label_column: str, multi_label: bool, guess: bool
) -> tuple[Table, list, tuple[str, ...]]:
    """Reads inputs and their labels: a table, the labels of each row, and notes.

    "a,b" names columns of 0 and 1, one for each label, where no column is called so.
    With `guess`, a file without the label column may have one of the usual name, or
    such columns, which are then all of its labels.
    """
    try:
        table = read_rows(path, [column, label_column])
        labels, notes = unfold_lists(table.columns[label_column], label_column)
        return table, labels, tuple(f"{table.source}: {note}" for note in notes)
    except MissingColumn as error:
        missing = error
    if find_name(missing.header, column) is None:
        raise missing
    named = [name.strip() for name in label_column.split(",")]
    if len(named) > 1 and all(find_name(missing.header, name) for name in named):
        table = read_rows(path, [column, *named])
        return table, join_columns(table, named, multi_label), ()
    if guess and find_name(missing.header, USUAL):
        return read_labelled(path, column, USUAL, multi_label, guess)
    others = [x for x in missing.header if x and x.casefold() != column.casefold()]
    table = read_rows(path, [column, *others] if guess else [column])
    names = [x for x in others if guess and _is_binary(table.columns[x])]
    if len(names) < 2:
        raise MissingColumn(
            f"{missing}; name the labels with --label-column C, or columns of 0 and 1 "
            "with --label-column A,B",
            missing.header,
        )
    note = f"{table.source}: the labels are the columns of 0 and 1: {', '.join(names)}"
    if len(names) < len(others):
        note += f"; not read: {', '.join(x for x in others if x not in names)}"
    return table, join_columns(table, names, multi_label), (note,)


def join_columns(table: Table, names: Sequence[str], multi_label: bool) -> list:
    """The labels of each row, from a column of 0 and 1 for each of them."""
    columns = [[_read_switch(v) for v in table.columns[name]] for name in names]
    for name, column in zip(names, columns, strict=True):
        if None in column:
            at = column.index(None)
            raise PolyheadError(
                f"{table.source}: row {table.rows[at]}: {table.columns[name][at]!r} in "
                f"column '{name}' is neither 0 nor 1; correct it"
            )
    rows = zip(*columns, strict=True)
    labels = [[n for n, on in zip(names, row, strict=True) if on] for row in rows]
    pairs = zip(table.rows, labels, strict=True)
    wrong = [row for row, chosen in pairs if len(chosen) != 1]
    if wrong and not multi_label:
        raise PolyheadError(
            f"{table.source}: {list_rows(wrong)}: not exactly one of the columns "
            f"{', '.join(names)} is 1; correct it, or add --multi-label for several "
            "labels or none"
        )
    return labels


def _is_binary(values: Sequence) -> bool:
    """Whether a column has 0 and 1, or one of them, and else empty fields alone."""
    if any(_read_switch(value) is None for value in values):
        return False
    return any(str(value).strip().lower() not in _BLANK for value in values)


def _read_switch(value: Any) -> bool | None:
    """True for 1, False for 0 and for an empty field, None for another value."""
    text = str(value).strip().lower()
    return True if text in _ON else False if text in (*_OFF, *_BLANK) else None


def unfold_lists(labels: Sequence, column: str) -> tuple[list, list[str]]:
    """Labels with every list as a list, those that are written as text too."""
    labels = [_to_list(label) for label in labels]
    read = [_read_list(x) if isinstance(x, str) else None for x in labels]
    if not any(found is not None for found in read):
        return labels, []
    first = next(x for x, found in zip(labels, read, strict=True) if found is not None)
    note = f"column '{column}' has lists of labels, such as {first.strip()[:60]}"
    pairs = zip(labels, read, strict=True)
    return [_read_bare(x) if found is None else found for x, found in pairs], [note]


def _to_list(label: Any) -> Any:
    """An array or a tuple, such as a DataFrame holds, as a list."""
    if hasattr(label, "tolist"):
        label = label.tolist()
    return list(label) if isinstance(label, tuple) else label


def _read_list(text: str) -> list[str] | None:
    """The labels of a text that is surely a list of them, or None.

    Written by Python or JSON (`['a', 'b']`), by NumPy (`['a' 'b']`, `[1 2]`), or
    without quotes (`[a, b]`).
    """
    text = text.strip()
    if len(text) < 2 or text[0] + text[-1] not in ("[]", "()", "{}"):
        return None
    inner = text[1:-1].strip()
    items = [first or second for first, second in _ITEM.findall(inner)]
    if items and _BETWEEN.fullmatch(_ITEM.sub("", inner)):
        return [_unquote(item) for item in items]
    if text[0] != "[":
        return None
    if not inner or _BETWEEN.fullmatch(inner):
        return []
    if _NUMBERS.fullmatch(inner):
        return [re.sub(r"\.0*$", "", number) for number in re.split(r"[\s,]+", inner)]
    return [item.strip() for item in inner.split(",")] if "," in inner else None


def _read_bare(label: Any) -> Any:
    """A label in brackets, in a column where others are lists: `[a]`."""
    text = label.strip() if isinstance(label, str) else ""
    return [text[1:-1].strip()] if text[:1] + text[-1:] == "[]" else label


def _unquote(item: str) -> str:
    try:
        return str(ast.literal_eval(item))
    except (ValueError, SyntaxError):
        return item[1:-1]


def find_separator(labels: Sequence, separator: str) -> str | None:
    """Another sign that seems to be between the labels, where `separator` never is."""
    texts = [label for label in labels if isinstance(label, str)]
    if any(separator in text for text in texts):
        return None
    counts = {sign: sum(sign in text for text in texts) for sign in ";|,"}
    sign = max(counts, key=lambda sign: counts[sign])
    return sign if counts[sign] else None
