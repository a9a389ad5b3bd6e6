"""A residual branch: normalisation, a layer, dropout, and the sum."""

from collections.abc import Callable
from inspect import signature
from typing import Any

import keras
from keras import ops

from .dropout import ByteDropout, PlainDropout
from .masks import choose_padding_mask
from .norms import make_norm
from .parts import check_part, check_share, serialize_part
from .rematerialization import RematMethods
from .seeds import split_seed
from .tensors import Tensor


@keras.saving.register_keras_serializable(package="polyhead")
class Residual(RematMethods, keras.layers.Layer):
    """Adds the output of a layer to its input, with normalisation and dropout.

    Pre-norm is `x + drop(layer(norm(x)))`, post-norm `norm(x + drop(layer(x)))`.
    If the layer returns a tuple `(output, extra, ...)`, only the output is added to the
    input; the extras are returned unchanged after the sum. KerasHub has this inside its
    `TransformerEncoder` and `TransformerDecoder` only.

    Args:
        layer: `keras.layers.Layer` of the branch. Defaults to `None`: run the branch
            with `apply`.
        norm: str. `"layer_norm"` (`keras.layers.LayerNormalization`) or `"rms_norm"`
            (`keras.layers.RMSNormalization`). Defaults to `"layer_norm"`.
        norm_position: str. `"pre"` or `"post"` (`normalize_first=True` or `False` in
            KerasHub). Defaults to `"pre"`.
        dropout: float. Dropout rate on the output of `layer`. Defaults to `0.0`.
        stochastic_depth: float. Share of the examples that skip the branch in training
            (also called drop path). Defaults to `0.0`.
        epsilon: float. Number added to the variance in the normalisation
            (`layer_norm_epsilon` in KerasHub). Defaults to `1e-5`.
        seed: int. Seed of the dropout and of stochastic depth. Defaults to `None`.
        **kwargs: Arguments of `keras.layers.Layer`, such as `name` and `dtype`.

    Call arguments:
        x: Tensor `(B, ..., E)`.
        *args, **kwargs: Further arguments of `layer`.

    Returns:
        Tensor of the shape of `x`, or a tuple that starts with it.

    Raises:
        ValueError: If `norm` or `norm_position` is unknown.

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
        layer: keras.layers.Layer | None = None,
        norm: str = "layer_norm",
        norm_position: str = "pre",
        dropout: float = 0.0,
        stochastic_depth: float = 0.0,
        epsilon: float = 1e-5,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(autocast=False, **kwargs)
        if norm_position not in ("pre", "post"):
            raise ValueError(
                f'norm_position must be "pre" or "post", not {norm_position!r}.'
            )
        check_part("layer", layer)
        check_share("stochastic_depth", stochastic_depth)
        self.layer = layer
        self.norm = norm
        self.norm_position = norm_position
        self.dropout = dropout
        self.stochastic_depth = stochastic_depth
        self.epsilon = epsilon
        self.seed = seed
        self.supports_masking = True
        self._builds_itself = False
        self.norm_layer = make_norm(norm, epsilon, self.dtype_policy, "norm")
        self.dropout_seed, self.depth_seed = split_seed(seed, 2)
        self.dropout_layer = ByteDropout(
            dropout, seed=self.dropout_seed, dtype=self.dtype_policy, name="dropout"
        )

    def build(self, input_shape):
        self.norm_layer.build(input_shape)
        self.depth_layer = PlainDropout(
            self.stochastic_depth,
            noise_shape=(None,) + (1,) * (len(input_shape) - 1),
            seed=self.depth_seed,
            dtype=self.dtype_policy,
            name="stochastic_depth",
        )
        is_ready = self.layer is None or self.layer.built or self._builds_itself
        if not is_ready:
            self.layer.build(input_shape)

    def __call__(self, x, *args, training=None, options=None, **kwargs):
        # Keras allows a keyword dictionary of tensors or of settings, but not of both,
        # so settings travel in a dictionary of their own.
        options = dict(options or {})
        # Of further inputs the layer learns the shapes when it is called.
        self._builds_itself = bool(args or kwargs)
        for name in list(kwargs):
            if isinstance(kwargs[name], (bool, int, str)):
                options[name] = kwargs.pop(name)
        return super().__call__(x, *args, training=training, options=options, **kwargs)

    def call(
        self, x, *args, training=None, options=None, mask=None, x_mask=None, **kwargs
    ):
        if self.layer is None:
            raise ValueError(
                f"{self.name!r} has no layer to call. Pass one to Residual(layer=...), "
                "or run the branch with `apply`."
            )
        # The inner tensor is a new one, to which no Keras mask is attached.
        mask = choose_padding_mask(mask, x_mask)
        if mask is not None and "mask" in signature(self.layer.call).parameters:
            kwargs = {"mask": mask, **kwargs}
        return self.apply(
            x, lambda inner: self.layer(inner, *args, **kwargs, **(options or {}))
        )

    def apply(self, x: Tensor, function: Callable) -> Any:
        """Runs a function in place of the layer.

        Args:
            x: Tensor `(B, ..., E)`.
            function: Function of a tensor of the shape of `x`. It returns the output of
                the branch, or a tuple that starts with it.

        Returns:
            Tensor of the shape of `x`, or a tuple that starts with it.
        """
        if not self.built:
            self.build(tuple(x.shape))
        x = ops.cast(x, self.compute_dtype)
        output = function(self.norm_layer(x) if self.norm_position == "pre" else x)
        extras = ()
        if isinstance(output, tuple):
            output, extras = output[0], output[1:]
        output = x + self.depth_layer(self.dropout_layer(output))
        if self.norm_position == "post":
            output = self.norm_layer(output)
        return (output, *extras) if extras else output

    def compute_output_shape(self, input_shape):
        return input_shape

    def compute_output_spec(
        self, x, *args, training=None, options=None, mask=None, x_mask=None, **kwargs
    ):
        output = keras.KerasTensor(x.shape, dtype=self.compute_dtype)
        inner = self.layer.compute_output_spec(x, *args, **kwargs, **(options or {}))
        return (output, *inner[1:]) if isinstance(inner, tuple) else output

    def get_config(self):
        return {
            **super().get_config(),
            "layer": serialize_part(self.layer),
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
