"""Sinusoidal and learned positions, which are added to the input."""

import numbers

import keras
from keras import ops

from .dense import make_table
from .parts import check_count, check_positive
from .rematerialization import RematMethods
from .rotary import frequencies, make_angles
from .tensors import count_from


@keras.saving.register_keras_serializable(package="polyhead")
class SinusoidalPositions(RematMethods, keras.layers.Layer):
    """Adds sines and cosines of the position to its input.

    `keras_hub.layers.SinePositionEncoding` returns the encoding without adding it.
    Column `2i` is `sin(position / base^(2i/E))` and column `2i + 1` is the cosine of
    the same angle.

    Args:
        base: float. Base of the wavelengths (`max_wavelength` in KerasHub). Defaults to
            `10000.0`.
        seed: int. Has no effect: nothing here is random. Every layer of this package
            takes a seed. Defaults to `None`.
        **kwargs: Arguments of `keras.layers.Layer`, such as `name` and `dtype`.

    Call arguments:
        x: Tensor `(B, T, E)`.
        offset: int, or int32 tensor `()` or `(B,)`. Position of the first entry, of all
            rows or of each. Defaults to `0`.

    Returns:
        Tensor `(B, T, E)`.

    Example:

    >>> SinusoidalPositions()(np.zeros((1, 1, 4), "float32")).numpy().tolist()
    [[[0.0, 1.0, 0.0, 1.0]]]

    Reference:
        Vaswani et al., Attention Is All You Need, https://arxiv.org/abs/1706.03762
    """

    def __init__(self, base: float = 10000.0, seed: int | None = None, **kwargs):
        super().__init__(**kwargs)
        check_positive("base", base)
        self.base = base
        self.seed = seed
        self.supports_masking = True

    def call(self, x, offset=0):
        width = x.shape[-1]
        angles = make_angles(ops.shape(x)[1], offset, frequencies(self.base, width))
        pairs = ops.stack([ops.sin(angles), ops.cos(angles)], axis=-1)  # (T, E/2, 2)
        flat = (-1, ops.shape(x)[1], 2 * angles.shape[-1])
        encoding = ops.reshape(pairs, flat)[:, :, :width]  # (1 or B, T, E)
        return ops.cast(ops.cast(x, "float32") + encoding, x.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def compute_output_spec(self, x, offset=0):
        return keras.KerasTensor(x.shape, dtype=self.compute_dtype)

    def get_config(self):
        return {**super().get_config(), "base": self.base, "seed": self.seed}


@keras.saving.register_keras_serializable(package="polyhead")
class LearnedPositions(RematMethods, keras.layers.Layer):
    """Adds a learned vector for each position to its input.

    `keras_hub.layers.PositionEmbedding` returns the vectors without adding them.

    Args:
        max_length: int. Number of positions (`sequence_length` in KerasHub).
        interpolate: bool. Whether a longer input gets the learned vectors stretched
            over its length, as in a vision Transformer on larger pictures. Defaults to
            `False`.
        seed: int. Seed of the initial vectors. Defaults to `None`.
        **kwargs: Arguments of `keras.layers.Layer`, such as `name` and `dtype`.

    Call arguments:
        x: Tensor `(B, T, E)`; with `offset + T <= max_length` unless `interpolate`.
        offset: int, or int32 tensor `()` or `(B,)`. Position of the first entry, of all
            rows or of each. Defaults to `0`.

    Returns:
        Tensor `(B, T, E)`.

    Raises:
        ValueError: If the input is known to be longer than `max_length`, or if it is to
            be interpolated and has an offset: the whole length is not known then.

    Example:

    >>> layer = LearnedPositions(max_length=16)
    >>> tuple(layer(np.zeros((2, 5, 8), "float32")).shape)
    (2, 5, 8)

    Reference:
        Dosovitskiy et al., An Image is Worth 16x16 Words, section 3.2 (interpolation),
        https://arxiv.org/abs/2010.11929
    """

    def __init__(
        self,
        max_length: int,
        interpolate: bool = False,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_count("max_length", max_length)
        self.max_length = max_length
        self.interpolate = interpolate
        self.seed = seed
        self.supports_masking = True

    def build(self, input_shape):
        self.embedding = make_table(
            self.max_length, input_shape[-1], self.seed, self.dtype_policy, "embedding"
        )
        self.embedding.build((None,))

    def call(self, x, offset=0):
        self._check_length(x, offset)
        if self.interpolate:
            return x + ops.expand_dims(self._stretch(ops.shape(x)[1]), 0)
        ids = count_from(offset, ops.shape(x)[1])
        if len(ids.shape) == 1:
            return x + ops.expand_dims(self.embedding(ids), 0)
        # A row may begin with padding, before its first position.
        return x + self.embedding(ops.clip(ids, 0, self.max_length - 1))

    def _stretch(self, length):
        """The vectors of `length` positions, `(T, E)`; longer inputs get means of two.

        As pictures are enlarged: the first and last half position keep their vector.
        """
        last = self.max_length - 1
        places = ops.cast(ops.arange(length, dtype="int32"), "float32")
        factor = ops.cast(self.max_length, "float32") / ops.cast(length, "float32")
        factor = ops.minimum(factor, 1.0)
        places = ops.clip((places + 0.5) * factor - 0.5, 0.0, float(last))
        below = ops.floor(places)
        share = ops.cast(ops.expand_dims(places - below, 1), self.compute_dtype)
        below = ops.cast(below, "int32")
        above = ops.minimum(below + 1, last)
        return (1 - share) * self.embedding(below) + share * self.embedding(above)

    def _check_length(self, x, offset):
        if self.interpolate:
            if not isinstance(offset, numbers.Integral) or offset:
                raise ValueError(
                    f"{self.name!r} interpolates, and cannot with an offset: step by "
                    "step, the whole length is not known. Make it without interpolate."
                )
            return
        if not isinstance(x.shape[1], int) or not isinstance(offset, numbers.Integral):
            return
        if offset < 0 or offset + x.shape[1] > self.max_length:
            raise ValueError(
                f"The input has positions {offset} to {offset + x.shape[1] - 1}, but "
                f"only positions 0 to {self.max_length - 1} are learned. Shorten the "
                f"input or raise max_length, which is {self.max_length}."
            )

    def compute_output_shape(self, input_shape):
        return input_shape

    def compute_output_spec(self, x, offset=0):
        self._check_length(x, offset)
        return keras.KerasTensor(x.shape, dtype=self.compute_dtype)

    def get_config(self):
        config = super().get_config()
        return {
            **config,
            "max_length": self.max_length,
            "interpolate": self.interpolate,
            "seed": self.seed,
        }
