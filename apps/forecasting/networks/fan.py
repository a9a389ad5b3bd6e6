"""How wide the fan of a history with few values is: as wide as that of a whole one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from keras import ops

from ..series.dataset import Dataset
from ..series.statistics import mean_known, moments

ALIKE = 10.0  # series whose spreads differ by less share one
MOST_WINDOWS = 2_000  # of a series, whose neighbours are alike


@dataclass(frozen=True)
class Fan:
    """The spreads of whole histories in training, of each target, standardised.

    The spread of one value is 0, which says nothing about the error of its forecast. So
    up to half of the usual number of values, a fan is at least as wide as the widest
    one of a whole history; from the usual number on, as the narrowest one.

    Args:
        widest, narrowest: spreads. Without them, the deviation of training, and 0.
        ratio: of the widest spread to the level, where series are of many sizes.
        count: the usual number of values in a history; the look-back without it.
    """

    widest: Sequence[float] = ()
    narrowest: Sequence[float] = ()
    ratio: Sequence[float] = ()
    count: Sequence[float] = ()

    def widen(self, scale, level, count, look_back: int):
        """The unit of the fan; all tensors are `(B, 1, T, 1)`, or broadcast to it."""
        few = ops.clip(2.0 - 2.0 * count / _shaped(self.count, look_back), 0.0, 1.0)
        widest = _shaped(self.widest, 1.0)
        if any(self.ratio):
            widest = ops.maximum(widest, ops.abs(level) * _shaped(self.ratio, 0.0))
        least = ops.maximum(few * widest, _shaped(self.narrowest, 0.0))
        return ops.maximum(scale, least)


def _shaped(values: Sequence[float], default: float):
    values = ops.convert_to_tensor(list(values) or [float(default)], "float32")
    return ops.reshape(values, (1, 1, -1, 1))


def measure_fan(
    dataset: Dataset, look_back: int, mean: np.ndarray, scale: np.ndarray, epsilon
) -> dict[str, list[float]]:
    """The arguments of `Fan`, from the training rows; `mean` and `scale` of columns."""
    count = len(dataset.columns.targets)
    rows = []  # of each series: widest, narrowest, level and usual count, (4, T)
    for values in dataset.training_values():
        if len(values) < look_back:
            continue
        changes = moments(values[:, :count])[1] > 0
        values = (values[:, :count].astype(np.float64) - mean[:count]) / scale[:count]
        level = mean_known(values)
        counts, variances = _histories(values - level, look_back)
        usual = np.maximum(np.median(counts, axis=0), 1)
        whole = np.where(counts >= usual, variances, np.nan)
        spreads = np.stack([np.fmax.reduce(whole), np.fmin.reduce(whole)])
        spreads = np.sqrt(spreads + epsilon)
        row = np.stack([*spreads, np.abs(level), usual])
        # A series that never changes says nothing about the others.
        rows.append(np.where(changes, row, np.nan))
    if not rows:
        return {}
    table = np.array(rows)  # (series, 4, T)
    low, high = np.fmin.reduce(table), np.fmax.reduce(table)
    alike = high[0] < ALIKE * low[0]
    ratios = table[:, 0] / np.maximum(table[:, 2], table[:, 0])  # 1 at most
    found = {
        "widest": (np.where(alike, high[0], low[0]), 1.0),
        "narrowest": (low[1], 0.0),
        "ratio": (np.where(alike, 0.0, np.fmax.reduce(ratios)), 0.0),
        "count": (high[3], look_back),
    }
    return {
        name: np.where(np.isnan(values), default, values).tolist()
        for name, (values, default) in found.items()
    }


def _histories(values: np.ndarray, look_back: int) -> tuple[np.ndarray, np.ndarray]:
    """Counts and variances of the histories inside `values (steps, T)`, `(N, T)`."""
    ends = np.arange(look_back, len(values) + 1)
    if len(ends) > MOST_WINDOWS:
        ends = ends[np.linspace(0, len(ends) - 1, MOST_WINDOWS).astype(int)]
    known = np.where(np.isnan(values), 0.0, values)
    parts = np.stack([~np.isnan(values), known, known**2])
    sums = np.cumsum(np.pad(parts, ((0, 0), (1, 0), (0, 0))), axis=1)
    counts, sums, squares = sums[:, ends] - sums[:, ends - look_back]
    number = np.maximum(counts, 1)
    return counts, np.maximum(squares / number - (sums / number) ** 2, 0.0)
