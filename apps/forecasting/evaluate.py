"""Scoring a forecaster's run beside its baselines."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..common.files import write_csv
from ..common.run.evaluation import Evaluation, measure
from .kept import load_later
from .scoring.baselines import make_baselines
from .scoring.comparison import add_sampled, build_metrics
from .scoring.plots import plot_evaluation
from .scoring.scores import Scores, seasonal_errors
from .scoring.statistical import Sample, forecast_sample
from .series.statistics import mean_known
from .series.windows import Windows

MAX_PREDICTIONS = 1_000  # rows of predictions.csv
Answer = Callable[[dict], dict]  # inputs to forecast and quantiles


def baselines(run: Any, windows: Windows) -> dict:
    """Name -> how a baseline forecasts a window, or the `Sample` that it forecasts."""
    if "train" in windows.dataset.ends:
        run.tell("fitting the linear map")
    config = run.config
    on_all = make_baselines(windows, config.seed, config.non_negative)
    sample = forecast_sample(windows, config.seed, run.tell)
    if sample and config.non_negative:
        sample = sample.clip()
    return on_all | ({name: sample for name in sample.forecasts} if sample else {})


def evaluate(run: Any, test: Any = None) -> dict:
    """Measures the run, and the baselines on the same windows.

    Args:
        test: a file, or rows from Python, that follow all of the run's own, to be
            scored instead of its test data; then nothing is written. Where the run's
            own data are not here, the windows inside these rows are scored, and `notes`
            says so.

    Returns:
        The content of metrics.json, which is written with predictions.csv, the plots
        and the card.
    """
    windows = run.load_data() if test is None else load_later(run, test)
    notes = [] if test is None else list(run.notes)
    metrics = measure(run, windows, baselines(run, windows))
    run.notes = notes
    return metrics | {"protocol": "; ".join([metrics["protocol"], *notes])}


def score(run: Any, windows: Windows, baselines: Mapping) -> Evaluation:
    """Scores a run beside baselines."""
    dataset, quantiles = windows.dataset, run.quantiles
    split = dataset.held_out
    measured = [name for name in dataset.ends if name != "train"]
    scores = {}
    for name in measured:
        run.tell(f"scoring {len(windows.find(name)):,} {name} windows")
        scores[name] = score_model(windows, name, run.answer, quantiles)
    before = None
    if quantiles:
        learned = run.serving.predict_uncalibrated
        before = score_model(windows, split, learned, quantiles)
    sample = next((x for x in baselines.values() if isinstance(x, Sample)), None)
    on_all = {k: x for k, x in baselines.items() if x is not sample}
    others = score_baselines(windows, on_all, quantiles)
    is_median = run.model.settings["fan"] is not None  # not so in version 0.1.0
    metrics = build_metrics(windows, run.config, scores, before, others, is_median)
    if sample is not None:
        of_run, sampled = score_sample(windows, sample, run.answer, quantiles)
        add_sampled(metrics, split, of_run, sampled)
    return Evaluation(
        metrics,
        lambda path: write_predictions(path, windows, split, run.answer),
        lambda folder, *training: plot_evaluation(
            folder, run, windows, metrics, *training
        ),
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
            scores[name].add(window, values, _repeat(values, quantiles))
    return scores


def score_sample(
    windows: Windows, sample: Sample, answer: Answer, quantiles
) -> tuple[Scores, dict[str, Scores]]:
    """Scores the run and the sample's baselines, by name, on the sampled windows."""
    sizes = windows.spreads, seasonal_errors(windows.dataset), windows.horizon
    of_run = Scores(*sizes, quantiles)
    window = sample.take(windows)
    outputs = answer(window.inputs)
    of_run.add(window, outputs["forecast"], outputs.get("quantiles"))
    sampled = {name: Scores(*sizes, quantiles) for name in sample.forecasts}
    for name, scores in sampled.items():
        # Of one target, and given to every one: the others have no truth here.
        values = np.repeat(sample.forecasts[name][..., None], windows.num_targets, 2)
        scores.add(window, values, _repeat(values, quantiles))
    return of_run, sampled


def _repeat(forecast: np.ndarray, quantiles) -> np.ndarray:
    """The one number of a baseline for each of the quantiles: `(B, H, T, Q)`."""
    return np.repeat(forecast[..., None], len(quantiles), axis=3)


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
