"""Rotary, sinusoidal and learned positions; angles are float32 in every policy."""

import numbers

import keras
import numpy as np
from keras import ops

from .rematerialization import RematMethods
from .tensors import count_from


def _angles(length, offset, base, width, scale=1.0):
    """Angle of each position and frequency, `(T, ceil(width / 2))`, float32.

    With an offset for each row it is `(B, T, ceil(width / 2))`.
    """
    frequencies = base ** (-np.arange(0, width, 2) / width) / scale
    positions = ops.cast(count_from(offset, length), "float32")
    positions = ops.expand_dims(positions, -1)
    return positions * ops.convert_to_tensor(frequencies.astype("float32"))


@keras.saving.register_keras_serializable(package="polyhead")
class RotaryPositions(RematMethods, keras.layers.Layer):
    """Rotates queries and keys by an angle that grows with their position (RoPE).

    `keras_hub.layers.RotaryEmbedding` does the same with `sequence_axis=2`. Coordinate
    `i` is paired with coordinate `i + head_dim / 2`.

    Args:
        base: float. Base of the wavelengths (`max_wavelength` in KerasHub). Defaults to
            `10000.0`.
        scale: float. Number by which positions are divided (`scaling_factor` in
            KerasHub). With 4, the 2048 positions of a longer text fall in the range of
            the 512 that a model was trained on. Defaults to `1.0`.
        seed: int. Has no effect: nothing here is random. Every layer of this package
            takes a seed. Defaults to `None`.
        **kwargs: Arguments of `keras.layers.Layer`, such as `name` and `dtype`.

    Call arguments:
        x: Tensor `(B, H, T, head_dim)` of queries or keys.
        offset: int, or int32 tensor `()` or `(B,)`. Position of the first entry, of all
            rows or of each. Defaults to `0`.

    Returns:
        Tensor of the shape and type of `x`.

    Raises:
        ValueError: If `head_dim` is odd.

    Example:

    >>> x = np.ones((1, 2, 3, 4), "float32")
    >>> tuple(RotaryPositions()(x, offset=5).shape)
    (1, 2, 3, 4)

    Reference:
        Su et al., RoFormer, https://arxiv.org/abs/2104.09864
    """

    def __init__(
        self,
        base: float = 10000.0,
        scale: float = 1.0,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(autocast=False, **kwargs)
        self.base = base
        self.scale = scale
        self.seed = seed
        self.supports_masking = True

    def build(self, input_shape):
        if input_shape[-1] % 2:
            raise ValueError(
                f"Rotary positions need an even head_dim, not {input_shape[-1]}."
            )

    def call(self, x, offset=0):
        half = x.shape[-1] // 2
        angles = _angles(ops.shape(x)[2], offset, self.base, 2 * half, self.scale)
        if len(angles.shape) == 3:
            angles = ops.expand_dims(angles, 1)  # (B, 1, T, D/2)
        cos, sin = ops.cos(angles), ops.sin(angles)  # (T, D/2)
        cos = ops.concatenate([cos, cos], axis=-1)
        sin = ops.concatenate([-sin, sin], axis=-1)
        x_float = ops.cast(x, "float32")
        swapped = ops.concatenate([x_float[..., half:], x_float[..., :half]], axis=-1)
        return ops.cast(x_float * cos + swapped * sin, x.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def compute_output_spec(self, x, offset=0):
        return keras.KerasTensor(x.shape, dtype=x.dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "base": self.base,
            "scale": self.scale,
            "seed": self.seed,
        }


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
        self.base = base
        self.seed = seed
        self.supports_masking = True

    def call(self, x, offset=0):
        width = x.shape[-1]
        angles = _angles(ops.shape(x)[1], offset, self.base, width)
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
        seed: int. Seed of the initial vectors. Defaults to `None`.
        **kwargs: Arguments of `keras.layers.Layer`, such as `name` and `dtype`.

    Call arguments:
        x: Tensor `(B, T, E)` with `offset + T <= max_length`.
        offset: int, or int32 tensor `()` or `(B,)`. Position of the first entry, of all
            rows or of each. Defaults to `0`.

    Returns:
        Tensor `(B, T, E)`.

    Raises:
        ValueError: If the input is known to be longer than `max_length`.

    Example:

    >>> layer = LearnedPositions(max_length=16)
    >>> tuple(layer(np.zeros((2, 5, 8), "float32")).shape)
    (2, 5, 8)
    """

    def __init__(self, max_length: int, seed: int | None = None, **kwargs):
        super().__init__(**kwargs)
        self.max_length = max_length
        self.seed = seed
        self.supports_masking = True

    def build(self, input_shape):
        self.embedding = keras.layers.Embedding(
            self.max_length,
            input_shape[-1],
            embeddings_initializer=keras.initializers.RandomNormal(
                stddev=0.02, seed=self.seed
            ),
            dtype=self.dtype_policy,
            name="embedding",
        )
        self.embedding.build((None,))

    def call(self, x, offset=0):
        self._check_length(x, offset)
        ids = count_from(offset, ops.shape(x)[1])
        if len(ids.shape) == 1:
            return x + ops.expand_dims(self.embedding(ids), 0)
        # A row may begin with padding, before its first position.
        return x + self.embedding(ops.clip(ids, 0, self.max_length - 1))

    def _check_length(self, x, offset):
        if x.shape[1] is None or not isinstance(offset, numbers.Integral):
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
        return {**config, "max_length": self.max_length, "seed": self.seed}
