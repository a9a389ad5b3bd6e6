"""The position-wise part of a Transformer block."""

import keras

from .dropout import ByteDropout
from .lora import LoraMethods
from .seeds import split_seed


@keras.saving.register_keras_serializable(package="polyhead")
class FeedForward(LoraMethods, keras.layers.Layer):
    """Two dense layers with an activation between them, optionally gated.

    `down(dropout(activation(up(x))))`, or gated
    `down(dropout(activation(gate(x)) * up(x)))`; `activation="silu", gated=True` is
    SwiGLU. The output is as wide as the input.

    Args:
        hidden_dim: Width between the two dense layers.
        activation: Any Keras activation.
        gated: Whether a second dense layer gates the first.
        dropout: Share of hidden values dropped in training.
        use_bias: Whether the dense layers have a bias.
        seed: Seed of the initial weights and of the dropout.

    Call arguments:
        x: Tensor `(..., E)`.

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
        hidden_dim,
        activation="gelu",
        gated=False,
        dropout=0.0,
        use_bias=True,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
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
        return keras.layers.Dense(
            units,
            use_bias=self.use_bias,
            kernel_initializer=keras.initializers.GlorotUniform(seed),
            dtype=self.dtype_policy,
            name=name,
        )

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
