"""Transformer layers in pure Keras 3."""

if __name__ != "polyhead.layers":
    raise ImportError(
        f"import polyhead.layers, not {__name__}: a second copy of the layers "
        "would be registered under the same names"
    )
