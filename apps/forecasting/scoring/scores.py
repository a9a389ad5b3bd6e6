"""Sums over windows, from which every measure of a forecast is made."""

import numpy as np

from ..series.dataset import Dataset
from ..series.statistics import mean_known

EPSILON = 1e-12
AXES = {"series": 0, "step": 1, "target": 2}  # of the sums


class Scores:
    """Adds up how far forecasts are off: of each series, step and target.

    Args:
        spreads: `(series, T)` standard deviations in training, of "mse" and "mae".
        naive: `(series, T)` mean absolute error of the seasonal naive forecast before
            the split that is scored, of "mase".
        horizon: steps, H.
        quantiles: levels that are scored.
    """

    def __init__(self, spreads, naive, horizon, quantiles=()):
        self.spreads = np.asarray(spreads, np.float64)[:, None]  # (series, 1, T)
        self.naive = np.asarray(naive, np.float64)
        self.quantiles = list(quantiles)
        shape = (len(naive), horizon, self.spreads.shape[2])
        names = ("count", "squared", "absolute", "relative", "truth")
        self.sums = {name: np.zeros(shape) for name in names}
        self.pinball = np.zeros((*shape, len(self.quantiles)))
        self.below = np.zeros((*shape, len(self.quantiles)))
        self.windows = 0

    def add(self, window, forecast, quantiles=None) -> None:
        """Adds a batch: `forecast (B, H, T)` and `quantiles (B, H, T, Q)`."""
        truth = window.truth.astype(np.float64)
        is_known = ~np.isnan(truth)
        truth = np.where(is_known, truth, 0.0)
        forecast = np.where(is_known, forecast, 0.0)
        error = truth - forecast
        size = np.abs(error)
        total = np.abs(truth) + np.abs(forecast)
        batch = {
            "count": is_known.astype(np.float64),
            "squared": error * error,
            "absolute": size,
            "relative": 2.0 * size / np.maximum(total, EPSILON),
            "truth": np.abs(truth),
        }
        for name, values in batch.items():
            self._sum(self.sums[name], window.series, values)
        if quantiles is not None:
            kept = is_known[..., None]
            error = np.where(kept, truth[..., None] - quantiles, 0.0)
            levels = np.array(self.quantiles)
            loss = np.maximum(levels * error, (levels - 1.0) * error)
            self._sum(self.pinball, window.series, loss)
            self._sum(self.below, window.series, (kept & (error <= 0)).astype(float))
        self.windows += len(truth)

    def _sum(self, sums, series, values):
        if len(sums) == 1:
            sums[0] += values.sum(axis=0)
        else:
            np.add.at(sums, series, values)

    def summary(self) -> dict[str, float | None]:
        """Every measure over all windows, steps, targets and series.

        "mse" and "mae" are of values standardised by the training split, as papers give
        them; "rmse" is in the data's own units; "smape" is from 0 to 2; "mase" is the
        mean over the series and targets where the naive forecast makes errors; "crps"
        is the mean weighted quantile loss.
        """
        return {name: _number(x) for name, x in self._measure((0, 1, 2)).items()}

    def by(self, kind: str) -> dict[str, list[float | None]]:
        """Every measure of each "series", "step" or "target", to six digits."""
        axes = tuple(axis for name, axis in AXES.items() if name != kind)
        return {
            name: [None if np.isnan(x) else float(f"{x:.6g}") for x in values]
            for name, values in self._measure(axes).items()
        }

    def _measure(self, axes) -> dict[str, np.ndarray]:
        """The measures, summed over some axes; NaN where there is no truth."""
        count = self.sums["count"].sum(axis=axes)
        count = np.where(count > 0, count, np.nan)
        squared, absolute = self.sums["squared"], self.sums["absolute"]
        measures = {
            "mse": (squared / self.spreads**2).sum(axis=axes) / count,
            "mae": (absolute / self.spreads).sum(axis=axes) / count,
            "rmse": np.sqrt(squared.sum(axis=axes) / count),
            "smape": self.sums["relative"].sum(axis=axes) / count,
            "mase": self._mase(axes),
        }
        if self.quantiles:
            truth = np.maximum(self.sums["truth"].sum(axis=axes), EPSILON)
            truth = np.where(np.isnan(count), np.nan, truth)
            measures["crps"] = 2.0 * self.pinball.sum(axis=axes).mean(axis=-1) / truth
        return measures

    def _mase(self, axes):
        """NaN where the naive forecast makes no error at all."""
        count, absolute = self.sums["count"], self.sums["absolute"]
        if AXES["step"] in axes:
            count, absolute = (x.sum(axis=1, keepdims=True) for x in (count, absolute))
        naive = self.naive[:, None]  # (series, 1, T)
        kept = (count > 0) & (naive > 0)
        scaled = np.where(
            kept, absolute / np.maximum(count, 1.0) / np.where(kept, naive, 1.0), 0.0
        )
        number = kept.sum(axis=axes)
        mean = scaled.sum(axis=axes) / np.maximum(number, 1)
        return np.where(number > 0, mean, np.nan)

    def shares_below(self) -> dict[str, float]:
        """Quantile to the share of the truth that lies below it."""
        return dict(zip(map(str, self.quantiles), self._below().tolist(), strict=True))

    def coverage(self) -> float | None:
        """Share of the truth between the lowest and the highest quantile."""
        if len(self.quantiles) < 2:
            return None
        below = self._below()
        return float(below[-1] - below[0])

    def _below(self) -> np.ndarray:
        return self.below.sum(axis=(0, 1, 2)) / max(self.sums["count"].sum(), 1.0)


def _number(x) -> float | None:
    return None if np.isnan(x) else float(x)


def seasonal_errors(dataset: Dataset) -> np.ndarray:
    """Mean absolute difference of values a season apart, `(series, T)`.

    Of all values before the split that measures a run, as in the M4 competition; 0
    where a series has fewer than two of them.
    """
    targets, season = len(dataset.columns.targets), dataset.season
    errors = []
    ends, _ = dataset.bounds(dataset.held_out)
    for series, end in zip(dataset.series, ends, strict=True):
        values = series.values[:end, :targets].astype(np.float64)
        step = season if len(values) > season else 1
        gaps = np.abs(values[step:] - values[:-step])
        errors.append(mean_known(gaps))
    return np.array(errors)
