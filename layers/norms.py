"""Normalisations by their name."""

import keras


def make_norm(norm, epsilon, dtype, name):
    """Returns the Keras layer for `"layer_norm"` or `"rms_norm"`."""
    classes = {
        "layer_norm": keras.layers.LayerNormalization,
        "rms_norm": keras.layers.RMSNormalization,
    }
    if norm not in classes:
        raise ValueError(f"norm must be one of {sorted(classes)}, not {norm!r}.")
    layer = classes[norm](epsilon=epsilon, dtype=dtype, name=name)
    layer.supports_masking = True  # RMSNormalization does not say so
    return layer
