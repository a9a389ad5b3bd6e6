"""Categories of the steps ahead that training never saw: a forecast cannot use them."""

from collections.abc import Mapping, Sequence

import numpy as np

from ...common.alignment import list_some
from ...common.data.tables import Table
from ...common.errors import PolyheadError
from .frames import MISSING, Columns, Frame

NAMED = 5  # known categories that a message lists

# Series, time stamp and column to the row and what stands there.
Unseen = dict[tuple[str, np.datetime64, str], tuple[int, str]]


def find_unseen(
    table: Table,
    frames: Sequence[Frame],
    columns: Columns,
    categories: Mapping[str, Sequence[str]],
) -> Unseen:
    """Where known-future covariates of a table have a category that is not known."""
    found: Unseen = {}
    places = {int(row): place for place, row in enumerate(table.rows)}
    for name in columns.future:
        if name not in categories or name not in table.columns:
            continue
        for frame in frames:
            for stamp, row in zip(frame.stamps, frame.rows, strict=True):
                value = table.columns[name][places[int(row)]]
                text = "" if value is None else str(value).strip()
                if text not in categories[name] and text.lower() not in MISSING:
                    found[frame.name, stamp, name] = int(row), text
    return found


def refuse_unseen(
    unseen: Unseen,
    series: str,
    steps: np.ndarray,
    categories: Mapping[str, Sequence[str]],
    source: str,
) -> None:
    """Names the first of the steps ahead whose category is not known, if any."""
    for step in steps:
        for name, known in categories.items():
            if (series, step, name) not in unseen:
                continue
            row, text = unseen[series, step, name]
            raise PolyheadError(
                f"{source}: row {row}: {text!r} in column '{name}' is none of the "
                f"categories that were trained on: {list_some(known, NAMED)}: "
                "give one of them"
            )
