"""What any forecaster has to beat: last value, seasonal naive, and a linear map."""

from collections.abc import Callable

import numpy as np

from ..common.data.splits import sample_rows
from .series.windows import Window, Windows

MAX_ROWS = 100_000  # histories that the linear map is fitted on
RIDGES = (1e-4, 1e-3, 1e-2, 1e-1)  # times the mean variance of the inputs
MAX_SCORED = 2_000  # validation windows that choose among them

Forecast = Callable[[Window], np.ndarray]  # to (B, H, T)


def last_value(windows: Windows) -> Forecast:
    """The last value that was seen."""

    def forecast(window):
        last = fill_forward(targets_of(windows, window))[:, -1:]
        return np.repeat(last, windows.horizon, axis=1)

    return forecast


def seasonal_naive(windows: Windows, season: int) -> Forecast:
    """What was seen at the same point of the last cycle; an older one where missing."""
    short = windows.look_back < season
    length = 2 * season if short else windows.look_back

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

    A baseline is no model: the look-back does not bind it. NaN before the first step.
    """
    history = targets_of(windows, window)
    if length <= windows.look_back:
        return history
    steps = window.places[:, None] - np.arange(length, windows.look_back, -1)
    first = windows.offsets[window.series][:, None]
    older = windows.values[first + np.maximum(steps, 0), : windows.num_targets]
    older = np.where(steps[..., None] < 0, np.nan, older)
    return np.concatenate([older, history], axis=1)


def linear(windows: Windows, seed: int = 0) -> Forecast:
    """A ridge regression from history to forecast, one for all targets and series.

    Level and spread of each history are taken off first and put back (the level is the
    last value); its penalty is chosen on validation. Closed form: no epochs, no seeds
    but that of the sample of histories.
    """
    inputs, outputs = _training_rows(windows, seed)
    gram = inputs.T @ inputs / len(inputs)
    product = inputs.T @ outputs / len(inputs)
    chosen = windows.find("validation")
    chosen = chosen[sample_rows(len(chosen), MAX_SCORED, seed)]
    window = windows.take(chosen)
    found = []
    for ridge in RIDGES:
        # Histories that are all flat have no variance.
        penalty = ridge * (np.trace(gram) / len(gram) or 1.0) * np.eye(len(gram))
        weights = np.linalg.solve(gram + penalty, product)
        forecast = _linear_forecast(windows, weights)
        found.append((np.nanmean(np.abs(forecast(window) - window.truth)), forecast))
    return min(found, key=lambda pair: pair[0])[1]


def _training_rows(windows, seed):
    """Normal histories `(N, L)` and what followed `(N, H)`, those without gaps."""
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


def _linear_forecast(windows, weights) -> Forecast:
    def forecast(window):
        history, (level, scale) = normal_histories(windows, window)
        return np.einsum("blt,lh->bht", history, weights) * scale + level

    return forecast


def normal_histories(windows, window):
    """Histories without their last value and spread, and these, `(B, 1, T)` each."""
    history = fill_forward(targets_of(windows, window)).astype(np.float64)
    level = history[:, -1:]
    scale = history.std(axis=1, keepdims=True)
    scale = np.where(scale > 1e-8 * np.abs(level) + 1e-12, scale, 1.0)
    return (history - level) / scale, (level, scale)


def targets_of(windows: Windows, window: Window) -> np.ndarray:
    """`(B, L, T)`: the history without its covariates."""
    return window.inputs["history"][:, :, : windows.num_targets]


def fill_forward(history: np.ndarray) -> np.ndarray:
    """Missing values as the last one before, or the first one after; 0 without any."""
    seen = ~np.isnan(history)
    steps = np.arange(history.shape[1])[None, :, None]
    before = np.maximum.accumulate(np.where(seen, steps, -1), axis=1)
    after = np.where(seen, steps, history.shape[1])
    after = np.minimum.accumulate(after[:, ::-1], axis=1)[:, ::-1]
    place = np.where(before >= 0, before, np.minimum(after, history.shape[1] - 1))
    return np.nan_to_num(np.take_along_axis(history, place, axis=1))
