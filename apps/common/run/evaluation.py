"""Measures a run, and writes its metrics, predictions, plots and card."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..files import write_json
from .card import write_card
from .loop import read_history


@dataclass(frozen=True)
class Evaluation:
    """The scores of a run and its baselines."""

    metrics: dict[str, Any]  # the content of metrics.json, without "train"
    write_predictions: Callable[[Path], None]  # given the path of predictions.csv
    # Draws the plots into a folder, given the columns of history.csv.
    plot: Callable[[Path, Mapping[str, list[float]]], Any]
    other: bool = False  # whether other rows than the run's own were scored


def measure(run: Any, data: Any, baselines: Mapping, **options: Any) -> dict[str, Any]:
    """Scores a run and its baselines, and writes the results to its folder.

    The scores of other rows than the run's own are only returned. `data` is from
    `run.load_data`, or has other test rows, and `baselines` are the baselines' answers
    for the same rows. Returns the content of metrics.json.
    """
    evaluation = run.steps.score(run, data, baselines, **options)
    metrics = {**evaluation.metrics, "train": run.metrics.get("train", {})}
    if evaluation.other:
        return metrics
    write_json(run.path / "metrics.json", metrics)
    run.metrics = metrics
    evaluation.write_predictions(run.path / "predictions.csv")
    folder = run.path / "plots"
    folder.mkdir(parents=True, exist_ok=True)
    evaluation.plot(folder, read_history(run.path / "history.csv"))
    write_card(run)
    return metrics
