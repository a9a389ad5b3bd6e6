"""history.csv: a row for each epoch of a training.

`loss` is what `val_loss` is, of the training batches as they were trained on: with
dropout, and before the last steps of the epoch. What the training makes small is
`objective`: it may have several heads, label smoothing, or other terms.
"""

import csv
from collections.abc import Mapping
from pathlib import Path

from .errors import RETRAIN, PolyheadError
from .files import expecting, read_file, write_csv

OBJECTIVE = "objective"
PLAIN_LOSS = "plain_loss"  # the metric of a model that becomes the column `loss`


def name_measures(
    logs: Mapping[str, float], scores: Mapping[str, float]
) -> dict[str, float]:
    """The columns of an epoch: of Keras's `logs`, and of validation, with "val_".

    Keras calls the objective "loss". It keeps that name only where the training logs
    nothing else that validation measures too.
    """
    row = dict(logs)
    if PLAIN_LOSS in row or any(name in row for name in scores if name != "loss"):
        row[OBJECTIVE] = row.pop("loss")
    if PLAIN_LOSS in row:
        row["loss"] = row.pop(PLAIN_LOSS)
    return row | {f"val_{name}": value for name, value in scores.items()}


def rename_older(history: list[dict]) -> None:
    """Renames the objective in rows of an older version, which called it loss."""
    for row in history:
        if OBJECTIVE not in row and "loss" in row:
            row[OBJECTIVE] = row.pop("loss")


def write_history(path: Path, history: list[dict]) -> None:
    """Writes a CSV file with a row for each epoch."""
    columns = list(dict.fromkeys(key for row in history for key in row))
    rows = [[row.get(name, "") for name in columns] for row in history]
    write_csv(path, [columns, *rows])


def read_history(path: Path) -> dict[str, list[float]]:
    """The columns of history.csv; none if the file is absent."""
    if not path.exists():
        return {}
    lines = read_file(path, "delete it").splitlines()
    with expecting(path, "delete it"):
        rows = list(csv.DictReader(lines))
        columns = rows[0] if rows else {}
        return {name: [float(row[name] or "nan") for row in rows] for name in columns}


def read_rows(path: Path) -> list[dict]:
    """The rows of history.csv, as they were before they were written."""
    try:
        columns = read_history(path)
    except PolyheadError:
        columns = {}
    if not columns.get("epoch"):
        raise PolyheadError(f"{path}: missing or broken: {RETRAIN}")
    rows = [
        dict(zip(columns, r, strict=True)) for r in zip(*columns.values(), strict=True)
    ]
    return [row | {"epoch": int(row["epoch"])} for row in rows]
