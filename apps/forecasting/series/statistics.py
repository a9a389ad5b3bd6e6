"""Level and spread of the data, of the training part alone."""

import numpy as np

from ..data import Dataset

EPSILON = 1e-5  # added to the variance of a history, in standardised units
SMALL = 1e-6  # of the smallest variance, where series are of many sizes


def training_values(dataset: Dataset) -> list[np.ndarray]:
    """The training part of each series, `(steps, columns)` float64."""
    return [
        series.values[:end].astype(np.float64)
        for series, end in zip(dataset.series, dataset.ends["train"], strict=True)
    ]


def spreads(dataset: Dataset) -> np.ndarray:
    """Standard deviation of each series' targets in training, `(series, T)`."""
    targets = len(dataset.columns.targets)
    return _spreads_of([part[:, :targets] for part in training_values(dataset)])


def _spreads_of(parts: list[np.ndarray]) -> np.ndarray:
    """Standard deviation of each column in each part, `(parts, columns)`.

    A column that is constant in one part takes the median of the other parts, for it
    may move later: a spread of 1 could make it outweigh all others then.
    """
    found = np.stack([_moments(part)[1] for part in parts])
    usual = [np.median(c[c > 0]) if (c > 0).any() else 1.0 for c in found.T]
    return np.where(found > 0, found, usual)


def mean_and_spread(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of columns, over what is there; 1 for a constant."""
    mean, spread = _moments(values)
    return mean, np.where(spread > 0, spread, 1.0)


def _moments(values):
    """Mean and standard deviation of columns, over what is there; 0 for a constant."""
    there = ~np.isnan(values)
    count = np.maximum(there.sum(axis=0), 1)
    mean = np.where(there, values, 0.0).sum(axis=0) / count
    gaps = np.where(there, values - mean, 0.0)
    spread = np.sqrt((gaps * gaps).sum(axis=0) / count)
    return mean, np.where(spread > 1e-7 * np.abs(mean), spread, 0.0)


def standardisation(dataset: Dataset) -> tuple[np.ndarray, np.ndarray, float]:
    """What the model takes off each column: mean and scale; and its epsilon.

    One series is standardised. Several share a scale and keep their levels, for those
    of small ones would be lost in the float32 sums of large ones; each history is
    normalised by itself anyway.
    """
    parts = training_values(dataset)
    mean, scale = mean_and_spread(np.concatenate(parts))
    epsilon = EPSILON
    columns = dataset.columns
    own = len(columns.targets) + len(columns.past)
    if len(parts) > 1:
        sizes = _spreads_of([part[:, :own] for part in parts])
        mean[:own], scale[:own] = 0.0, np.median(sizes, axis=0)
        epsilon = float(SMALL * ((sizes / scale[:own]) ** 2).min())
    for place, name in enumerate(columns.values):
        if name in dataset.categories:
            mean[place], scale[place] = 0.0, 1.0
    return mean.astype(np.float32), scale.astype(np.float32), epsilon
