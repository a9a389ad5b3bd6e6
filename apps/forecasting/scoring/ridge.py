"""A linear map from history and known future to forecast: what a network has to beat.

A ridge regression in closed form. Each history is normalised by its last value and its
spread. One map serves all targets and series; with known-future covariates, whose
effects differ, there is one for each target, and a step takes its own covariates.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ...common.data.splits import sample_rows
from ..series.filling import fill_forward
from ..series.statistics import mean_and_spread
from ..series.windows import Window, Windows

MAX_ROWS = 100_000  # histories that the map is fitted on
MAX_NUMBERS = 20_000_000  # of the known future, at once
RIDGES = (1e-4, 1e-3, 1e-2, 1e-1)  # times the mean variance of the inputs
MAX_SCORED = 2_000  # validation windows that choose among them

Covariates = Callable[[Window], np.ndarray]  # to (B, H, C)


class Rows(NamedTuple):
    """Windows of some targets, normalised: a row a window and target."""

    history: np.ndarray  # (N, L)
    given: np.ndarray  # (N, H, C)
    truth: np.ndarray  # (N, H)


class Weights(NamedTuple):
    """Of one penalty."""

    history: np.ndarray  # (L, H)
    given: np.ndarray  # (H, C)

    def apply(self, rows: Rows) -> np.ndarray:
        """Normalised forecasts `(N, H)`."""
        known = np.einsum("nhc,hc->nh", rows.given, self.given)
        return rows.history @ self.history + known


def linear(windows: Windows, seed: int = 0) -> Callable[[Window], np.ndarray]:
    """Fits the map on training windows, its penalty on validation.

    `seed` only draws the sample of windows. Gives a function to `(B, H, T)`.
    """
    covariates, targets = _make_covariates(windows), windows.num_targets
    window = _sample(windows, "validation", MAX_SCORED, seed)
    width = covariates(_sample(windows, "validation", 1, seed)).shape[2]
    count = MAX_ROWS // targets
    groups = [slice(None)]
    if width:
        count = min(count, MAX_NUMBERS // (windows.horizon * width))
        groups = [slice(place, place + 1) for place in range(targets)]
    sample = _sample(windows, "train", max(1, count), seed)
    best = []
    for group in groups:
        rows, (_, scale) = _normalise(window, covariates, group)
        unit = np.swapaxes(scale, 1, 2).reshape(-1, 1)  # back to units of the data
        errors, tried = [], _solve(_whole(_normalise(sample, covariates, group)[0]))
        for weights in tried:
            error = np.abs(weights.apply(rows) - rows.truth) * unit
            known = error[~np.isnan(error)]
            errors.append(known.mean() if len(known) else 0.0)
        best.append(tried[int(np.argmin(errors))])

    def forecast(window):
        parts = []
        for group, weights in zip(groups, best, strict=True):
            rows, (level, scale) = _normalise(window, covariates, group)
            found = weights.apply(rows).reshape(len(level), -1, windows.horizon)
            parts.append(np.swapaxes(found, 1, 2) * scale + level)
        return np.concatenate(parts, axis=2)

    return forecast


def _sample(windows, split, count, seed) -> Window:
    chosen = windows.find(split)
    return windows.take(chosen[sample_rows(len(chosen), count, seed)])


def _make_covariates(windows: Windows) -> Covariates:
    """A function to the known future `(B, H, C)`, standardised, 0 for missing.

    Of each step, beside that of the last step of the history, whose effect is in the
    level. A category is a column for each of its names.
    """
    dataset, count = windows.dataset, windows.num_future
    if not count:
        return lambda window: np.zeros((len(window.truth), windows.horizon, 0))
    known = np.concatenate(dataset.training_values())[:, -count:]
    mean, scale = mean_and_spread(known)

    def covariates(window):
        last = window.inputs["history"][:, -1:, -count:]
        steps = np.concatenate([last, window.inputs["future"]], axis=1)  # (B, 1 + H, K)
        columns = []
        for place, name in enumerate(dataset.columns.future):
            values = steps[:, :, place : place + 1].astype(np.float64)
            if name in dataset.categories:
                values = 1.0 * (values == np.arange(len(dataset.categories[name])))
            else:
                values = (values - mean[place]) / scale[place]
            columns.append(np.nan_to_num(values))
        found = np.concatenate(columns, axis=2)
        last = np.repeat(found[:, :1], windows.horizon, axis=1)
        return np.concatenate([found[:, 1:], last], axis=2)

    return covariates


def _normalise(window, covariates, group):
    """`Rows` of some targets, and the levels and scales `(B, 1, T)` that undo it."""
    history = fill_forward(window.past[:, :, group]).astype(np.float64)
    level = history[:, -1:]
    scale = history.std(axis=1, keepdims=True)
    scale = np.where(scale > 1e-8 * np.abs(level), scale, 1.0)
    values = (history - level) / scale, (window.truth[:, :, group] - level) / scale
    history, truth = (np.swapaxes(x, 1, 2).reshape(-1, x.shape[1]) for x in values)
    given = covariates(window)[:, None]  # (B, 1, H, C)
    # What a covariate adds is in units of the data, not of a history.
    unit = np.swapaxes(window.spread[:, :, group] / scale, 1, 2)[..., None]
    given = (unit * given).reshape(len(truth), *given.shape[2:])
    return Rows(history, given, truth), (level, scale)


def _whole(rows: Rows) -> Rows:
    """The rows without gaps in the truth."""
    whole = ~np.isnan(rows.truth).any(axis=1)
    if whole.any():
        return Rows(*(part[whole] for part in rows))
    # As on a grid of days without weekends.
    return rows._replace(truth=fill_forward(rows.truth[..., None])[..., 0])


def _solve(rows: Rows) -> list[Weights]:
    """The weights of each penalty."""
    history, given, truth = rows
    count, (steps, width) = len(history), given.shape[1:]
    gram, product = history.T @ history / count, history.T @ truth / count
    if not width:  # one matrix for all steps
        found = _solve_one(gram, product)
        return [Weights(weights, np.zeros((steps, 0))) for weights in found]
    columns: list[list[np.ndarray]] = []
    for step in range(steps):
        known = given[:, step]
        beside = history.T @ known / count
        whole = np.block([[gram, beside], [beside.T, known.T @ known / count]])
        right = np.concatenate([product[:, step], known.T @ truth[:, step] / count])
        columns.append(_solve_one(whole, right))
    length = len(gram)
    stacked = np.moveaxis(np.array(columns), 0, 2)  # (penalties, L + C, H)
    return [Weights(one[:length], one[length:].T) for one in stacked]


def _solve_one(gram, product) -> list[np.ndarray]:
    # Histories that are all flat have no variance.
    variance = np.trace(gram) / len(gram) or 1.0
    eye = variance * np.eye(len(gram))
    return [np.linalg.solve(gram + ridge * eye, product) for ridge in RIDGES]
