"""The simplest core, one linear map over time, and the head that covariates have."""

import keras
from keras import ops

from polyhead.layers import ByteDropout


def dense(
    width: int, seed: int, name: str, activation=None, size: float = 1.0
) -> keras.layers.Dense:
    """A dense layer whose weights follow from `seed`: Glorot's, times `size`."""
    return keras.layers.Dense(
        width,
        activation=activation,
        kernel_initializer=keras.initializers.VarianceScaling(
            size * size, "fan_avg", "uniform", seed
        ),
        name=name,
    )


@keras.saving.register_keras_serializable(package="polyhead")
class CovariateHead(keras.layers.Layer):
    """Maps all covariates to all steps: a linear map plus an optional hidden layer.

    Args:
        num_targets: T.
        width: of the output of each target.
        hidden_dim: of the hidden layer; 0 for the linear map alone.
        dropout: on the hidden layer.
        seed: of the weights.

    Call arguments:
        past: `(B, L, P)` past covariates.
        known: `(B, L + H, K)` known-future covariates.
        calendar: `(B, F)` of the first forecast step.

    Returns:
        Tensor `(B, T, width)`.
    """

    def __init__(self, num_targets, width, hidden_dim, dropout, seed, **kwargs):
        super().__init__(**kwargs)
        self.num_targets = num_targets
        self.hidden_dim = hidden_dim
        self.linear = dense(num_targets * width, seed, "linear")
        if hidden_dim:
            self.hidden = dense(hidden_dim, seed + 1, "hidden", "gelu")
            self.dropout = ByteDropout(dropout, seed=seed + 2)
            self.output_dense = dense(num_targets * width, seed + 3, "output")

    def call(self, past, known, calendar, training=None):
        given = [values for values in (past, known) if values.shape[2]]
        flat = [ops.reshape(v, (-1, v.shape[1] * v.shape[2])) for v in given]
        x = ops.concatenate([*flat, calendar], axis=1)
        y = self.linear(x)
        if self.hidden_dim:
            hidden = self.dropout(self.hidden(x), training=training)
            y = y + self.output_dense(hidden)
        targets = self.num_targets
        return ops.reshape(y, (-1, targets, y.shape[1] // targets))


@keras.saving.register_keras_serializable(package="polyhead")
class LinearCore(keras.layers.Layer):
    """Maps each target's history to its forecast.

    Args:
        num_targets: T.
        width: numbers that it gives for each target.
        covariates: whether there are any.
        seed: of the weights, and the dropouts of other cores.

    Call arguments:
        x: dict of `targets (B, L, T)`, `past (B, L, P)`, `known (B, L + H, K)` and
            `calendar (B, L + H, F)`.

    Returns:
        A list of one head: a tensor `(B, T, width)`, and `None`; see `PeriodicCore`.

    Reference:
        Zeng et al., https://arxiv.org/abs/2205.13504
        Li et al., https://arxiv.org/abs/2305.10721
    """

    def __init__(self, num_targets, width, covariates, seed, **kwargs):
        super().__init__(**kwargs)
        self.covariates = covariates
        self.time = dense(width, seed, "time")
        if covariates:
            self.head = CovariateHead(num_targets, width, 0, 0.0, seed + 1)

    def call(self, x, training=None):
        y = self.time(ops.transpose(x["targets"], (0, 2, 1)))
        if self.covariates:
            clock = x["calendar"][:, x["targets"].shape[1]]
            y = y + self.head(x["past"], x["known"], clock, training=training)
        return [(y, None)]
