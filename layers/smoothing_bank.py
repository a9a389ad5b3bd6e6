"""Exponential smoothing without fitting: many smoothers, weighed by their errors."""

import itertools

import keras
import numpy as np
from keras import ops

from .parts import check_count
from .rematerialization import RematMethods
from .smoothing import find_limits, look_ahead, make_series, smooth
from .tensors import Tensor

LEVELS = (0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9)
# "none", "theta", or the rate as a share of the level's, and the damping.
TRENDS = (
    *("none", "theta", (0.0, 1.0), (0.02, 1.0), (0.1, 1.0)),
    *((0.02, 0.9), (0.1, 0.9), (0.1, 0.98), (0.3, 0.9)),
)
SEASONS = (0.0, 0.05, 0.15, 0.3)
SMALLEST_ERROR = 1e-4  # of the standard deviation of a series
# Of Akaike's 1 for a parameter: the states of a season are averages, not fitted. Chosen
# on the training parts of M1, where 0.5 to 0.75 do as well.
PENALTY = 0.5
NEVER = -1e9


@keras.saving.register_keras_serializable(package="polyhead")
class SmoothingBank(RematMethods, keras.layers.Layer):
    """Forecasts series by many exponential smoothers side by side.

    Exponential smoothing (ETS) has a level, a trend and a season, which each new value
    corrects by a share of the error of its forecast. Instead of fitting these shares to
    each series, the layer runs a grid of them and weighs the smoothers by their
    one-step errors within the series, as Akaike's criterion weighs models. Nothing has
    to be trained; the shares, and a prior over the smoothers, are trainable.

    Missing values (NaN) correct nothing, and those before the first value are padding.
    Where all values are positive, each smoother also runs on their logarithms, which
    makes trend and season multiplicative; where none is negative, no forecast is. A
    forecast changes by at most one and a half times what the series has changed in as
    many steps. All arithmetic is float32 in every policy.

    Args:
        horizon: int. Number of steps to forecast, H.
        season_length: int or tuple of int. Steps of a season, 1 for none. Of several,
            each has smoothers of its own. A season takes part if the series has at
            least two of it. Defaults to `1`.
        levels: tuple of float. Shares of an error that correct the level. Defaults to
            `(0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9)`.
        trends: tuple. `"none"`, `"theta"` (half the slope of the whole series, as in
            the Theta method), or a tuple `(rate, damping)`: the rate as a share of the
            level's, and what is left of the trend at each step. Defaults to
            `("none", "theta", (0.0, 1.0), (0.02, 1.0), (0.1, 1.0), (0.02, 0.9),
            (0.1, 0.9), (0.1, 0.98), (0.3, 0.9))`.
        seasons: tuple of float. Shares that correct the season, of what the level
            leaves. Defaults to `(0.0, 0.05, 0.15, 0.3)`.
        log: bool. Whether smoothers also run on logarithms. Defaults to `True`.
        seed: int. Has no effect: nothing here is random. Every layer of this package
            takes a seed. Defaults to `None`.
        **kwargs: Arguments of `keras.layers.Layer`, such as `name` and `dtype`.

    Call arguments:
        x: Tensor `(B, T, C)` of series; NaN = missing. Channels are series of their
            own.
        return_parts: bool. Whether to return also what each smoother says. Defaults to
            `False`.

    Returns:
        Float32 tensor `(B, H, C)` of forecasts. With `return_parts`, a tuple of it, the
        forecasts `(B, H, C, K)` of the K smoothers, their weights `(B, C, K)`, which
        sum to 1, and their mean absolute one-step errors `(B, C, K)`.

    Raises:
        ValueError: If `horizon` or a season is not a positive int, if a share is not
            between 0 and 1, or if a trend is none of the above.

    Example:

    >>> layer = SmoothingBank(horizon=3, season_length=4)
    >>> x = np.tile([10.0, 20.0, 30.0, 20.0], 6).reshape(1, 24, 1)
    >>> x[0, 5] = np.nan
    >>> np.round(layer(x)[0, :, 0]).tolist()
    [10.0, 20.0, 30.0]

    Reference:
        Hyndman et al., Forecasting with Exponential Smoothing, 2008,
        https://robjhyndman.com/expsmooth
        Assimakopoulos and Nikolopoulos, The Theta model, 2000,
        https://doi.org/10.1016/S0169-2070(00)00066-2
    """

    def __init__(
        self,
        horizon: int,
        season_length: int | tuple[int, ...] = 1,
        levels: tuple[float, ...] = LEVELS,
        trends: tuple = TRENDS,
        seasons: tuple[float, ...] = SEASONS,
        log: bool = True,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(autocast=False, **kwargs)
        check_count("horizon", horizon)
        self.horizon = horizon
        if isinstance(season_length, (tuple, list)):
            season_length = tuple(season_length)
        self.season_length = season_length
        for length in self._lengths():
            check_count("season_length", length)
        self.levels, self.seasons = tuple(levels), tuple(seasons)
        self.trends = tuple(t if isinstance(t, str) else tuple(t) for t in trends)
        self.log = log
        self.seed = seed
        for trend in self.trends:
            if trend not in ("none", "theta") and len(trend) != 2:
                raise ValueError(
                    f'A trend is "none", "theta" or two numbers, not {trend!r}.'
                )
        rates = [trend for trend in self.trends if not isinstance(trend, str)]
        for share in (*self.levels, *self.seasons, *itertools.chain(*rates)):
            if not 0 <= share <= 1:
                raise ValueError(f"A share lies between 0 and 1, not {share!r}.")

    def _lengths(self) -> tuple[int, ...]:
        """The seasons, without those of one step."""
        length = self.season_length
        lengths = length if isinstance(length, tuple) else (length,)
        return tuple(length for length in lengths if length != 1)

    def build(self, input_shape):
        # Those without a season share the pass of the first season.
        plain = list(itertools.product(self.levels, self.trends, (None,)))
        self.groups = []
        for number, length in enumerate(self._lengths() or (1,)):
            seasons = self.seasons if length > 1 else ()
            grid = [] if number else plain
            grid = [*grid, *itertools.product(self.levels, self.trends, seasons)]
            rates = [(0.0, 1.0) if isinstance(t, str) else t for _, t, _ in grid]
            values = {
                "level_rate": [level for level, _, _ in grid],
                "trend_rate": [rate for rate, _ in rates],
                "damping": [damping for _, damping in rates],
            }
            if length > 1:
                values["season_rate"] = [season or 0.0 for _, _, season in grid]
            shares = {
                name: self._add(f"{name}_{length}", np.array(value), UnitInterval())
                for name, value in values.items()
            }
            kinds = {
                "ets": [not isinstance(trend, str) for _, trend, _ in grid],
                "theta": [trend == "theta" for _, trend, _ in grid],
                "seasonal": [season is not None for _, _, season in grid],
            }
            kinds = {name: np.array(kind, "float32") for name, kind in kinds.items()}
            # As likely before any data as all that have a season together.
            likely = (1 - kinds["seasonal"]) * np.log(len(self.seasons))
            prior = self._add(f"prior_{length}", likely)
            self.groups.append((length, shares, prior, kinds))
        # How much an error counts, and a parameter.
        positive = keras.constraints.NonNeg()
        self.sharpness = self._add("sharpness", np.array(1.0), positive)
        self.penalty = self._add("penalty", np.array(PENALTY), positive)

    def _add(self, name: str, value: np.ndarray, constraint=None):
        return self.add_weight(
            name=name,
            shape=value.shape,
            initializer=lambda shape, dtype=None: ops.convert_to_tensor(value, dtype),
            constraint=constraint,
            autocast=False,
        )

    def call(self, x: Tensor, return_parts: bool = False):
        length, channels = x.shape[1] or ops.shape(x)[1], x.shape[2]
        rows = ops.transpose(ops.cast(x, "float32"), (0, 2, 1))
        # (N, T), N = B * C
        series = make_series(ops.reshape(rows, (-1, length)), self.log)
        limits = find_limits(series, self.horizon)
        # The same errors count for all.
        longest, count = float(max((1, *self._lengths()))), series.count
        skipped = ops.minimum(longest, count // 2)
        counted = ops.maximum(count - skipped, 1.0)[:, None, None]
        found = []
        for length, shares, prior, kinds in self.groups:
            period = length if length > 1 else int(longest)
            errors, ended = smooth(series, shares, kinds, length, period, skipped)
            errors = errors / counted  # (N, D, K)
            likely = -self.sharpness * counted * ops.log(errors + SMALLEST_ERROR)
            season = length * ops.convert_to_tensor(kinds["seasonal"])  # (K,)
            logits = likely - self.penalty * (2 + season) + prior
            enough = count[:, None, None] >= 2 * season
            valid = ops.logical_and(series.valid[:, :, None], enough)
            logits = ops.where(valid, logits, NEVER)
            forecasts = look_ahead(series, ended, limits)  # (N, D, H, K)
            forecasts = ops.transpose(forecasts, (0, 2, 1, 3))
            found.append((logits, errors, forecasts))
        logits, errors, forecasts = (
            ops.concatenate([_join(part) for part in parts], axis=-1)
            for parts in zip(*found, strict=True)
        )
        weights = ops.softmax(logits, axis=-1)  # (N, K)
        forecast = ops.sum(weights[:, None] * forecasts, axis=-1, keepdims=True)

        def restore(rows: Tensor) -> Tensor:
            """`(N, H, K)` normalised to `(B, H, C, K)` as the series are."""
            rows = series.restore(rows)
            rows = ops.reshape(rows, (-1, channels, self.horizon, rows.shape[-1]))
            return ops.transpose(rows, (0, 2, 1, 3))

        whole = restore(forecast)[..., 0]
        if not return_parts:
            return whole
        size = logits.shape[-1]
        weights = ops.reshape(weights, (-1, channels, size))
        errors = ops.reshape(errors * series.scale[:, None], (-1, channels, size))
        return whole, restore(forecasts), weights, errors

    def compute_output_spec(self, x, return_parts=False):
        if not self.built:
            self.build(x.shape)
        batch, _, channels = x.shape
        size = sum(prior.shape[0] for _, _, prior, _ in self.groups)
        size *= 2 if self.log else 1
        whole = keras.KerasTensor((batch, self.horizon, channels), "float32")
        if not return_parts:
            return whole
        shapes = (*whole.shape, size), *[(batch, channels, size)] * 2
        return whole, *(keras.KerasTensor(shape, "float32") for shape in shapes)

    def get_config(self):
        return {
            **super().get_config(),
            "horizon": self.horizon,
            "season_length": self.season_length,
            "levels": self.levels,
            "trends": self.trends,
            "seasons": self.seasons,
            "log": self.log,
            "seed": self.seed,
        }


@keras.saving.register_keras_serializable(package="polyhead")
class UnitInterval(keras.constraints.Constraint):
    """Keeps weights between 0 and 1."""

    def __call__(self, w):
        return ops.clip(w, 0.0, 1.0)


def _join(x: Tensor) -> Tensor:
    """`(..., D, K)` to `(..., D * K)`."""
    return ops.reshape(x, (-1, *x.shape[1:-2], x.shape[-2] * x.shape[-1]))
