"""Level and spread of the data, of the training split alone."""

import numpy as np

from .dataset import Dataset

EPSILON = 1e-5  # added to the variance of a history, in standardised units
SMALL = 1e-6  # of the smallest variance, where series are of many sizes


def spreads(dataset: Dataset, count: int | None = None) -> np.ndarray:
    """Standard deviations of the targets, or of `count` columns, `(series, count)`.

    A column that is constant in one series takes the median of the other series,
    because it may change later: with a spread of 1 it could then outweigh all others.
    """
    if dataset.scales is not None:
        return dataset.scales[0]
    count = count or len(dataset.columns.targets)
    series = dataset.training_values()
    spreads = np.stack([moments(values[:, :count])[1] for values in series])
    usual = [np.median(c[c > 0]) if (c > 0).any() else 1.0 for c in spreads.T]
    return np.where(spreads > 0, spreads, usual)


def mean_and_spread(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of columns, without missing values.

    The standard deviation of a constant column is 1.
    """
    mean, spread = moments(values)
    return mean, np.where(spread > 0, spread, 1.0)


def moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of columns; 0 for a constant column."""
    values = values.astype(np.float64)
    mean = mean_known(values)
    spread = np.sqrt(mean_known((values - mean) ** 2))
    # The mean of equal values is off by a rounding of float64.
    return mean, np.where(spread > 1e-12 * np.abs(mean), spread, 0.0)


def mean_known(values: np.ndarray) -> np.ndarray:
    """Mean over the first axis without missing values; 0 where all are missing."""
    is_known = ~np.isnan(values)
    total = np.where(is_known, values, 0.0).sum(axis=0)
    return total / np.maximum(is_known.sum(axis=0), 1)


def standardisation(dataset: Dataset) -> tuple[np.ndarray, np.ndarray, float]:
    """Mean and scale of each column for the model, and the epsilon of its histories.

    One series is standardised. Several series share a scale and keep their levels,
    because small levels would be lost in the float32 sums of large ones; each history
    is normalised by itself anyway.
    """
    series = dataset.training_values()
    mean, scale = mean_and_spread(np.concatenate(series))
    columns, epsilon = dataset.columns, EPSILON
    own = len(columns.targets) + len(columns.past)
    if len(series) > 1:
        sizes = spreads(dataset, own)
        mean[:own], scale[:own] = 0.0, np.median(sizes, axis=0)
        epsilon = float(SMALL * ((sizes / scale[:own]) ** 2).min())
    for place, name in enumerate(columns.values):
        if name in dataset.categories:
            mean[place], scale[place] = 0.0, 1.0
    return mean.astype(np.float32), scale.astype(np.float32), epsilon
