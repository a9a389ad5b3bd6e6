"""Dropout that draws a byte for each value instead of a float."""

import keras
from keras import ops

LEVELS = 256  # of a byte


@keras.saving.register_keras_serializable(package="polyhead")
class ByteDropout(keras.layers.Dropout):
    """Dropout whose coins are bytes: four of them come from one random number.

    On a processor, drawing the coins is most of what dropout costs; this one costs
    half of Keras's. The rate is kept to the nearest 1/256 and what is left is scaled
    by just that rate, so that the expectation is exact. With a `noise_shape`, a last
    axis of unknown size or a rate below 1/256 it is Keras's dropout.

    Args:
        rate: Share of the values dropped in training.
        noise_shape: See `keras.layers.Dropout`.
        seed: Seed of the coins.

    Call arguments:
        inputs: Tensor `(..., E)`.
        training: Whether dropout is active.

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

    def call(self, inputs, training=False):
        dropped = round(self.rate * LEVELS)
        width = inputs.shape[-1]
        whole = width is None or self.noise_shape is not None
        if not training or whole or not 0 < dropped < LEVELS:
            return super().call(inputs, training=training)
        words = keras.random.randint(
            (*ops.shape(inputs)[:-1], -(-width // 4)),
            -(2**31),
            2**31 - 1,
            dtype="int32",
            seed=self.seed_generator,
        )
        coins = ops.view(words, "uint8")[..., :width]
        scaled = inputs * (LEVELS / (LEVELS - dropped))
        return ops.where(coins >= dropped, scaled, ops.zeros((), scaled.dtype))
