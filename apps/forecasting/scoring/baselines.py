"""What a forecaster has to beat: the last value, the last season, a linear map."""

from collections.abc import Callable

import numpy as np

from ..series.filling import fill_forward
from ..series.windows import Window, Windows
from .ridge import linear

Baseline = Callable[[Window], np.ndarray]  # to (B, H, T)


def make_baselines(
    windows: Windows, seed: int = 0, non_negative: bool = False
) -> dict[str, Baseline]:
    """The baselines of every table; without training rows, those that learn nothing.

    With `non_negative`, none of their forecasts is below 0, as those of the run.
    """
    baselines = {
        "last-value": last_value(windows),
        "seasonal-naive": seasonal_naive(windows, windows.dataset.season),
    }
    for season in windows.dataset.seasons[1:]:
        baselines[f"seasonal-naive-{season}"] = seasonal_naive(windows, season)
    if "train" in windows.dataset.ends:
        baselines["linear"] = linear(windows, seed)
    if non_negative:
        return {name: _clip(forecast) for name, forecast in baselines.items()}
    return baselines


def _clip(forecast: Baseline) -> Baseline:
    return lambda window: np.maximum(forecast(window), 0.0)


def last_value(windows: Windows) -> Baseline:
    """Repeats the last known value."""
    return lambda window: np.repeat(_last_known(window), windows.horizon, axis=1)


def _last_known(window):
    return fill_forward(window.past)[:, -1:]


def seasonal_naive(windows: Windows, season: int) -> Baseline:
    """Repeats the last season; where a value is missing, that of an older season."""
    length = windows.look_back if windows.look_back >= season else 2 * season

    def forecast(window):
        history = _longer_history(windows, window, length)
        cycle = history[:, -season:]
        for end in range(length - season, season - 1, -season):
            older = history[:, end - season : end]
            cycle = np.where(np.isnan(cycle), older, cycle)
        cycle = np.where(np.isnan(cycle), _last_known(window), cycle)
        return cycle[:, np.arange(windows.horizon) % season]

    return forecast


def _longer_history(windows, window, length):
    """`(B, length, T)`: the history, and values of the series before it.

    The look-back does not limit a baseline. NaN before the first step of the series.
    """
    if length <= windows.look_back:
        return window.past
    steps = window.places[:, None] - np.arange(length, windows.look_back, -1)
    first = windows.offsets[window.series][:, None]
    older = windows.values[first + np.maximum(steps, 0), : windows.num_targets]
    older = np.where(steps[..., None] < 0, np.nan, older)
    return np.concatenate([older, window.past], axis=1)
