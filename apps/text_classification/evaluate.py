"""Measuring a classifier's run beside its baselines."""

from dataclasses import replace

from ..common.run.evaluation import measure
from .baselines import run_baselines
from .data import load_data, load_examples


def evaluate(run, test: str | None = None, threshold: float | None = None) -> dict:
    """Measures the run, and both baselines on the same rows.

    Args:
        test: labelled data other than the run's own. If absent, the run's test data,
            or its validation data where it has no test data.
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
