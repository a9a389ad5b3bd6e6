"""Normalisation of a series that can be undone on its forecast."""

import keras
from keras import ops

from .masks import check_mask, to_array
from .rematerialization import RematMethods
from .tensors import Tensor


@keras.saving.register_keras_serializable(package="polyhead")
class ReversibleNormalization(RematMethods, keras.layers.Layer):
    """Removes the level and scale of each series and restores them on its forecast.

    Missing values (NaN, or hidden by the mask) are ignored and come out as 0. All
    arithmetic is float32 in every policy. This is RevIN in the literature.
    `keras.layers.Normalization`, which `invert=True` undoes, uses the statistics of a
    whole data set instead of those of each series.

    Args:
        affine: bool. Whether each channel is then multiplied by a learned scale and
            shifted by a learned offset. Defaults to `False`.
        epsilon: float. Number added to the variance. Defaults to `1e-5`.
        subtract: str. The level: the `"mean"` or the `"last"` value of the series.
            Defaults to `"mean"`.
        seed: int. Has no effect: nothing here is random. Every layer of this package
            takes a seed. Defaults to `None`.
        **kwargs: Arguments of `keras.layers.Layer`, such as `name` and `dtype`.

    Call arguments:
        x: Tensor `(B, T, C)` of series.
        mask: Boolean tensor `(B, T)` or `(B, T, C)`; True = observed. Defaults to
            `None`.

    Returns:
        What `normalize` returns: the normalised series and the statistics that
        `denormalize` takes.

    Raises:
        ValueError: If `subtract` is unknown.

    Example:

    >>> layer = ReversibleNormalization()
    >>> x = np.array([[[1.0], [np.nan], [3.0]]], "float32")
    >>> normalized, statistics = layer.normalize(x)
    >>> np.round(normalized[0, :, 0], 3).tolist()
    [-1.0, 0.0, 1.0]
    >>> np.round(layer.denormalize(normalized, statistics)[0, :, 0], 3).tolist()
    [1.0, 2.0, 3.0]

    Reference:
        Kim et al., Reversible Instance Normalization,
        https://openreview.net/forum?id=cGDAkQo1C0p
    """

    def __init__(
        self,
        affine: bool = False,
        epsilon: float = 1e-5,
        subtract: str = "mean",
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(autocast=False, **kwargs)
        if subtract not in ("mean", "last"):
            raise ValueError(f'subtract must be "mean" or "last", not {subtract!r}.')
        self.affine = affine
        self.epsilon = epsilon
        self.subtract = subtract
        self.seed = seed
        self.supports_masking = True

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

    def normalize(
        self, x: Tensor, mask: Tensor | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Normalises series.

        Args:
            x: Tensor `(B, T, C)`; NaN = missing.
            mask: Boolean tensor `(B, T)` or `(B, T, C)`; True = observed. Defaults to
                `None`.

        Returns:
            A tuple of the normalised series `(B, T, C)` and the statistics, which are a
            tuple of the level and the scale, each `(B, 1, C)`. All are float32.
        """
        x = ops.cast(x, "float32")
        if not self.built:
            self.build(tuple(x.shape))
        observed = ops.logical_not(ops.isnan(x))
        if mask is not None:
            mask = to_array(mask)
            sizes = x.shape[:2] if len(mask.shape) == 2 else x.shape
            check_mask(mask, "mask", *sizes)
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
        normalized = (x - level) / scale
        if self.affine:
            normalized = normalized * self.gamma + self.beta
        return ops.where(observed, normalized, 0.0), (level, scale)

    def denormalize(self, x: Tensor, statistics: tuple[Tensor, Tensor]) -> Tensor:
        """Restores the level and scale of the series on their forecasts.

        Args:
            x: Tensor `(B, H, C)` of normalised forecasts.
            statistics: The level and the scale that `normalize` returned.

        Returns:
            Float32 tensor `(B, H, C)`.
        """
        level, scale = statistics
        x = ops.cast(x, "float32")
        if self.affine:
            # The small number avoids a division by zero if training made gamma zero.
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
    """The last observed value of each series, `(B, 1, C)`; 0 if none is observed."""
    reverse_count = ops.cumsum(ops.flip(ops.cast(observed, "int32"), 1), axis=1)
    is_last = ops.logical_and(observed, ops.flip(reverse_count, 1) == 1)
    return ops.sum(ops.where(is_last, x, 0.0), axis=1, keepdims=True)
