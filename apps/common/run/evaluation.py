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
    """The scores of a run and its baselines.

    Args:
        metrics: the content of metrics.json, without "train".
        write_predictions: writes predictions.csv to a path.
        plot: draws the plots into a folder, given the columns of history.csv.
        other: whether other rows than the run's own were scored.
    """

    metrics: dict[str, Any]
    write_predictions: Callable[[Path], None]
    plot: Callable[[Path, Mapping[str, list[float]]], Any]
    other: bool = False


def measure(run: Any, data: Any, baselines: Mapping, **options: Any) -> dict[str, Any]:
    """Scores a run and its baselines, and writes the results to its folder.

    The scores of other rows than the run's own are only returned.

    Args:
        run: a `Run`.
        data: from `run.load_data`, or with other test rows.
        baselines: the baselines' answers for the same rows.
        options: options of the task's `score`.

    Returns:
        The content of metrics.json.
    """
    train = run.metrics.get("train", {})
    evaluation = run.steps.score(run, data, baselines, **options)
    metrics = {**evaluation.metrics, "train": train}
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
