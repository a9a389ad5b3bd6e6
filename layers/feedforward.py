"""The feed-forward part of a Transformer block."""

from collections.abc import Callable

import keras

from .dense import make_dense
from .dropout import ByteDropout
from .lora import LoraMethods
from .parts import check_count
from .rematerialization import RematMethods
from .seeds import split_seed


@keras.saving.register_keras_serializable(package="polyhead")
class FeedForward(LoraMethods, RematMethods, keras.layers.Layer):
    """Two dense layers with an activation between them, optionally gated.

    The layer computes `down(dropout(activation(up(x))))`, or, if gated,
    `down(dropout(activation(gate(x)) * up(x)))`. `activation="silu"` with `gated=True`
    is SwiGLU. The output has the width of the input. KerasHub has this inside its
    `TransformerEncoder` and `TransformerDecoder` only.

    Args:
        hidden_dim: int. Width between the two dense layers (`intermediate_dim` in
            KerasHub, where `hidden_dim` is the width of the input).
        activation: str or callable. Any Keras activation. Defaults to `"gelu"`.
        gated: bool. Whether a gate multiplies the hidden values, as in the second
            formula. Defaults to `False`.
        dropout: float. Dropout rate between the two dense layers. Defaults to `0.0`.
        use_bias: bool. Whether the dense layers have a bias. Defaults to `True`.
        seed: int. Seed of the initial weights and of dropout. Defaults to `None`.
        **kwargs: Arguments of `keras.layers.Layer`, such as `name` and `dtype`.

    Call arguments:
        x: Tensor `(..., E)`.
        training: bool. Whether dropout is active. Defaults to `None`: as in the layer
            that calls this one.

    Returns:
        Tensor of the shape of `x`.

    Example:

    >>> layer = FeedForward(32, activation="silu", gated=True)
    >>> tuple(layer(np.ones((2, 5, 8), "float32")).shape)
    (2, 5, 8)

    Reference:
        Shazeer, GLU Variants Improve Transformer, https://arxiv.org/abs/2002.05202
    """

    def __init__(
        self,
        hidden_dim: int,
        activation: str | Callable = "gelu",
        gated: bool = False,
        dropout: float = 0.0,
        use_bias: bool = True,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_count("hidden_dim", hidden_dim)
        self.hidden_dim = hidden_dim
        self.activation = keras.activations.get(activation)
        self.gated = gated
        self.dropout = dropout
        self.use_bias = use_bias
        self.seed = seed
        self.supports_masking = True
        seeds = split_seed(seed, 4)
        self.up = self._dense(hidden_dim, seeds[0], "up")
        self.gate = self._dense(hidden_dim, seeds[1], "gate") if gated else None
        self.down_seed = seeds[2]
        self.dropout_layer = ByteDropout(
            dropout, seed=seeds[3], dtype=self.dtype_policy, name="dropout"
        )

    def _dense(self, units, seed, name):
        return make_dense(units, seed, self.dtype_policy, name, self.use_bias)

    def build(self, input_shape):
        self.up.build(input_shape)
        if self.gate is not None:
            self.gate.build(input_shape)
        self.down = self._dense(input_shape[-1], self.down_seed, "down")
        self.down.build((*input_shape[:-1], self.hidden_dim))

    def call(self, x, training=None):
        hidden = self.up(x)
        if self.gate is None:
            hidden = self.activation(hidden)
        else:
            hidden = self.activation(self.gate(x)) * hidden
        return self.down(self.dropout_layer(hidden, training=training))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "hidden_dim": self.hidden_dim,
            "activation": keras.activations.serialize(self.activation),
            "gated": self.gated,
            "dropout": self.dropout,
            "use_bias": self.use_bias,
            "seed": self.seed,
        }
