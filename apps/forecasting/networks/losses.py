"""The training loss: how far forecasts are off, in standardised units."""

import keras
from keras import ops

from .quantiles import POINT


@keras.saving.register_keras_serializable(package="polyhead")
class ForecastLoss(keras.losses.Loss):
    """Mean over the values that are there; NaN in the truth counts nowhere.

    A series counts in units of its own spread, so that large numbers do not drown
    small ones.

    Args:
        kind: "mae", "mse" or "huber".
        levels: the quantiles that the model gives, `[POINT]` for one number. Those of
            "mae" are weighed with the pinball loss, the median with twice of it: the
            absolute error.

    Call arguments:
        y_true: `(B, H + 1, T)`: the truth, and in the last row the spread of the
            series in training; see `windows.with_spread`.
        y_pred: `(B, H, T, levels)`, or so many times more: each head counts alike.

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
        there = ops.logical_not(ops.isnan(truth))
        # What is missing is settled in small tensors, without the levels: each step on
        # the forecasts costs a pass over the largest tensor of the training.
        weight = ops.cast(there, "float32") / spread
        error = (ops.where(there, truth, 0.0) - ops.cast(y_pred, "float32")) * weight
        tilted = 0.0
        if self.kind == "mse":
            loss = ops.square(error)
        elif self.kind == "huber":
            size = ops.abs(error)
            loss = ops.where(size < 1.0, 0.5 * ops.square(error), size - 0.5)
        else:
            levels = [0.5 if level == POINT else level for level in self.levels]
            levels = levels * (y_pred.shape[3] // len(levels))
            tilt = ops.convert_to_tensor(
                [[2.0 * level - 1.0] for level in levels], dtype="float32"
            )
            loss = ops.abs(error)
            # Summed before it is tilted, which is cheaper than the other way round.
            tilted = ops.matmul(ops.sum(error, axis=(1, 2)), tilt)[:, 0]
        # A window counts as much as another, however much of it is missing.
        count = ops.sum(ops.cast(there, "float32"), axis=(1, 2, 3))
        return (ops.sum(loss, axis=(1, 2, 3)) + tilted) / ops.maximum(count, 1.0)

    def get_config(self):
        return {**super().get_config(), "kind": self.kind, "levels": self.levels}
