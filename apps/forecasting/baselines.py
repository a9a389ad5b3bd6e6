"""What a forecaster has to beat: the last value, the last season, a linear map."""

from collections.abc import Callable

import numpy as np

from ..common.data.splits import sample_rows
from .series.windows import Window, Windows

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

    def forecast(window):
        last = fill_forward(targets_of(windows, window))[:, -1:]
        return np.repeat(last, windows.horizon, axis=1)

    return forecast


def seasonal_naive(windows: Windows, season: int) -> Baseline:
    """Repeats the last season; where a value is missing, that of an older season."""
    length = windows.look_back if windows.look_back >= season else 2 * season

    def forecast(window):
        history = _longer_history(windows, window, length)
        cycle = history[:, -season:].copy()
        for back in range(2, length // season + 1):
            end = length - (back - 1) * season
            older = history[:, end - season : end]
            cycle = np.where(np.isnan(cycle), older, cycle)
        last = fill_forward(targets_of(windows, window))[:, -1:]
        cycle = np.where(np.isnan(cycle), last, cycle)
        steps = np.arange(windows.horizon) % season
        return cycle[:, steps]

    return forecast


def _longer_history(windows, window, length):
    """`(B, length, T)`: a window's history, and before it what the series holds.

    The look-back does not limit a baseline. NaN before the first step of the series.
    """
    history = targets_of(windows, window)
    if length <= windows.look_back:
        return history
    steps = window.places[:, None] - np.arange(length, windows.look_back, -1)
    first = windows.offsets[window.series][:, None]
    older = windows.values[first + np.maximum(steps, 0), : windows.num_targets]
    older = np.where(steps[..., None] < 0, np.nan, older)
    return np.concatenate([older, history], axis=1)


def linear(windows: Windows, seed: int = 0) -> Baseline:
    """A ridge regression from history to forecast, one for all targets and series.

    Each history is normalised by its last value and its spread. The penalty is chosen
    on validation. The solution is in closed form; `seed` only draws the sample of
    histories.
    """
    inputs, outputs = _training_rows(windows, seed)
    gram = inputs.T @ inputs / len(inputs)
    product = inputs.T @ outputs / len(inputs)
    chosen = windows.find("validation")
    chosen = chosen[sample_rows(len(chosen), MAX_SCORED, seed)]
    window = windows.take(chosen)
    tried = []
    for ridge in RIDGES:
        # Histories that are all flat have no variance.
        penalty = ridge * (np.trace(gram) / len(gram) or 1.0) * np.eye(len(gram))
        weights = np.linalg.solve(gram + penalty, product)
        forecast = _linear_forecast(windows, weights)
        tried.append((np.nanmean(np.abs(forecast(window) - window.truth)), forecast))
    return min(tried, key=lambda pair: pair[0])[1]


def _training_rows(windows, seed):
    """Normalised histories `(N, L)` and their truths `(N, H)`, those without gaps."""
    chosen = windows.find("train")
    rows = max(1, MAX_ROWS // windows.num_targets)
    window = windows.take(chosen[sample_rows(len(chosen), rows, seed)])
    history, (level, scale) = normal_histories(windows, window)
    truth = (window.truth - level) / scale
    history, truth = (
        np.moveaxis(x, 1, 2).reshape(-1, x.shape[1]) for x in (history, truth)
    )
    whole = ~np.isnan(truth).any(axis=1)
    if not whole.any():  # as on a grid of days without weekends
        truth = fill_forward(truth[..., None])[..., 0]
        whole[:] = True
    return history[whole].astype(np.float64), truth[whole].astype(np.float64)


def _linear_forecast(windows, weights) -> Baseline:
    def forecast(window):
        history, (level, scale) = normal_histories(windows, window)
        return np.einsum("blt,lh->bht", history, weights) * scale + level

    return forecast


def normal_histories(windows, window):
    """Normalised histories, and their last values and spreads `(B, 1, T)`."""
    history = fill_forward(targets_of(windows, window)).astype(np.float64)
    level = history[:, -1:]
    scale = history.std(axis=1, keepdims=True)
    scale = np.where(scale > 1e-8 * np.abs(level) + 1e-12, scale, 1.0)
    return (history - level) / scale, (level, scale)


def targets_of(windows: Windows, window: Window) -> np.ndarray:
    """`(B, L, T)`: the history without its covariates."""
    return window.inputs["history"][:, :, : windows.num_targets]


def fill_forward(history: np.ndarray) -> np.ndarray:
    """Fills gaps with the last value before, else with the first after, else with 0."""
    is_known = ~np.isnan(history)
    steps = np.arange(history.shape[1])[None, :, None]
    before = np.maximum.accumulate(np.where(is_known, steps, -1), axis=1)
    after = np.where(is_known, steps, history.shape[1])
    after = np.minimum.accumulate(after[:, ::-1], axis=1)[:, ::-1]
    place = np.where(before >= 0, before, np.minimum(after, history.shape[1] - 1))
    return np.nan_to_num(np.take_along_axis(history, place, axis=1))
