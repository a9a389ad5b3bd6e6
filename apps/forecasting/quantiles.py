"""Quantiles that never cross."""

from keras import ops

from .config import Config

POINT = -1.0  # the level of a forecast that is no quantile


def in_order(y, levels):
    """Quantiles that cannot cross: the middle one, and rising steps off it."""
    if len(levels) == 1:
        return y
    middle = levels.index(0.5)
    columns = [y[:, :, :, place] for place in range(len(levels))]
    for place in range(middle + 1, len(levels)):
        columns[place] = columns[place - 1] + ops.softplus(columns[place])
    for place in range(middle - 1, -1, -1):
        columns[place] = columns[place + 1] - ops.softplus(columns[place])
    return ops.stack(columns, axis=3)


def rising(y):
    """Each quantile no lower than the one before it."""
    columns = [y[:, :, :, 0]]
    for place in range(1, y.shape[3]):
        columns.append(ops.maximum(columns[-1], y[:, :, :, place]))
    return ops.stack(columns, axis=3)


def levels_of(config: Config) -> list[float]:
    """The quantiles that a model learns: the median among them."""
    if config.loss != "mae":
        return [POINT]
    return sorted({*config.quantiles, 0.5})
