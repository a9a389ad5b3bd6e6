"""Normalisation of a series that is undone on the forecast."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="polyhead")
class ReversibleNormalization(keras.layers.Layer):
    """Takes level and scale off each series and puts them back on its forecast.

    Missing values, NaN or hidden by the mask, count nowhere and come out as 0. All of
    it is float32 in every policy.

    Args:
        affine: Whether a learned scale and shift of each channel follows.
        epsilon: Added to the variance.
        subtract: What is taken off: the `"mean"` or the `"last"` value.
        seed: Accepted as by every layer; nothing here is random.

    Call arguments:
        As of `normalize`, which a call runs.

    Example:

    >>> layer = ReversibleNormalization()
    >>> x = np.array([[[1.0], [np.nan], [3.0]]], "float32")
    >>> normal, statistics = layer.normalize(x)
    >>> np.round(normal[0, :, 0], 3).tolist()
    [-1.0, 0.0, 1.0]
    >>> np.round(layer.denormalize(normal, statistics)[0, :, 0], 3).tolist()
    [1.0, 2.0, 3.0]

    Reference:
        Kim et al., Reversible Instance Normalization,
        https://openreview.net/forum?id=cGDAkQo1C0p
    """

    def __init__(
        self, affine=False, epsilon=1e-5, subtract="mean", seed=None, **kwargs
    ):
        super().__init__(autocast=False, **kwargs)
        if subtract not in ("mean", "last"):
            raise ValueError(f'subtract must be "mean" or "last", not {subtract!r}.')
        self.affine = affine
        self.epsilon = epsilon
        self.subtract = subtract
        self.seed = seed

    def build(self, input_shape):
        if self.affine:
            shape = (input_shape[-1],)
            self.gamma = self.add_weight(
                name="gamma", shape=shape, initializer="ones", autocast=False
            )
            self.beta = self.add_weight(
                name="beta", shape=shape, initializer="zeros", autocast=False
            )

    def call(self, x, mask=None):
        return self.normalize(x, mask)

    def normalize(self, x, mask=None):
        """Normalises a series.

        Args:
            x: Tensor `(B, T, C)`; NaN is missing.
            mask: Boolean `(B, T)` or `(B, T, C)`: which values count.

        Returns:
            The normal series, float32, and the statistics: level and scale, each
            `(B, 1, C)`.
        """
        x = ops.cast(x, "float32")
        if not self.built:
            self.build(tuple(x.shape))
        observed = ops.logical_not(ops.isnan(x))
        if mask is not None:
            mask = ops.cast(mask, "bool")
            mask = ops.expand_dims(mask, 2) if len(mask.shape) == 2 else mask
            observed = ops.logical_and(observed, mask)
        keep = ops.cast(observed, "float32")
        x = ops.where(observed, x, 0.0)
        count = ops.maximum(ops.sum(keep, axis=1, keepdims=True), 1.0)
        mean = ops.sum(x, axis=1, keepdims=True) / count
        variance = ops.sum(keep * ops.square(x - mean), axis=1, keepdims=True) / count
        scale = ops.sqrt(variance + self.epsilon)
        level = mean if self.subtract == "mean" else _last(x, observed)
        normal = (x - level) / scale
        if self.affine:
            normal = normal * self.gamma + self.beta
        return ops.where(observed, normal, 0.0), (level, scale)

    def denormalize(self, x, statistics):
        """Puts level and scale back on `x (B, H, C)`; returns float32."""
        level, scale = statistics
        x = ops.cast(x, "float32")
        if self.affine:
            # A scale that training brought to zero must not divide by it.
            x = (x - self.beta) / (self.gamma + self.epsilon**2)
        return x * scale + level

    def compute_output_shape(self, input_shape):
        statistic = (input_shape[0], 1, input_shape[2])
        return input_shape, (statistic, statistic)

    def compute_output_spec(self, x, mask=None):
        series, (level, scale) = self.compute_output_shape(tuple(x.shape))
        return keras.KerasTensor(series, dtype="float32"), (
            keras.KerasTensor(level, dtype="float32"),
            keras.KerasTensor(scale, dtype="float32"),
        )

    def get_config(self):
        return {
            **super().get_config(),
            "affine": self.affine,
            "epsilon": self.epsilon,
            "subtract": self.subtract,
            "seed": self.seed,
        }


def _last(x, observed):
    """The last observed value of each series, `(B, 1, C)`; 0 where there is none."""
    later = ops.flip(ops.cumsum(ops.flip(ops.cast(observed, "int32"), 1), axis=1), 1)
    is_last = ops.logical_and(observed, later == 1)
    return ops.sum(ops.where(is_last, x, 0.0), axis=1, keepdims=True)
