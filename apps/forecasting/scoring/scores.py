"""Sums over windows, from which every measure of a forecast is made."""

from collections.abc import Sequence

import numpy as np

from ..series.dataset import Dataset
from ..series.statistics import mean_known

SUMS = "count squared absolute error truth relative not_zero below_zero".split()
AXES = {"series": 0, "step": 1, "target": 2}  # of the sums


class Scores:
    """Sums of the errors of forecasts, for each series, step and target.

    "mse" and "mae" need `spreads (series, T)`, standard deviations in training; "mase"
    needs `naive (series, T)`, see `seasonal_errors`.
    """

    def __init__(self, spreads, naive, horizon: int, quantiles: Sequence[float] = ()):
        self.spreads = np.asarray(spreads, np.float64)[:, None]  # (series, 1, T)
        self.naive = np.asarray(naive, np.float64)[:, None]  # (series, 1, T)
        self.quantiles = list(quantiles)
        shape = (len(naive), horizon, self.spreads.shape[2])
        self.sums = {name: np.zeros(shape) for name in SUMS}
        sizes = (*shape, len(self.quantiles))
        self.sums |= {name: np.zeros(sizes) for name in ("pinball", "below")}
        self.windows = 0

    def add(self, window, forecast, quantiles=None) -> None:
        """Adds a batch: `forecast (B, H, T)` and `quantiles (B, H, T, Q)`."""
        truth = window.truth.astype(np.float64)
        is_known = ~np.isnan(truth)
        truth, forecast = (np.where(is_known, x, 0.0) for x in (truth, forecast))
        error = truth - forecast
        size, not_zero = np.abs(error), truth != 0
        total = np.where(not_zero, np.abs(truth) + np.abs(forecast), 1.0)
        batch = {
            "count": is_known.astype(np.float64),
            "squared": error * error,
            "absolute": size,
            "error": -error,
            "truth": np.abs(truth),
            "relative": np.where(not_zero, 2.0 * size / total, 0.0),
            "not_zero": not_zero,
            "below_zero": forecast < 0,
        }
        if quantiles is not None:
            kept = is_known[..., None]
            error = np.where(kept, truth[..., None] - quantiles, 0.0)
            levels = np.array(self.quantiles)
            batch["pinball"] = np.maximum(levels * error, (levels - 1.0) * error)
            batch["below"] = (kept & (error <= 0)).astype(np.float64)
        for name, values in batch.items():
            if len(self.naive) == 1:
                self.sums[name][0] += values.sum(axis=0)
            else:
                np.add.at(self.sums[name], window.series, values)
        self.windows += len(truth)

    def summary(self) -> dict[str, float | None]:
        """Every measure over all windows, steps, targets and series.

        "mse" and "mae" are of values standardised by the training split, as papers give
        them; "rmse" is in the data's own units; "mase" is the mean over the series and
        targets where the naive forecast makes errors. "smape", from 0 to 2, is the mean
        over the values whose truth is not 0: where it is 0, smape is 2 for any forecast
        but 0, however near. "wape", "bias" and "crps" are sums over all values, divided
        by the sum of the truth's size, to which zeros add nothing: of absolute errors,
        of forecasts minus truth, and the mean weighted quantile loss.
        """
        measures = self._measure((0, 1, 2)).items()
        return {name: None if np.isnan(x) else float(x) for name, x in measures}

    def by(self, kind: str) -> dict[str, list[float | None]]:
        """Every measure of each "series", "step" or "target", to six digits."""
        axes = tuple(axis for name, axis in AXES.items() if name != kind)
        return {
            name: [None if np.isnan(x) else float(f"{x:.6g}") for x in values]
            for name, values in self._measure(axes).items()
        }

    def _measure(self, axes) -> dict[str, np.ndarray]:
        """The measures, summed over some axes; NaN where there is no truth."""
        sums = {n: self.sums[n].sum(axis=axes) for n in ("count", "truth", "not_zero")}
        # Nothing is divided by 0: such a measure is not defined.
        count, truth, not_zero = (np.where(x > 0, x, np.nan) for x in sums.values())
        squared, absolute = self.sums["squared"], self.sums["absolute"]
        measures = {
            "mse": (squared / self.spreads**2).sum(axis=axes) / count,
            "mae": (absolute / self.spreads).sum(axis=axes) / count,
            "rmse": np.sqrt(squared.sum(axis=axes) / count),
            "wape": absolute.sum(axis=axes) / truth,
            "bias": self.sums["error"].sum(axis=axes) / truth,
            "smape": self.sums["relative"].sum(axis=axes) / not_zero,
            "mase": self._mase(axes),
        }
        if self.quantiles:
            pinball = self.sums["pinball"].sum(axis=axes).mean(axis=-1)
            measures["crps"] = 2.0 * pinball / truth
        return measures

    def _mase(self, axes):
        """NaN where the naive forecast makes no error at all."""
        count, absolute = self.sums["count"], self.sums["absolute"]
        if AXES["step"] in axes:
            count, absolute = (x.sum(axis=1, keepdims=True) for x in (count, absolute))
        kept = (count > 0) & (self.naive > 0)
        count, naive = np.where(kept, count, 1.0), np.where(kept, self.naive, 1.0)
        total = np.where(kept, absolute / count / naive, 0.0).sum(axis=axes)
        number = kept.sum(axis=axes)
        return np.where(number > 0, total / np.maximum(number, 1), np.nan)

    def share(self, name: str) -> float:
        """Share of the known values that a sum counts, such as "below_zero"."""
        return float(self.sums[name].sum() / max(self.sums["count"].sum(), 1.0))

    def shares_below(self) -> dict[str, float]:
        """Quantile to the share of the truth that lies below it."""
        total = max(self.sums["count"].sum(), 1.0)
        shares = self.sums["below"].sum(axis=(0, 1, 2)) / total
        return dict(zip(map(str, self.quantiles), shares.tolist(), strict=True))

    def coverage(self) -> float | None:
        """Share of the truth between the lowest and the highest quantile."""
        shares = list(self.shares_below().values())
        return shares[-1] - shares[0] if len(shares) > 1 else None


def seasonal_errors(dataset: Dataset) -> np.ndarray:
    """Mean absolute difference of values a season apart, `(series, T)`.

    Of all values before the split that measures a run, as in the M4 competition; 0
    where a series has fewer than two of them.
    """
    if dataset.scales is not None:
        return dataset.scales[1]
    targets, season, errors = len(dataset.columns.targets), dataset.error_season, []
    ends, _ = dataset.bounds(dataset.held_out)
    for series, end in zip(dataset.series, ends, strict=True):
        values = series.values[:end, :targets].astype(np.float64)
        step = season if len(values) > season else 1
        errors.append(mean_known(np.abs(values[step:] - values[:-step])))
    return np.array(errors)
