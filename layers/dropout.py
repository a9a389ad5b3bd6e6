"""Dropout that draws one random byte for each value."""

import keras
from keras import ops

from .rematerialization import RematMethods

BYTE_VALUES = 256


class PlainDropout(RematMethods, keras.layers.Dropout):
    """Keras's dropout, which `keras.RematScope` refuses on JAX."""


@keras.saving.register_keras_serializable(package="polyhead")
class ByteDropout(RematMethods, keras.layers.Dropout):
    """Dropout that draws one random byte for each value, and costs less on a CPU.

    On a CPU, most of the cost of dropout is drawing the random numbers. Here one random
    32-bit number decides four values, which halves the cost of `keras.layers.Dropout`.
    The rate is rounded to the nearest 1/256. The kept values are scaled by the rounded
    rate, so the expectation is exact. With a `noise_shape`, a last axis of unknown size
    or a rate that rounds to 0 or 1, this layer does the same as `keras.layers.Dropout`.

    Args:
        rate: float. Share of the values dropped in training.
        noise_shape: tuple of int. Shape of the dropout mask; see
            `keras.layers.Dropout`. Defaults to `None`.
        seed: int. Seed of the random bytes. Defaults to `None`.
        **kwargs: Arguments of `keras.layers.Layer`, such as `name` and `dtype`.

    Call arguments:
        inputs: Tensor `(..., E)`.
        training: bool. Whether dropout is active. Defaults to `False`.

    Returns:
        Tensor of the shape of `inputs`.

    Example:

    >>> layer = ByteDropout(0.5, seed=0)
    >>> output = layer(np.ones((4, 6), "float32"), training=True)
    >>> sorted(set(output.numpy().ravel().tolist()))
    [0.0, 2.0]

    Reference:
        Srivastava et al., Dropout: A Simple Way to Prevent Neural Networks from
        Overfitting, https://jmlr.org/papers/v15/srivastava14a.html
    """

    def __init__(
        self,
        rate: float,
        noise_shape: tuple[int | None, ...] | None = None,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(rate, noise_shape=noise_shape, seed=seed, **kwargs)

    def call(self, inputs, training=False):
        num_dropped = round(self.rate * BYTE_VALUES)  # of the values of a byte
        width = inputs.shape[-1]
        needs_keras = width is None or self.noise_shape is not None
        if not training or needs_keras or not 0 < num_dropped < BYTE_VALUES:
            return super().call(inputs, training=training)
        words = keras.random.randint(
            (*ops.shape(inputs)[:-1], -(-width // 4)),
            -(2**31),
            2**31 - 1,
            dtype="int32",
            seed=self.seed_generator,
        )
        random_bytes = ops.view(words, "uint8")[..., :width]
        scaled = inputs * (BYTE_VALUES / (BYTE_VALUES - num_dropped))
        keep = random_bytes >= num_dropped
        return ops.where(keep, scaled, ops.zeros((), scaled.dtype))
