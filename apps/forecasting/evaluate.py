"""Scoring a forecaster's run beside its baselines."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..common.files import write_csv
from ..common.run.evaluation import Evaluation, measure
from .data import load_data
from .scoring.baselines import make_baselines
from .scoring.comparison import build_metrics
from .scoring.plots import plot_evaluation
from .scoring.scores import Scores, seasonal_errors
from .series.statistics import mean_known
from .series.windows import Windows

MAX_PREDICTIONS = 1_000  # rows of predictions.csv
Answer = Callable[[dict], dict]  # inputs to forecast and quantiles


def evaluate(run: Any, test: str | None = None) -> dict:
    """Measures the run, and the baselines on the same windows.

    Args:
        test: a file of rows that follow all of the run's own, to be scored instead of
            its test data; then nothing is written.

    Returns:
        The content of metrics.json, which is written with predictions.csv, the plots
        and the card.
    """
    windows = run.windows(load_data(run.config, test))
    return measure(run, windows, make_baselines(windows, run.config.seed))


def score(run: Any, windows: Windows, baselines: Mapping) -> Evaluation:
    """Scores a run beside baselines."""
    dataset, quantiles = windows.dataset, run.quantiles
    split = dataset.held_out
    measured = [name for name in dataset.ends if name != "train"]
    scores = {s: score_model(windows, s, run.answer, quantiles) for s in measured}
    before = None
    if quantiles:
        learned = run.serving.predict_uncalibrated
        before = score_model(windows, split, learned, quantiles)
    others = score_baselines(windows, baselines, quantiles)
    metrics = build_metrics(windows, run.config, scores, before, others)
    return Evaluation(
        metrics,
        lambda path: write_predictions(path, windows, split, run.answer),
        lambda folder, history: plot_evaluation(folder, run, windows, metrics, history),
        dataset.test_begins is not None,
    )


def score_model(windows: Windows, split: str, answer: Answer, quantiles) -> Scores:
    """Scores a model on every window of a split."""
    naive = seasonal_errors(windows.dataset)
    scores = Scores(windows.spreads, naive, windows.horizon, quantiles)
    for window in windows.batches(windows.find(split)):
        outputs = answer(window.inputs)
        scores.add(window, outputs["forecast"], outputs.get("quantiles"))
    return scores


def score_baselines(windows: Windows, baselines: Mapping, quantiles) -> dict:
    """Scores the baselines; their one number stands for each of the quantiles."""
    sizes = windows.spreads, seasonal_errors(windows.dataset), windows.horizon
    scores = {name: Scores(*sizes, quantiles) for name in baselines}
    for window in windows.batches(windows.find(windows.dataset.held_out)):
        for name, forecast in baselines.items():
            values = forecast(window)
            repeated = np.repeat(values[..., None], len(quantiles), axis=3)
            scores[name].add(window, values, repeated)
    return scores


def write_predictions(path: Path, windows: Windows, split: str, answer: Answer) -> None:
    """Writes predictions.csv: the forecasts with the largest errors, a row a target."""
    chosen, errors = windows.find(split), []
    for window in windows.batches(chosen):
        error = window.errors(answer(window.inputs)["forecast"])
        mean = mean_known(np.moveaxis(error, 1, 0))
        errors.append(np.where(np.isnan(error).all(axis=1), np.nan, mean))
    mean = np.concatenate(errors)  # (N, T), NaN where there is no truth
    worst = np.argsort(-mean, axis=None, kind="stable")  # NaN goes last
    worst = worst[: min(MAX_PREDICTIONS, (~np.isnan(mean)).sum())]
    dataset = windows.dataset
    rows = [["first_step", "series", "target", "mae"]]
    for row, target in zip(*np.unravel_index(worst, mean.shape), strict=True):
        series = dataset.series[chosen[row, 0]]
        stamp = series.stamps(dataset.frequency, chosen[row, 1] + 1)[-1]
        name = dataset.columns.targets[target]
        rows.append([stamp, series.name, name, f"{mean[row, target]:.6f}"])
    write_csv(path, rows)
