"""Covariates that act on the forecast directly."""

import keras
from keras import ops

from polyhead.layers import ByteDropout

from .dense import dense


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
