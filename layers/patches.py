"""From series and images to sequences of patches."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="polyhead")
class PatchEmbedding(keras.layers.Layer):
    """Cuts a series or an image into patches and maps each to a vector.

    Args:
        patch_length: Length of a patch; `(height, width)` for images.
        hidden_dim: Width of the vectors, E.
        stride: Distance between patches, like `patch_length`, which is the default.
        padding: `"end"` repeats the last value until the last patch is full; `None`
            leaves out what fills no patch.
        seed: Seed of the initial weights.

    Call arguments:
        x: Series `(B, T, C)` or images `(B, H, W, C)`.

    Returns:
        Tensor `(B, P, E)`; the patches of an image come row by row. A patch of a masked
        series is masked if all of it is.

    Raises:
        ValueError: If the input is known to be shorter than a patch and `padding` is
            `None`.

    Example:

    >>> layer = PatchEmbedding(patch_length=4, hidden_dim=8, stride=2)
    >>> tuple(layer(np.ones((2, 11, 3), "float32")).shape)
    (2, 5, 8)

    Reference:
        Nie et al., PatchTST, https://arxiv.org/abs/2211.14730
        Dosovitskiy et al., ViT, https://arxiv.org/abs/2010.11929
    """

    def __init__(
        self, patch_length, hidden_dim, stride=None, padding="end", seed=None, **kwargs
    ):
        super().__init__(**kwargs)
        if padding not in ("end", None):
            raise ValueError(f'padding must be "end" or None, not {padding!r}.')
        self.patch_length = _sizes(patch_length)
        self.hidden_dim = hidden_dim
        self.stride = self.patch_length if stride is None else _sizes(stride)
        if len(self.stride) != len(self.patch_length):
            raise ValueError(f"stride {stride} does not fit patches {patch_length}.")
        self.padding = padding
        self.seed = seed
        self.supports_masking = True
        self.projection = keras.layers.Dense(
            hidden_dim,
            kernel_initializer=keras.initializers.GlorotUniform(seed),
            dtype=self.dtype_policy,
            name="projection",
        )

    def build(self, input_shape):
        if len(input_shape) != len(self.patch_length) + 2:
            raise ValueError(
                f"Patches {self.patch_length} need an input of rank "
                f"{len(self.patch_length) + 2}, not of shape {input_shape}."
            )
        width = input_shape[-1]
        for length in self.patch_length:
            width *= length
        self.projection.build((None, None, width))

    def call(self, x):
        for axis in range(len(self.patch_length)):
            self._check_length(x.shape[axis + 1], axis)
        if len(self.patch_length) == 1:
            return self.projection(self._cut_series(x))
        return self.projection(self._cut_image(x))

    def _cut_series(self, x):
        # (B, T, C) -> (B, P, p * C)
        patch = self.patch_length[0] * x.shape[-1]
        return ops.reshape(self._spread(x, 0), (ops.shape(x)[0], -1, patch))

    def _cut_image(self, x):
        # (B, H, W, C) -> (B * P, h, Q, w * C) -> (B, P * Q, h * w * C), P by Q patches
        (height, width), channels = self.patch_length, x.shape[-1]
        batch = ops.shape(x)[0]
        columns = self._count(ops.shape(x)[2], 1)
        x = self._spread(self._spread(x, 0), 1)
        x = ops.reshape(x, (-1, height, columns, width * channels))
        x = ops.transpose(x, (0, 2, 1, 3))
        return ops.reshape(x, (batch, -1, height * width * channels))

    def _spread(self, x, axis):
        """Lays the patches along `axis` one after the other."""
        length, step = self.patch_length[axis], self.stride[axis]
        size = ops.shape(x)[axis + 1]
        if step == length and isinstance(size, int) and size % length == 0:
            return x
        starts = ops.arange(self._count(size, axis), dtype="int32") * step
        inside = ops.arange(length, dtype="int32")
        index = ops.expand_dims(starts, 1) + ops.expand_dims(inside, 0)
        # Past the end, the last value is taken again.
        index = ops.minimum(ops.reshape(index, (-1,)), ops.cast(size - 1, "int32"))
        return ops.take(x, index, axis=axis + 1)

    def _count(self, size, axis):
        """Number of patches along `axis`, whose length is `size`."""
        if size is None:
            return None
        length, step = self.patch_length[axis], self.stride[axis]
        if self.padding is None:
            return (size - length) // step + 1
        if isinstance(size, int):
            return max(size - length + step - 1, 0) // step + 1
        return ops.maximum(size - length + step - 1, 0) // step + 1

    def _check_length(self, size, axis):
        if self.padding is None and size is not None and size < self.patch_length[axis]:
            raise ValueError(
                f"The input's length {size} is below the patch length "
                f'{self.patch_length[axis]}. Give more, or use padding="end".'
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


def _sizes(value):
    return (value,) if isinstance(value, int) else tuple(value)
