"""Labels as people write them, as arrays, and as an exported file tells them."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..data.tables import list_rows
from ..errors import RETRAIN, PolyheadError
from ..files import write_text
from ..text.cleaning import clean_text


def clean_label(value: Any) -> str:
    """A label on one line; "" where there is none."""
    if isinstance(value, float):
        if value != value:  # pandas writes a missing label as NaN
            return ""
        if value.is_integer():  # and turns integers beside it into floats
            value = int(value)
    return " ".join(clean_text(value).split())


def clean_labels(
    source: str,
    labels: Sequence,
    rows: np.ndarray,
    column: str,
    separator: str | None = None,
) -> list:
    """Cleans the labels of every row: strings, or with a separator tuples of strings.

    The separator is None where each row needs one label; a row without a label or with
    a list of them is then a PolyheadError.
    """
    if separator is not None:
        return [split_labels(label, separator) for label in labels]
    pairs = zip(rows, labels, strict=True)
    lists = [row for row, label in pairs if isinstance(label, list)]
    if lists:
        raise PolyheadError(
            f"{source}: {list_rows(lists)}: a list of labels; add --multi-label"
        )
    cleaned = [clean_label(label) for label in labels]
    missing = [row for row, label in zip(rows, cleaned, strict=True) if not label]
    if missing:
        raise PolyheadError(
            f"{source}: {list_rows(missing)}: no label in column '{column}'; "
            "fill it in or remove the row"
        )
    return cleaned


def split_labels(value: Any, separator: str) -> tuple[str, ...]:
    """The labels of one input: a list as it is, or text split at the separator."""
    if isinstance(value, str | bytes):
        value = clean_text(value).split(separator)
    elif not isinstance(value, Sequence):
        value = (value,)
    return tuple(dict.fromkeys(filter(None, map(clean_label, value))))


def sort_labels(labels: Iterable[str]) -> tuple[str, ...]:
    """Distinct labels, numbers by value before words by letter."""

    def key(label: str) -> tuple[bool, float, str]:
        is_number = re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", label) is not None
        return (not is_number, float(label) if is_number else 0.0, label)

    return tuple(sorted(set(labels), key=key))


def encode_labels(
    labels: Sequence,
    rows: np.ndarray,
    source: str,
    names: Sequence[str],
    multi_label: bool,
) -> np.ndarray:
    """Labels, all among the names, as int32 `(rows,)`, or bool `(rows, labels)`."""
    index = {name: place for place, name in enumerate(names)}
    sets = labels if multi_label else [(label,) for label in labels]
    unseen = [
        (row, label)
        for row, labels_of_row in zip(rows, sets, strict=True)
        for label in labels_of_row
        if label not in index
    ]
    if unseen:
        label = unseen[0][1]
        wrong = [row for row, other in unseen if other == label]
        others = len({other for _, other in unseen}) - 1
        more = f" (and {others} more such labels)" if others else ""
        raise PolyheadError(
            f"{source}: {list_rows(wrong)}: label '{label}' does not occur in the "
            f"training data{more}; correct it, or add examples of it there"
        )
    if not multi_label:
        return np.array([index[label] for label in labels], dtype=np.int32)
    if len(rows) * len(names) > 2**31:
        raise PolyheadError(
            f"{source}: {len(names)} labels on {len(rows)} rows do not fit in memory; "
            "is this the label column, and the separator right?"
        )
    encoded = np.zeros((len(rows), len(names)), dtype=bool)
    for row, labels_of_row in enumerate(labels):
        encoded[row, [index[label] for label in labels_of_row]] = True
    return encoded


def read_labels(path: Path) -> tuple[str, ...]:
    """The labels of a run, in the order of the model's outputs."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise PolyheadError(f"{path}: {error.strerror}: {RETRAIN}") from None
    except UnicodeDecodeError:
        raise PolyheadError(f"{path}: not UTF-8 text: {RETRAIN}") from None
    return tuple(text.removesuffix("\n").split("\n"))


def write_labels(path: Path, names: Sequence[str]) -> None:
    """Writes the labels of a run, one on each line."""
    write_text(path, "\n".join(names) + "\n")


def label_facts(
    names: Sequence[str], multi_label: bool, thresholds: np.ndarray | None
) -> dict:
    """What a client of an exported classifier has to know."""
    return {
        "answers": "labels",
        "labels": list(names),
        "multi_label": multi_label,
        "thresholds": None if thresholds is None else thresholds.tolist(),
    }
