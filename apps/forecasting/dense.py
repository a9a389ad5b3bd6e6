"""Dense layers with seeded weights."""

import keras


def dense(width: int, seed: int, name: str, activation=None) -> keras.layers.Dense:
    """A dense layer whose weights follow from `seed`."""
    return keras.layers.Dense(
        width,
        activation=activation,
        kernel_initializer=keras.initializers.GlorotUniform(seed),
        name=name,
    )
