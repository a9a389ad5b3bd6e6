"""Dense layers with seeded weights."""

import keras


def dense(
    width: int, seed: int, name: str, activation=None, size: float = 1.0
) -> keras.layers.Dense:
    """A dense layer whose weights follow from `seed`: Glorot's, times `size`."""
    return keras.layers.Dense(
        width,
        activation=activation,
        kernel_initializer=keras.initializers.VarianceScaling(
            size * size, "fan_avg", "uniform", seed
        ),
        name=name,
    )
