"""Scoring a forecaster's run beside its baselines."""

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..common.files import replacing
from ..common.run.evaluation import Evaluation, measure
from .baselines import Baseline, make_baselines
from .data import load_data
from .scoring.comparison import build_metrics
from .scoring.plots import plot_evaluation
from .scoring.scores import Scores, seasonal_errors
from .series.statistics import mean_known
from .series.windows import Windows
from .serving import Serving

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


def score(run: Any, windows: Windows, baselines: Mapping[str, Baseline]) -> Evaluation:
    """Scores a run beside baselines."""
    dataset, quantiles = windows.dataset, run.quantiles
    split = dataset.held_out
    scores = {
        name: score_model(windows, name, run.answer, quantiles)
        for name in dataset.ends
        if name != "train"
    }
    before = None
    if quantiles:
        before = score_model(windows, split, uncalibrated(run.serving), quantiles)
    floor = score_baselines(windows, split, baselines, quantiles)
    metrics = build_metrics(windows, run.config, scores, before, floor)

    def write(path):
        write_predictions(path, windows, split, run.answer)

    def plot(folder, history):
        plot_evaluation(folder, run, windows, metrics, history)

    return Evaluation(metrics, write, plot, dataset.test_begins is not None)


def new_scores(windows: Windows, quantiles: Sequence[float] = ()) -> Scores:
    """Empty sums for a data set."""
    naive = seasonal_errors(windows.dataset)
    return Scores(windows.spreads, naive, windows.horizon, quantiles)


def score_model(
    windows: Windows, split: str, answer: Answer, quantiles: Sequence[float]
) -> Scores:
    """Scores a model on every window of a split."""
    scores = new_scores(windows, quantiles)
    for window in windows.batches(windows.find(split)):
        outputs = answer(window.inputs)
        scores.add(window, outputs["forecast"], outputs.get("quantiles"))
    return scores


def score_baselines(
    windows: Windows,
    split: str,
    baselines: Mapping[str, Baseline],
    quantiles: Sequence[float] = (),
) -> dict[str, Scores]:
    """Scores the baselines; their one number stands for each of the quantiles."""
    scores = {name: new_scores(windows, quantiles) for name in baselines}
    for window in windows.batches(windows.find(split)):
        for name, forecast in baselines.items():
            values = forecast(window)
            shape = (*values.shape, len(quantiles))
            repeated = np.broadcast_to(values[..., None], shape)
            scores[name].add(window, values, repeated)
    return scores


def uncalibrated(serving: Serving) -> Answer:
    """Answers with the quantiles as the model learned them."""
    model = serving.model
    targets = model.settings["num_targets"]
    mean, scale = (np.asarray(v)[:targets, None] for v in (model.mean, model.scale))

    def answer(inputs):
        quantiles = serving.predict_parts(inputs)["base"] * scale + mean
        return {"forecast": quantiles[..., 0], "quantiles": quantiles}

    return answer


def write_predictions(path: Path, windows: Windows, split: str, answer: Answer) -> None:
    """Writes predictions.csv: the forecasts with the largest errors, a row a target."""
    chosen, errors = windows.find(split), []
    for window in windows.batches(chosen):
        error = np.abs(answer(window.inputs)["forecast"] - window.truth) / window.spread
        mean = mean_known(np.moveaxis(error, 1, 0))
        errors.append(np.where(np.isnan(error).all(axis=1), np.nan, mean))
    mean = np.concatenate(errors)  # (N, T), NaN where there is no truth
    worst = np.argsort(-mean, axis=None, kind="stable")  # NaN goes last
    worst = worst[: min(MAX_PREDICTIONS, (~np.isnan(mean)).sum())]
    dataset = windows.dataset
    with (
        replacing(path) as temporary,
        open(temporary, "w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(["first_step", "series", "target", "mae"])
        for row, target in zip(*np.unravel_index(worst, mean.shape), strict=True):
            number, step = chosen[row]
            series = dataset.series[number]
            stamp = series.stamps(dataset.frequency, step + 1)[-1]
            name = dataset.columns.targets[target]
            writer.writerow([stamp, series.name, name, f"{mean[row, target]:.6f}"])
