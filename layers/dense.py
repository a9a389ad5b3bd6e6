"""Dense layers and tables of vectors with a seed."""

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


def make_table(rows, width, seed, dtype, name, stddev=0.02):
    """Returns a `keras.layers.Embedding` of normal numbers drawn by `seed`."""
    return keras.layers.Embedding(
        rows,
        width,
        embeddings_initializer=keras.initializers.RandomNormal(
            stddev=stddev, seed=seed
        ),
        dtype=dtype,
        name=name,
    )
