"""The training loss: errors of forecasts, in standardised units."""

import keras
from keras import ops

from .quantiles import POINT


@keras.saving.register_keras_serializable(package="polyhead")
class ForecastLoss(keras.losses.Loss):
    """Mean over the known values; missing values (NaN in the truth) do not count.

    Errors are divided by the spread of their series, so that series of large numbers
    do not outweigh the others.

    Args:
        kind: "mae", "mse" or "huber".
        levels: the quantiles that the model gives, `[POINT]` for one number. "mae" is
            twice the pinball loss of each, which is the absolute error for the median.

    Call arguments:
        y_true: `(B, H + 1, T)`: the truth, and in the last row the spread of the
            series in training; see `EpochBatches`.
        y_pred: `(B, H, T, levels)`, or `(B, H, T, heads * levels)`.

    Reference:
        Koenker and Bassett, Regression Quantiles, 1978
    """

    def __init__(self, kind, levels, **kwargs):
        super().__init__(**kwargs)
        self.kind = kind
        self.levels = levels

    def call(self, y_true, y_pred):
        y_true = ops.expand_dims(ops.cast(y_true, "float32"), 3)
        truth, spread = y_true[:, :-1], y_true[:, -1:]
        is_known = ops.logical_not(ops.isnan(truth))
        # Small tensors without the levels handle missing values: each operation on the
        # forecasts is a pass over the largest tensor of the training.
        weight = ops.cast(is_known, "float32") / spread
        truth = ops.where(is_known, truth, 0.0)
        error = (truth - ops.cast(y_pred, "float32")) * weight
        tilted = 0.0
        if self.kind == "mse":
            loss = ops.square(error)
        elif self.kind == "huber":
            size = ops.abs(error)
            loss = ops.where(size < 1.0, 0.5 * ops.square(error), size - 0.5)
        else:
            levels = [0.5 if level == POINT else level for level in self.levels]
            levels = levels * (y_pred.shape[3] // len(levels))
            tilt = ops.convert_to_tensor([[2.0 * q - 1.0] for q in levels], "float32")
            loss = ops.abs(error)
            # Summing before tilting is cheaper than the other way round.
            tilted = ops.matmul(ops.sum(error, axis=(1, 2)), tilt)[:, 0]
        # Each window has the same weight, however much of it is missing.
        count = ops.sum(ops.cast(is_known, "float32"), axis=(1, 2, 3))
        return (ops.sum(loss, axis=(1, 2, 3)) + tilted) / ops.maximum(count, 1.0)

    def get_config(self):
        return {**super().get_config(), "kind": self.kind, "levels": self.levels}


class ForecastError(keras.metrics.Metric):
    """The error of the forecast as validation measures it: per known value.

    Args:
        name: "mae" or "mse", in standardised units.
        middle: index of the median, or of the one number, among the levels.
        levels: number of levels, of which each head gives all.
    """

    def __init__(self, name: str, middle: int, levels: int) -> None:
        super().__init__(name=name)
        self.middle, self.levels = middle, levels
        self.total = self.add_weight(name="total", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Takes the arguments of `ForecastLoss`."""
        y_true, y_pred = (ops.cast(y, "float32") for y in (y_true, y_pred))
        truth, spread = y_true[:, :-1], y_true[:, -1:]
        forecast = ops.mean(y_pred[..., self.middle :: self.levels], axis=3)
        is_known = ops.logical_not(ops.isnan(truth))  # (B, H, T)
        error = ops.where(is_known, (truth - forecast) / spread, 0.0)
        size = ops.square(error) if self.name == "mse" else ops.abs(error)
        self.total.assign_add(ops.sum(size))
        self.count.assign_add(ops.sum(ops.cast(is_known, "float32")))

    def result(self):
        return self.total / ops.maximum(self.count, 1.0)
