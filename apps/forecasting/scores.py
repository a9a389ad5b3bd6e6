"""Sums over windows, from which every measure of a forecast is made."""

import numpy as np

EPSILON = 1e-12


class Scores:
    """Adds up how far forecasts are off: of each series, step and target.

    Args:
        spreads: `(series, T)` standard deviations in training, of "mse" and "mae".
        naive: `(series, T)` mean absolute error of the seasonal naive forecast before
            the part that is scored, of "mase".
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
        there = ~np.isnan(truth)
        truth = np.where(there, truth, 0.0)
        forecast = np.where(there, forecast, 0.0)
        error = truth - forecast
        size = np.abs(error)
        total = np.abs(truth) + np.abs(forecast)
        batch = {
            "count": there.astype(np.float64),
            "squared": error * error,
            "absolute": size,
            "relative": 2.0 * size / np.maximum(total, EPSILON),
            "truth": np.abs(truth),
        }
        for name, values in batch.items():
            self._sum(self.sums[name], window.series, values)
        if quantiles is not None:
            kept = there[..., None]
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

    def summary(self) -> dict:
        """Every measure over all windows, steps, targets and series.

        "mse" and "mae" are of values standardised by the training part, as papers give
        them; "rmse" is in the data's own units; "smape" is a fraction of 0 to 2;
        "mase" is the mean over series and targets.
        """
        count = self.sums["count"]
        total = max(count.sum(), 1.0)
        standard = self.sums["absolute"] / self.spreads
        result = {
            "mse": (self.sums["squared"] / self.spreads**2).sum() / total,
            "mae": standard.sum() / total,
            "rmse": np.sqrt(self.sums["squared"].sum() / total),
            "smape": self.sums["relative"].sum() / total,
            "mase": self.mase(),
        }
        if self.quantiles:
            truth = max(self.sums["truth"].sum(), EPSILON)
            weighted = 2.0 * self.pinball.sum(axis=(0, 1, 2)) / truth
            result["crps"] = weighted.mean()  # the mean weighted quantile loss
            below = self.below.sum(axis=(0, 1, 2)) / total
            result["below"] = {
                str(level): float(share)
                for level, share in zip(self.quantiles, below, strict=True)
            }
        plain = dict | None
        return {k: v if isinstance(v, plain) else float(v) for k, v in result.items()}

    def mase(self) -> float | None:
        """Mean over series and targets that the naive forecast errs on; or None."""
        count = self.sums["count"].sum(axis=1)
        mean = self.sums["absolute"].sum(axis=1) / np.maximum(count, 1.0)
        kept = (count > 0) & (self.naive > 0)
        if not kept.any():
            return None
        return float((mean[kept] / self.naive[kept]).mean())

    def by_step(self) -> dict[str, list[float]]:
        """ "mse" and "mae" of each step of the horizon."""
        return self._along((0, 2))

    def by_target(self) -> dict[str, list[float]]:
        """ "mse" and "mae" of each target."""
        return self._along((0, 1))

    def by_series(self) -> dict[str, list[float]]:
        """ "mse" and "mae" of each series."""
        return self._along((1, 2))

    def _along(self, axes):
        count = np.maximum(self.sums["count"].sum(axis=axes), 1.0)
        squared = (self.sums["squared"] / self.spreads**2).sum(axis=axes) / count
        absolute = (self.sums["absolute"] / self.spreads).sum(axis=axes) / count
        return {"mse": squared.tolist(), "mae": absolute.tolist()}

    def coverage(self) -> float | None:
        """Share of the truth between the lowest and the highest quantile."""
        if len(self.quantiles) < 2:
            return None
        below = self.below.sum(axis=(0, 1, 2)) / max(self.sums["count"].sum(), 1.0)
        return float(below[-1] - below[0])


def seasonal_errors(dataset) -> np.ndarray:
    """Mean absolute difference of values a season apart, `(series, T)`.

    Of all values before the part that measures a run, as the M4 competition has it; 0
    where a series has no two of them.
    """
    targets, season = len(dataset.columns.targets), dataset.season
    found = []
    ends, _ = dataset.bounds(dataset.held_out)
    for series, end in zip(dataset.series, ends, strict=True):
        values = series.values[:end, :targets].astype(np.float64)
        step = season if len(values) > season else 1
        gaps = np.abs(values[step:] - values[:-step])
        there = ~np.isnan(gaps)
        total = np.where(there, gaps, 0.0).sum(axis=0)
        found.append(total / np.maximum(there.sum(axis=0), 1))
    return np.array(found)
