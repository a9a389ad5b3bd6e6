"""Rotary positions; angles are float32 in every policy."""

import math

import keras
import numpy as np
from keras import ops

from .parts import check_count, check_positive
from .rematerialization import RematMethods
from .tensors import count_from

SCALINGS = ("linear", "yarn")
# Turns within the trained length: frequencies of more keep their wavelength, those of
# fewer are divided by the scale, and between the two YaRN passes from one to the other.
MOST_TURNS, FEWEST_TURNS = 32, 1


def frequencies(base, width):
    """Angle from one position to the next in each pair of coordinates, float64."""
    return base ** (-np.arange(0, width, 2) / width)


def make_angles(length, offset, frequencies):
    """Angle of each position and frequency, `(T, F)`, or by row `(B, T, F)`."""
    positions = ops.expand_dims(ops.cast(count_from(offset, length), "float32"), -1)
    return positions * ops.convert_to_tensor(frequencies.astype("float32"))


@keras.saving.register_keras_serializable(package="polyhead")
class RotaryPositions(RematMethods, keras.layers.Layer):
    """Rotates queries and keys by an angle that grows with their position (RoPE).

    `keras_hub.layers.RotaryEmbedding` does the same with `sequence_axis=2`. Coordinate
    `i` is paired with coordinate `i + rotated / 2`, where `rotated` is the number of
    coordinates that are rotated.

    Args:
        base: float. Base of the wavelengths (`max_wavelength` in KerasHub). Defaults to
            `10000.0`.
        scale: float. Number by which positions are divided (`scaling_factor` in
            KerasHub). With 4, the 2048 positions of a longer text fall in the range of
            the 512 that a model was trained on. Defaults to `1.0`.
        fraction: float. Share of the coordinates of a head that are rotated, the first
            ones; the others carry no position. Defaults to `1.0`.
        scaling: str. `"linear"` divides all positions by `scale`. `"yarn"` divides them
            only for the long wavelengths, so that near positions stay as they were, and
            makes the attention a little sharper. Defaults to `"linear"`.
        trained_length: int. Number of positions that the model was trained on, which
            `"yarn"` needs. Defaults to `None`.
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
        ValueError: If the number of rotated coordinates is odd or 0, if `scaling` is
            unknown, or if `"yarn"` has no `trained_length`.

    Example:

    >>> x = np.ones((1, 2, 3, 4), "float32")
    >>> tuple(RotaryPositions()(x, offset=5).shape)
    (1, 2, 3, 4)

    Reference:
        Su et al., RoFormer, https://arxiv.org/abs/2104.09864
        Peng et al., YaRN, https://arxiv.org/abs/2309.00071
    """

    def __init__(
        self,
        base: float = 10000.0,
        scale: float = 1.0,
        fraction: float = 1.0,
        scaling: str = "linear",
        trained_length: int | None = None,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(autocast=False, **kwargs)
        check_positive("base", base)
        check_positive("scale", scale)
        check_count("trained_length", trained_length)
        if scaling not in SCALINGS:
            raise ValueError(f"scaling must be one of {SCALINGS}, not {scaling!r}.")
        if scaling == "yarn" and trained_length is None:
            raise ValueError('scaling="yarn" needs trained_length.')
        if not 0 < fraction <= 1:
            raise ValueError(f"fraction must be above 0 and at most 1, not {fraction}.")
        self.base = base
        self.scale = scale
        self.fraction = fraction
        self.scaling = scaling
        self.trained_length = trained_length
        self.seed = seed
        self.supports_masking = True

    def build(self, input_shape):
        rotated = self._rotated(input_shape[-1])
        if rotated % 2 or not rotated:
            raise ValueError(
                f"Rotary positions need an even head_dim, not {rotated}."
                if self.fraction == 1
                else f"Of {input_shape[-1]} coordinates, fraction={self.fraction} "
                f"rotates {rotated}, which must be even and above 0."
            )

    def _rotated(self, width):
        return round(width * self.fraction)

    def call(self, x, offset=0):
        rotated = self._rotated(x.shape[-1])
        angles = make_angles(ops.shape(x)[2], offset, self._frequencies(rotated))
        if len(angles.shape) == 3:
            angles = ops.expand_dims(angles, 1)  # (B, 1, T, F)
        cos, sin = ops.cos(angles), ops.sin(angles)  # (T, F)
        if self._sharpness() != 1:
            cos, sin = cos * self._sharpness(), sin * self._sharpness()
        cos = ops.concatenate([cos, cos], axis=-1)
        sin = ops.concatenate([-sin, sin], axis=-1)
        x_float = ops.cast(x, "float32")
        turned, half = x_float, rotated // 2
        if rotated < x.shape[-1]:
            turned = x_float[..., :rotated]
        swapped = ops.concatenate([turned[..., half:], turned[..., :half]], axis=-1)
        turned = turned * cos + swapped * sin
        if rotated < x.shape[-1]:
            turned = ops.concatenate([turned, x_float[..., rotated:]], axis=-1)
        return ops.cast(turned, x.dtype)

    def _frequencies(self, width):
        plain = frequencies(self.base, width)
        if self.scaling == "linear":
            return plain / self.scale
        first = math.floor(self._pair_with(MOST_TURNS, width))
        last = math.ceil(self._pair_with(FEWEST_TURNS, width))
        first, last = max(first, 0), min(last, width - 1)
        ramp = (np.arange(width // 2) - first) / max(last - first, 0.001)
        ramp = np.clip(ramp, 0, 1)  # 0: as it was, 1: divided
        return plain * (1 - ramp) + plain / self.scale * ramp

    def _pair_with(self, turns, width):
        """The pair of coordinates that turns so often within the trained length."""
        wavelength = self.trained_length / turns
        return width * math.log(wavelength / (2 * math.pi)) / (2 * math.log(self.base))

    def _sharpness(self):
        """Factor on queries and keys: `1 / sqrt(t)` in the YaRN paper."""
        if self.scaling == "linear" or self.scale <= 1:
            return 1
        return 0.1 * math.log(self.scale) + 1

    def compute_output_shape(self, input_shape):
        return input_shape

    def compute_output_spec(self, x, offset=0):
        return keras.KerasTensor(x.shape, dtype=x.dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "base": self.base,
            "scale": self.scale,
            "fraction": self.fraction,
            "scaling": self.scaling,
            "trained_length": self.trained_length,
            "seed": self.seed,
        }
