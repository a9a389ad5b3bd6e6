"""Scoring a classifier's run beside its baselines."""

from pathlib import Path
from typing import Any

from ..data.splits import held_out
from ..run.evaluation import Evaluation
from ..scoring.comparison import describe_other
from .comparison import build_metrics
from .data import Dataset
from .plots import plot_evaluation
from .scores import measure_coverage, write_predictions


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
        run: its `serving.predict` gives probabilities `(rows, labels)` of inputs.
        dataset: the run's, or one with other test examples.
        baselines: what the baselines answered for the same examples.
        threshold: also report how many answers are at least this probable, and how
            many of these are right (one label to an input only).
        other: what other test examples than the run's own are called.
        unit: what an input is called; the column of predictions.csv.
    """
    splits = {"validation": dataset.validation, "test": dataset.test}
    probabilities = {
        split: run.serving.predict(examples.inputs)
        for split, examples in splits.items()
        if examples is not None
    }
    seed = run.config.seed
    metrics, evaluations = build_metrics(dataset, probabilities, baselines, seed)
    split, examples = held_out(dataset)
    if threshold is not None and not dataset.multi_label:
        metrics["answered"] = measure_coverage(
            probabilities[split], examples.labels, threshold
        )
    if other:
        trained = dataset.train.inputs
        source = describe_other(other, f"{unit}s", examples.inputs, trained)
        metrics["protocol"] = f"{source}; {metrics['protocol']}"

    def write(path: Path) -> None:
        write_predictions(
            path,
            probabilities[split],
            examples,
            run.label_names,
            run.thresholds,
            run.config.label_separator,
            unit,
        )

    def plot(folder: Path, history: Any) -> None:
        plot_evaluation(folder, evaluations[split], run.label_names, history)

    return Evaluation(metrics, write, plot, other is not None)
