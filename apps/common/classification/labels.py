"""Labels as people write them, as arrays, and as an exported file tells them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ..data.tables import list_rows
from ..errors import PolyheadError
from ..text.cleaning import clean_text
from .label_file import read_labels as read_labels
from .label_file import write_labels as write_labels


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
    several of them is then a PolyheadError.
    """
    pairs = list(zip(rows, labels, strict=True))
    objects = [row for row, label in pairs if _has_objects(label)]
    if objects:
        what = f"objects; name a field of them, as in --label-column {column}.name"
        if any(isinstance(label, list) for label in labels):
            what = "lists of objects; write each as a list of the labels' names"
        where = f"{source}: {list_rows(objects)}"
        raise PolyheadError(f"{where}: column '{column}' holds {what}")
    if separator is not None:
        return [split_labels(label, separator) for label in labels]
    several = [row for row, x in pairs if isinstance(x, list) and len(x) > 1]
    if several:
        raise PolyheadError(
            f"{source}: {list_rows(several)}: a list of labels; add --multi-label"
        )
    only = [x[0] if isinstance(x, list) and x else x for x in labels]
    cleaned = ["" if isinstance(x, list) else clean_label(x) for x in only]
    missing = [row for row, label in zip(rows, cleaned, strict=True) if not label]
    if missing:
        raise PolyheadError(
            f"{source}: {list_rows(missing)}: no label in column '{column}'; "
            "fill it in or remove the row"
        )
    return cleaned


def _has_objects(label: Any) -> bool:
    parts = label if isinstance(label, list) else [label]
    return any(isinstance(part, dict | list) for part in parts)


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
    where: str = "the training data",
) -> np.ndarray:
    """Labels, all among the names, as int32 `(rows,)`, or bool `(rows, labels)`.

    `where` says in messages what has all of the names.
    """
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
            f"{source}: {list_rows(wrong)}: label '{label}' does not occur in {where}"
            f"{more}; correct it, or add examples of it there and train"
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


def label_facts(
    names: Sequence[str],
    multi_label: bool,
    thresholds: np.ndarray | None,
    descriptions: Mapping[str, str] | None = None,
) -> dict:
    """What a client of an exported classifier has to know."""
    return {
        "answers": "labels",
        "labels": list(names),
        "multi_label": multi_label,
        "thresholds": None if thresholds is None else thresholds.tolist(),
        **({"descriptions": dict(descriptions)} if descriptions else {}),
    }
