"""Sequences of patches from series and images."""

import numbers

import keras
from keras import ops

from .dense import make_dense
from .masks import hide_padding
from .parts import check_count
from .rematerialization import RematMethods


@keras.saving.register_keras_serializable(package="polyhead")
class PatchEmbedding(RematMethods, keras.layers.Layer):
    """Cuts a series or an image into patches and maps each patch to a vector.

    Without padding, this computes what `keras.layers.Conv1D` or `keras.layers.Conv2D`
    does, with the patches of an image in one sequence. A patch of a masked series is
    masked if all of its values are.

    Args:
        patch_length: int or tuple of int. Length of a patch, or `(height, width)` for
            images (`kernel_size` in Keras's convolutions).
        hidden_dim: int. Width of the vectors, E (`filters` in Keras's convolutions).
        stride: int or tuple of int. Distance between the starts of two patches
            (`strides` in Keras's convolutions). Defaults to `None`, which is
            `patch_length`.
        padding: str. `"end"` repeats the last value until the last patch is full;
            `None` drops the values after the last full patch. Defaults to `"end"`.
        seed: int. Seed of the initial weights. Defaults to `None`.
        **kwargs: Arguments of `keras.layers.Layer`, such as `name` and `dtype`.

    Call arguments:
        x: Tensor `(B, T, C)` of series or `(B, H, W, C)` of images.

    Returns:
        Tensor `(B, P, E)` with the vectors of P patches; those of an image are in row
        order.

    Raises:
        ValueError: If `padding` is unknown, if `stride` and `patch_length` differ in
            rank, if the rank of the input does not fit, or if `padding` is `None` and
            the input is known to be shorter than a patch.

    Example:

    >>> layer = PatchEmbedding(patch_length=4, hidden_dim=8, stride=2)
    >>> tuple(layer(np.ones((2, 11, 3), "float32")).shape)
    (2, 5, 8)

    Reference:
        Nie et al., PatchTST, https://arxiv.org/abs/2211.14730
        Dosovitskiy et al., ViT, https://arxiv.org/abs/2010.11929
    """

    def __init__(
        self,
        patch_length: int | tuple[int, int],
        hidden_dim: int,
        stride: int | tuple[int, int] | None = None,
        padding: str | None = "end",
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if padding not in ("end", None):
            raise ValueError(f'padding must be "end" or None, not {padding!r}.')
        check_count("hidden_dim", hidden_dim)
        self.patch_length = _sizes("patch_length", patch_length)
        self.hidden_dim = hidden_dim
        self.stride = self.patch_length if stride is None else _sizes("stride", stride)
        if len(self.stride) != len(self.patch_length):
            raise ValueError(
                f"stride {stride} needs as many numbers as patch_length {patch_length}."
            )
        self.padding = padding
        self.seed = seed
        self.supports_masking = True
        self.projection = make_dense(hidden_dim, seed, self.dtype_policy, "projection")

    def build(self, input_shape):
        if len(input_shape) != len(self.patch_length) + 2:
            raise ValueError(
                f"patch_length {self.patch_length} needs an input of rank "
                f"{len(self.patch_length) + 2}, not of shape {input_shape}."
            )
        width = input_shape[-1]
        for length in self.patch_length:
            width *= length
        self.projection.build((None, None, width))

    def call(self, x, mask=None):
        if mask is not None and len(self.patch_length) == 1:
            x = hide_padding(x, mask)  # in a patch that is only partly hidden
        for axis in range(len(self.patch_length)):
            self._check_length(x.shape[axis + 1], axis)
        if len(self.patch_length) == 1:
            return self.projection(self._cut_series(x))
        return self.projection(self._cut_image(x))

    def _cut_series(self, x):
        # (B, T, C) -> (B, P, p * C)
        patch = self.patch_length[0] * x.shape[-1]
        return ops.reshape(self._join_patches(x, 0), (ops.shape(x)[0], -1, patch))

    def _cut_image(self, x):
        # With P rows of Q patches:
        # (B, H, W, C) -> (B * P, h, Q, w * C) -> (B, P * Q, h * w * C)
        (height, width), channels = self.patch_length, x.shape[-1]
        batch = ops.shape(x)[0]
        columns = self._count(ops.shape(x)[2], 1)
        x = self._join_patches(self._join_patches(x, 0), 1)
        x = ops.reshape(x, (-1, height, columns, width * channels))
        x = ops.transpose(x, (0, 2, 1, 3))
        return ops.reshape(x, (batch, -1, height * width * channels))

    def _join_patches(self, x, axis):
        """Concatenates all patches along `axis`; values in two patches are repeated."""
        length, step = self.patch_length[axis], self.stride[axis]
        size = ops.shape(x)[axis + 1]
        if step == length and isinstance(size, int) and size % length == 0:
            return x
        starts = ops.arange(self._count(size, axis), dtype="int32") * step
        offsets = ops.arange(length, dtype="int32")
        index = ops.expand_dims(starts, 1) + ops.expand_dims(offsets, 0)
        # Past the end, the last value is repeated.
        index = ops.minimum(ops.reshape(index, (-1,)), ops.cast(size - 1, "int32"))
        return ops.take(x, index, axis=axis + 1)

    def _count(self, size, axis):
        """Number of patches along `axis` of length `size`; `None` if that is `None`."""
        if size is None:
            return None
        length, step = self.patch_length[axis], self.stride[axis]
        if self.padding is None:
            return (size - length) // step + 1
        if isinstance(size, int):
            return max(size - length + step - 1, 0) // step + 1
        return ops.maximum(size - length + step - 1, 0) // step + 1

    def _check_length(self, size, axis):
        is_known = isinstance(size, int)
        if self.padding is None and is_known and size < self.patch_length[axis]:
            raise ValueError(
                f"The input has length {size}, which is below the patch length "
                f'{self.patch_length[axis]}. Pass a longer one, or use padding="end".'
            )

    def compute_mask(self, x, previous_mask=None):
        if previous_mask is None or len(self.patch_length) == 2:
            return None
        mask = ops.expand_dims(ops.cast(previous_mask, "int32"), 2)
        return ops.any(self._cut_series(mask) > 0, axis=2)

    def compute_output_shape(self, input_shape):
        counts = [
            self._count(size, axis) for axis, size in enumerate(input_shape[1:-1])
        ]
        total = 1
        for count in counts:
            total = None if total is None or count is None else total * count
        return (input_shape[0], total, self.hidden_dim)

    def get_config(self):
        return {
            **super().get_config(),
            "patch_length": self.patch_length,
            "hidden_dim": self.hidden_dim,
            "stride": self.stride,
            "padding": self.padding,
            "seed": self.seed,
        }


def _sizes(name, value):
    """A tuple with one number for each axis that is cut."""
    sizes = (value,) if isinstance(value, numbers.Real) else tuple(value)
    if len(sizes) not in (1, 2):
        raise ValueError(f"{name} must be an int, or two for an image, not {value!r}.")
    for size in sizes:
        check_count(name, size)
    return sizes
