"""Scores of a forecaster and of what it has to beat, on the same windows."""

import csv
from collections.abc import Callable

import numpy as np

from ..common.files import replacing, write_json
from ..common.run.loop import read_history
from .baselines import Forecast, last_value, linear, seasonal_naive
from .card import write_card
from .comparison import build_metrics
from .data import Dataset
from .scores import Scores, seasonal_errors
from .series.windows import Windows

MAX_PREDICTIONS = 1_000  # rows of predictions.csv
Answer = Callable[[dict], dict]  # inputs to forecast and quantiles


def measure(run, dataset: Dataset) -> dict:
    """Scores a run beside baselines and writes all that tells of it.

    Of other rows than the run's own nothing is written.
    """
    from .plots import plot_evaluation

    windows, part = run.windows(dataset), dataset.held_out
    scores = {
        name: score_model(windows, name, run.answer, run.quantiles)
        for name in dataset.ends
        if name != "train"
    }
    before = None
    if run.quantiles:
        answer = uncalibrated(run.serving)
        before = score_model(windows, part, answer, run.quantiles)
    baselines = make_baselines(windows, run.config.seed)
    floor = score_baselines(windows, part, baselines, run.quantiles)
    known = run.metrics.get("train", {})
    metrics = build_metrics(windows, run.config, scores, before, floor)
    metrics["train"] = known
    if dataset.test_begins is not None:
        return metrics
    write_json(run.path / "metrics.json", metrics)
    run.metrics = metrics
    write_predictions(run.path / "predictions.csv", windows, part, run.answer)
    history = read_history(run.path / "history.csv")
    plot_evaluation(run, windows, part, history)
    write_card(run.path, run.config, run.columns, run.frequency, metrics)
    return metrics


def make_baselines(windows: Windows, seed: int = 0) -> dict[str, Forecast]:
    """The three forecasts that every table holds."""
    return {
        "last-value": last_value(windows),
        "seasonal-naive": seasonal_naive(windows, windows.dataset.season),
        "linear": linear(windows, seed),
    }


def new_scores(windows: Windows, quantiles=()) -> Scores:
    """Empty sums for a data set."""
    naive = seasonal_errors(windows.dataset)
    return Scores(windows.spreads, naive, windows.horizon, quantiles)


def score_model(windows: Windows, part: str, answer: Answer, quantiles) -> Scores:
    """Scores a model on every window of a part."""
    scores = new_scores(windows, quantiles)
    for window in windows.batches(windows.find(part)):
        outputs = answer(window.inputs)
        scores.add(window, outputs["forecast"], outputs.get("quantiles"))
    return scores


def uncalibrated(serving) -> Answer:
    """Answers with the quantiles as the model learned them."""
    targets = serving.model.settings["num_targets"]
    mean, scale = (
        np.asarray(v)[:targets, None] for v in (serving.model.mean, serving.model.scale)
    )

    def answer(inputs):
        quantiles = serving.predict_parts(inputs)["base"] * scale + mean
        return {"forecast": quantiles[..., 0], "quantiles": quantiles}

    return answer


def write_predictions(path, windows: Windows, part: str, answer: Answer) -> None:
    """Writes predictions.csv: the windows that went worst, a row a target.

    Args:
        path: of the file.
        windows: the data.
        part: which of it.
        answer: the forecaster.
    """
    rows = []
    for window in windows.batches(windows.find(part)):
        error = np.abs(answer(window.inputs)["forecast"] - window.truth)
        error = error / window.spread
        there = ~np.isnan(error)
        total = np.where(there, error, 0.0).sum(axis=1)
        seen = there.sum(axis=1)
        mean = np.where(seen > 0, total / np.maximum(seen, 1), np.nan)  # (B, T)
        count = min(MAX_PREDICTIONS, int((seen > 0).sum()))
        worst = np.argsort(-mean, axis=None, kind="stable")[:count]  # NaN goes last
        for row, target in zip(*np.unravel_index(worst, mean.shape), strict=True):
            place = int(window.series[row]), int(window.places[row])
            rows.append((float(mean[row, target]), *place, int(target)))
    rows.sort(key=lambda row: -row[0])
    series, columns = windows.dataset.series, windows.dataset.columns
    with replacing(path) as temporary, open(temporary, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["first_step", "series", "target", "mae"])
        for error, number, step, target in rows[:MAX_PREDICTIONS]:
            stamp = series[number].stamps(windows.dataset.frequency, step + 1)[-1]
            name = columns.targets[target]
            writer.writerow([stamp, series[number].name, name, f"{error:.6f}"])


def score_baselines(
    windows: Windows, part: str, baselines: dict[str, Forecast], quantiles=()
) -> dict[str, Scores]:
    """Scores the baselines on every window of a part.

    Their one number stands for each of the quantiles.
    """
    found = {name: new_scores(windows, quantiles) for name in baselines}
    for window in windows.batches(windows.find(part)):
        for name, forecast in baselines.items():
            values = forecast(window)
            shape = (*values.shape, len(quantiles))
            found[name].add(window, values, np.broadcast_to(values[..., None], shape))
    return found


def spaced(windows: np.ndarray, count: int) -> np.ndarray:
    """`count` windows spaced evenly over those given, the last among them."""
    places = np.unique(np.linspace(0, len(windows) - 1, count).round().astype(int))
    return windows[places]
