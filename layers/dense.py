"""Dense layers with a seed."""

import keras


def make_dense(units, seed, dtype, name, use_bias=True):
    """Returns a `keras.layers.Dense` with a Glorot-uniform kernel drawn by `seed`."""
    return keras.layers.Dense(
        units,
        use_bias=use_bias,
        kernel_initializer=keras.initializers.GlorotUniform(seed),
        dtype=dtype,
        name=name,
    )
