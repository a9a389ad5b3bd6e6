"""Scoring a classifier's run beside its baselines."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..data.splits import held_out
from ..files import replacing
from ..run.evaluation import Evaluation
from ..scoring.comparison import describe_other
from .comparison import build_metrics
from .data import Dataset, Examples
from .plots import plot_evaluation
from .scores import Thresholds, decide, measure_coverage


def score_classifier(
    run: Any,
    dataset: Dataset,
    baselines: dict,
    threshold: float | None = None,
    other: str | None = None,
    unit: str = "text",
) -> Evaluation:
    """Scores a run beside baselines on test, or on validation without test data.

    Args:
        baselines: what the baselines answered for the same examples.
        threshold: see `measure_coverage` (one label to an input only).
        other: the name of the test examples, if they are not the run's own.
        unit: what an input is called; the column of predictions.csv.
    """
    split, examples = held_out(dataset)
    seed, names = run.config.seed, run.label_names
    # Of other examples the run has no validation.
    parts = {split: examples} | ({} if other else {"validation": dataset.validation})
    probabilities = {}
    for name, part in parts.items():
        run.tell(f"scoring {len(part.inputs):,} {name} {unit}s")
        probabilities[name] = run.serving.predict(part.inputs)
    metrics, evaluations = build_metrics(
        dataset, probabilities, baselines, seed, run.thresholds
    )
    scored = probabilities[split]
    if threshold is not None and not dataset.multi_label:
        metrics["answered"] = measure_coverage(scored, examples.labels, threshold)
    if other:
        metrics["protocol"] = f"{describe_other(other)}; {metrics['protocol']}"

    def write(path: Path) -> None:
        style = run.config.label_separator, unit
        write_predictions(path, scored, examples, names, run.thresholds, *style)

    def plot(folder: Path, history: Any, kept: int | None) -> None:
        plot_evaluation(folder, evaluations[split], names, history, kept)

    return Evaluation(metrics, write, plot, other is not None)


def write_predictions(
    path: Path,
    probabilities: np.ndarray,
    examples: Examples,
    label_names: Sequence[str],
    thresholds: Thresholds = None,
    separator: str = ",",
    column: str = "text",
) -> None:
    """Writes every answer as CSV, the worst mistakes first.

    The columns are the input (named `column`), `label`, `predicted` and `probability`
    (of what was predicted). Rows are sorted by how improbable the truth was to the
    model; if multi-label by the log loss over all labels.
    """
    labels = np.asarray(examples.labels)
    multi_label = labels.ndim == 2
    predicted = decide(probabilities, multi_label, thresholds)
    if multi_label:
        of_truth = np.where(labels, probabilities, 1 - probabilities)
        badness = -np.log(np.clip(of_truth, 1e-7, 1)).sum(axis=1)
        right = (predicted == labels).all(axis=1)
    else:
        badness = -probabilities[np.arange(len(labels)), labels]
        right = predicted == labels

    def numbers(answer: Any) -> Any:
        return np.flatnonzero(answer) if multi_label else [answer]

    with (
        replacing(path) as temporary,
        open(temporary, "w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.writer(file)
        writer.writerow([column, "label", "predicted", "probability"])
        for row in np.lexsort((-badness, right)):
            answers = numbers(predicted[row])
            fields = [
                [label_names[i] for i in numbers(labels[row])],
                [label_names[i] for i in answers],
                [f"{probabilities[row][i]:.4f}" for i in answers],
            ]
            writer.writerow([examples.inputs[row], *map(separator.join, fields)])
