"""Measures a run, and writes its metrics, predictions, plots and card."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import PolyheadError
from ..files import write_json
from ..history import read_history
from .card import write_card


@dataclass(frozen=True)
class Evaluation:
    """The scores of a run and its baselines."""

    metrics: dict[str, Any]  # the content of metrics.json, without "train"
    write_predictions: Callable[[Path], None]  # given the path of predictions.csv
    # Draws the plots into a folder, given the columns of history.csv, and the number of
    # the epoch that is kept, or None.
    plot: Callable[[Path, Mapping[str, list[float]], int | None], Any]
    other: bool = False  # whether other rows than the run's own were scored


def measure(
    run: Any, data: Any, baselines: Mapping, is_new: bool = False, **options: Any
) -> dict[str, Any]:
    """Scores a run and its baselines, and writes the results to its folder.

    Scores of other rows than the run's own, or by other measures, are only returned,
    and so are those of data that have changed since the run was trained. `data` is from
    `run.load_data`, or has other test rows, and `baselines` are the baselines' answers
    for the same rows. `is_new` says that the run has just been trained on them. Returns
    the content of metrics.json.
    """
    evaluation = run.steps.score(run, data, baselines, **options)
    run.notes = []  # on texts that were scored
    metrics = {**evaluation.metrics, "train": run.metrics.get("train", {})}
    if evaluation.other:
        return metrics
    differences = [] if is_new else [*forgotten(run), *data.differences]
    if differences:
        return metrics | {"differences": differences}
    write_json(run.path / "metrics.json", metrics)
    run.metrics = metrics
    evaluation.write_predictions(run.path / "predictions.csv")
    folder = run.path / "plots"
    folder.mkdir(parents=True, exist_ok=True)
    history, kept = read_history(run.path / "history.csv"), metrics["train"]
    evaluation.plot(folder, history, kept.get("best_epoch"))
    write_card(run)
    return metrics


def forgotten(run: Any) -> list[str]:
    """A line on a run of files that does not know its rows, such as one of 0.2."""
    if run.known.rows or run.config.dataset or run.config.tfds:
        return []  # the embedded data sets, and those of TFDS, do not change
    return [
        f"{run.path} does not say which rows it was trained on: these are drawn anew, "
        "so some of them may be rows of training"
    ]


def measure_other(run: Any, data: Any, **options: Any) -> dict[str, Any]:
    """Scores a run on the test split of `data`, which is not of its own data.

    The baselines learn from the run's own data. Where these are not here, they are left
    out. Notes of the run, and the protocol, say so.
    """
    own = run.find_data()
    if run.known.rows is None:
        trained = set() if own is None else set(own.train.keys)
        data = leave_out(run, data, np.array([k in trained for k in data.test.keys]))
    notes = list(run.notes)
    data = data if own is None else replace(own, test=data.test, differences=())
    baselines = {} if own is None else run.steps.baselines(run, data)
    metrics = measure(run, data, baselines, **options)
    run.notes = notes
    return metrics | {"protocol": "; ".join([metrics["protocol"], *notes])}


def spare_trained(run: Any, data: Any) -> Any:
    """`data` without the test rows that the run was trained on; a note counts them."""
    run.notes, known = [], run.known.rows
    if known is None:
        run.notes.append(f"{run.path} does not say which rows it was trained on")
        return data
    data = leave_out(run, data, known.was_trained_on(data.test.keys))
    chosen = int(known.was_in("validation", data.test.keys).sum())
    if chosen:
        run.notes[-1] += f"; {chosen:,} are of validation, on which choices were made"
    return data


def leave_out(run: Any, data: Any, trained: np.ndarray) -> Any:
    """`data` without the test rows where `trained (rows,)` is True, and a note."""
    part = data.test
    if trained.all():
        raise PolyheadError(
            f"{part.source}: all of its {len(trained):,} rows were trained on: give "
            "other rows with --test"
        )
    left_out = ", and are left out" if trained.any() else ""
    run.notes.append(
        f"{part.source}: {trained.sum():,} of its {len(trained):,} rows were trained "
        f"on{left_out}"
    )
    return replace(data, test=part.take(~trained))
