"""Scores of a forecaster and of what it has to beat, on the same windows."""

from collections.abc import Callable, Iterator

import numpy as np

from .baselines import Forecast, last_value, linear, seasonal_naive
from .scores import Scores, seasonal_errors
from .windows import Window, Windows

BASELINES = ("last-value", "seasonal-naive", "linear")
Answer = Callable[[dict], dict]  # inputs to forecast and quantiles


def make_baselines(windows: Windows, seed: int = 0) -> dict[str, Forecast]:
    """The three forecasts that every table holds."""
    return {
        "last-value": last_value(windows),
        "seasonal-naive": seasonal_naive(windows, windows.dataset.season),
        "linear": linear(windows, seed),
    }


def new_scores(windows: Windows, scale, quantiles=()) -> Scores:
    """Empty sums for a data set."""
    naive = seasonal_errors(windows.dataset)
    return Scores(scale[: windows.num_targets], naive, windows.horizon, quantiles)


def score_model(windows: Windows, part: str, answer: Answer, scale, quantiles):
    """Scores a model on every window of a part."""
    scores = new_scores(windows, scale, quantiles)
    for window in windows.batches(windows.find(part)):
        outputs = answer(window.inputs)
        scores.add(window, outputs["forecast"], outputs.get("quantiles"))
    return scores


def score_baselines(
    windows: Windows, part: str, baselines: dict[str, Forecast], scale
) -> dict[str, Scores]:
    """Scores the baselines on every window of a part."""
    found = {name: new_scores(windows, scale) for name in baselines}
    for window in windows.batches(windows.find(part)):
        for name, forecast in baselines.items():
            found[name].add(window, forecast(window))
    return found


def spread(windows: np.ndarray, count: int) -> Iterator[np.ndarray]:
    """`count` windows spread evenly over those given, the last among them."""
    places = np.unique(np.linspace(0, len(windows) - 1, count).round().astype(int))
    for place in places:
        yield windows[place]


__all__ = ["BASELINES", "Window", "make_baselines", "score_baselines", "score_model"]
