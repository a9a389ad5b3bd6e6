"""What a forecaster has to beat: the last value, the last season, a linear map."""

from collections.abc import Callable

import numpy as np

from ...common.data.splits import sample_rows
from ..series.windows import Window, Windows

MAX_ROWS = 100_000  # histories that the linear map is fitted on
RIDGES = (1e-4, 1e-3, 1e-2, 1e-1)  # times the mean variance of the inputs
MAX_SCORED = 2_000  # validation windows that choose among them

Baseline = Callable[[Window], np.ndarray]  # to (B, H, T)


def make_baselines(windows: Windows, seed: int = 0) -> dict[str, Baseline]:
    """The three baselines of every table."""
    return {
        "last-value": last_value(windows),
        "seasonal-naive": seasonal_naive(windows, windows.dataset.season),
        "linear": linear(windows, seed),
    }


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


def linear(windows: Windows, seed: int = 0) -> Baseline:
    """A ridge regression from history to forecast, one for all targets and series.

    Each history is normalised by its last value and its spread. The penalty is chosen
    on validation. The solution is in closed form; `seed` only draws the sample of
    histories.
    """
    inputs, outputs = _training_rows(windows, seed)
    gram = inputs.T @ inputs / len(inputs)
    product = inputs.T @ outputs / len(inputs)
    # Histories that are all flat have no variance.
    variance = np.trace(gram) / len(gram) or 1.0
    window = _sample(windows, "validation", MAX_SCORED, seed)
    tried = []
    for ridge in RIDGES:
        penalty = ridge * variance * np.eye(len(gram))
        forecast = _apply(np.linalg.solve(gram + penalty, product))
        tried.append((np.nanmean(np.abs(forecast(window) - window.truth)), forecast))
    return min(tried, key=lambda pair: pair[0])[1]


def _sample(windows, split, count, seed) -> Window:
    chosen = windows.find(split)
    return windows.take(chosen[sample_rows(len(chosen), count, seed)])


def _training_rows(windows, seed):
    """Normalised histories `(N, L)` and their truths `(N, H)`, those without gaps."""
    window = _sample(windows, "train", max(1, MAX_ROWS // windows.num_targets), seed)
    history, (level, scale) = _normalise(window)
    pair = history, (window.truth - level) / scale
    history, truth = (np.moveaxis(x, 1, 2).reshape(-1, x.shape[1]) for x in pair)
    whole = ~np.isnan(truth).any(axis=1)
    if not whole.any():  # as on a grid of days without weekends
        truth = fill_forward(truth[..., None])[..., 0]
        whole[:] = True
    return history[whole].astype(np.float64), truth[whole].astype(np.float64)


def _apply(weights) -> Baseline:
    def forecast(window):
        history, (level, scale) = _normalise(window)
        return np.einsum("blt,lh->bht", history, weights) * scale + level

    return forecast


def _normalise(window):
    """Normalised histories, and their last values and spreads `(B, 1, T)`."""
    history = fill_forward(window.past).astype(np.float64)
    level = history[:, -1:]
    scale = history.std(axis=1, keepdims=True)
    scale = np.where(scale > 1e-8 * np.abs(level) + 1e-12, scale, 1.0)
    return (history - level) / scale, (level, scale)


def fill_forward(history: np.ndarray) -> np.ndarray:
    """Fills gaps with the last value before, else with the first after, else with 0."""
    is_known = ~np.isnan(history)
    steps = np.arange(history.shape[1])[None, :, None]
    before = np.maximum.accumulate(np.where(is_known, steps, -1), axis=1)
    after = np.where(is_known, steps, history.shape[1])
    after = np.minimum.accumulate(after[:, ::-1], axis=1)[:, ::-1]
    place = np.where(before >= 0, before, np.minimum(after, history.shape[1] - 1))
    return np.nan_to_num(np.take_along_axis(history, place, axis=1))
