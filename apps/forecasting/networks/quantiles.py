"""Quantiles that never cross, and the one number that stands for them."""

from statistics import NormalDist

import numpy as np
from keras import ops

from ..config import Config

POINT = -1.0  # the level of a forecast that is no quantile
# The median has the least absolute error, the mean the least squared error. On
# validation rows, half of the way to the mean costs no absolute error.
TOWARDS_MEAN = 0.5


def in_order(y, levels):
    """Quantiles `(B, levels, ...)` that cannot cross: the median and steps from it."""
    if len(levels) == 1:
        return y
    middle = levels.index(0.5)
    # Each slice on its own would have a gradient of the whole tensor.
    columns = ops.unstack(y, num=len(levels), axis=1)
    for place in range(middle + 1, len(levels)):
        columns[place] = columns[place - 1] + ops.softplus(columns[place])
    for place in range(middle - 1, -1, -1):
        columns[place] = columns[place + 1] - ops.softplus(columns[place])
    return ops.stack(columns, axis=1)


def rising(y):
    """Each quantile `(B, levels, ...)` no lower than the one before it."""
    columns = [y[:, 0]]
    for place in range(1, y.shape[1]):
        columns.append(ops.maximum(columns[-1], y[:, place]))
    return ops.stack(columns, axis=1)


def beside(gaps, quantiles):
    """Gaps `(B, Q, ...)` from quantiles to the forecast, which is the median.

    Those below it are no higher, those above it no lower, and that of 0.5 is 0 away.
    """
    low = [-np.inf if level < 0.5 else 0.0 for level in quantiles]
    high = [np.inf if level > 0.5 else 0.0 for level in quantiles]
    low, high = (np.reshape(x, (1, -1, 1, 1)).astype("float32") for x in (low, high))
    return ops.minimum(ops.maximum(gaps, low), high)


def central(y, levels):
    """One forecast for all quantiles: half of the way from the median to the mean.

    The mean follows from the outermost quantiles `p` and `1 - p`: by the first terms of
    the expansion, their middle is `z(p)^2` times as far from the median as the mean is.
    Without such a pair the forecast is the median. `y` is `(B, levels, T, H)`, in
    order; the result is `(B, T, H)`.

    Reference:
        Cornish and Fisher, Moments and Cumulants in the Specification of
        Distributions, 1938
    """
    if len(levels) == 1:
        return y[:, 0]
    median = y[:, levels.index(0.5)]
    if abs(levels[0] + levels[-1] - 1.0) > 1e-6:
        return median
    share = TOWARDS_MEAN / NormalDist().inv_cdf(levels[-1]) ** 2
    middle = 0.5 * (y[:, 0] + y[:, -1])
    return median + min(share, 1.0) * (middle - median)


def levels_of(config: Config) -> list[float]:
    """The quantiles that a model learns, with the median."""
    return sorted({*config.quantiles, 0.5}) if config.loss == "mae" else [POINT]
