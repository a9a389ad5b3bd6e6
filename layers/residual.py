"""A residual branch: normalisation, a layer, dropout, and the sum."""

import keras
from keras import ops

from .dropout import ByteDropout
from .seeds import split_seed


def make_norm(norm, epsilon, dtype, name):
    """Returns a `"layer_norm"` or `"rms_norm"` layer."""
    classes = {
        "layer_norm": keras.layers.LayerNormalization,
        "rms_norm": keras.layers.RMSNormalization,
    }
    if norm not in classes:
        raise ValueError(f"norm must be one of {sorted(classes)}, not {norm!r}.")
    return classes[norm](epsilon=epsilon, dtype=dtype, name=name)


@keras.saving.register_keras_serializable(package="polyhead")
class Residual(keras.layers.Layer):
    """Adds the output of a layer to its input, with normalisation and dropout.

    Pre-norm is `x + drop(layer(norm(x)))`, post-norm `norm(x + drop(layer(x)))`.
    If the layer returns a tuple `(output, extra, ...)`, only the output joins the
    sum, and the extras are returned beside it.

    Args:
        layer: The layer of the branch. Without one, use `apply`.
        norm: `"layer_norm"` or `"rms_norm"`.
        norm_position: `"pre"` or `"post"`.
        dropout: Share of the branch's values dropped in training.
        stochastic_depth: Share of examples that skip the branch in training.
        epsilon: Small number in the normalisation.
        seed: Seed of the dropouts.

    Call arguments:
        x: Tensor `(B, ..., E)`.
        Any other argument goes to `layer`.

    Returns:
        Tensor of the shape of `x`, or a tuple that begins with it.

    Example:

    >>> layer = Residual(keras.layers.Dense(8), norm="rms_norm")
    >>> tuple(layer(np.ones((2, 5, 8), "float32")).shape)
    (2, 5, 8)

    Reference:
        Xiong et al., On Layer Normalization in the Transformer Architecture,
        https://arxiv.org/abs/2002.04745
        Huang et al., Deep Networks with Stochastic Depth,
        https://arxiv.org/abs/1603.09382
    """

    def __init__(
        self,
        layer=None,
        norm="layer_norm",
        norm_position="pre",
        dropout=0.0,
        stochastic_depth=0.0,
        epsilon=1e-5,
        seed=None,
        **kwargs,
    ):
        super().__init__(autocast=False, **kwargs)
        if norm_position not in ("pre", "post"):
            raise ValueError(
                f'norm_position must be "pre" or "post", not {norm_position!r}.'
            )
        self.layer = layer
        self.norm = norm
        self.norm_position = norm_position
        self.dropout = dropout
        self.stochastic_depth = stochastic_depth
        self.epsilon = epsilon
        self.seed = seed
        self.supports_masking = True
        self.norm_layer = make_norm(norm, epsilon, self.dtype_policy, "norm")
        self.dropout_seed, self.depth_seed = split_seed(seed, 2)
        self.dropout_layer = ByteDropout(
            dropout, seed=self.dropout_seed, dtype=self.dtype_policy, name="dropout"
        )

    def build(self, input_shape):
        self.norm_layer.build(input_shape)
        self.depth_layer = keras.layers.Dropout(
            self.stochastic_depth,
            noise_shape=(None,) + (1,) * (len(input_shape) - 1),
            seed=self.depth_seed,
            dtype=self.dtype_policy,
            name="stochastic_depth",
        )
        if self.layer is not None and not self.layer.built:
            self.layer.build(input_shape)

    def __call__(self, x, *args, training=None, options=None, **kwargs):
        # Keras takes a dictionary of tensors or one of settings, not one of both.
        options = dict(options or {})
        for name in list(kwargs):
            if isinstance(kwargs[name], (bool, int, str)):
                options[name] = kwargs.pop(name)
        return super().__call__(x, *args, training=training, options=options, **kwargs)

    def call(self, x, *args, training=None, options=None, **kwargs):
        if self.layer is None:
            raise ValueError("A Residual without a layer runs through `apply` only.")
        return self.apply(
            x, lambda inner: self.layer(inner, *args, **kwargs, **(options or {}))
        )

    def apply(self, x, function):
        """Runs any function through the branch.

        Args:
            x: Tensor `(B, ..., E)`.
            function: Takes a tensor like `x`; returns the branch's output, or a tuple
                that begins with it.
        """
        if not self.built:
            self.build(tuple(x.shape))
        x = ops.cast(x, self.compute_dtype)
        output = function(self.norm_layer(x) if self.norm_position == "pre" else x)
        extras = ()
        if isinstance(output, tuple):
            output, *extras = output
        output = x + self.depth_layer(self.dropout_layer(output))
        if self.norm_position == "post":
            output = self.norm_layer(output)
        return (output, *extras) if extras else output

    def compute_output_shape(self, input_shape):
        return input_shape

    def compute_output_spec(self, x, *args, training=None, options=None, **kwargs):
        output = keras.KerasTensor(x.shape, dtype=self.compute_dtype)
        inner = self.layer.compute_output_spec(x, *args, **kwargs, **(options or {}))
        return (output, *inner[1:]) if isinstance(inner, tuple) else output

    def get_config(self):
        return {
            **super().get_config(),
            "layer": keras.saving.serialize_keras_object(self.layer),
            "norm": self.norm,
            "norm_position": self.norm_position,
            "dropout": self.dropout,
            "stochastic_depth": self.stochastic_depth,
            "epsilon": self.epsilon,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config):
        layer = keras.saving.deserialize_keras_object(config["layer"])
        return cls(**{**config, "layer": layer})
