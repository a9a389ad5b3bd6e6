"""Scoring a classifier's run beside its baselines."""

from dataclasses import replace

from ..common.classification.comparison import build_metrics
from ..common.classification.plots import plot_evaluation
from ..common.classification.scores import measure_coverage, write_predictions
from ..common.data.splits import held_out
from ..common.run.evaluation import Evaluation, measure
from ..common.scoring.comparison import describe_other
from .baselines import run_baselines
from .data import Dataset, load_data, load_examples


def evaluate(run, test: str | None = None, threshold: float | None = None) -> dict:
    """Measures the run, and both baselines on the same rows.

    Args:
        test: labelled data other than the run's own; the run's test data, or
            its validation data where it has none, if absent.
        threshold: also report how many answers are at least this probable, and
            how many of these are right (one label a text only).

    Returns:
        The content of metrics.json, which is written with predictions.csv,
        the plots and the card. Scores on other data are returned alone: the run
        keeps its own.
    """
    dataset = load_data(run.config)
    if test is not None:
        examples = load_examples(run.config, test, run.label_names)
        dataset = replace(dataset, test=examples)
    baselines = run_baselines(dataset, run.config.seed)
    return measure(run, dataset, baselines, threshold=threshold, other=test)


def score(
    run,
    dataset: Dataset,
    baselines: dict,
    threshold: float | None = None,
    other: str | None = None,
) -> Evaluation:
    """Scores a run beside baselines; `other` names rows that are not the run's own."""
    parts = {"validation": dataset.validation, "test": dataset.test}
    probabilities = {
        split: run.serving.predict(part.texts)
        for split, part in parts.items()
        if part is not None
    }
    seed = run.config.seed
    metrics, evaluations = build_metrics(dataset, probabilities, baselines, seed)
    split, examples = held_out(dataset)
    if threshold is not None and not run.multi_label:
        metrics["answered"] = measure_coverage(
            probabilities[split], examples.labels, threshold
        )
    if other:
        source = describe_other(other, "texts", examples.texts, dataset.train.texts)
        metrics["protocol"] = f"{source}; {metrics['protocol']}"

    def write(path):
        write_predictions(
            path,
            probabilities[split],
            examples,
            run.label_names,
            run.thresholds,
            run.config.label_separator,
        )

    def plot(folder, history):
        plot_evaluation(folder, evaluations[split], run.label_names, history)

    return Evaluation(metrics, write, plot, other is not None)
