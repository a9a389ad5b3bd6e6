"""The simplest core: one linear map over time, shared by all targets."""

import keras
from keras import ops

from .covariates import CovariateHead
from .dense import dense


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
