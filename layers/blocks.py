"""What encoder and decoder blocks have in common."""

import keras

from .feedforward import FeedForward
from .lora import LoraMethods
from .multi_head_attention import MultiHeadAttention
from .residual import Residual
from .seeds import split_seed


class TransformerBlock(LoraMethods, keras.layers.Layer):
    """Holds the parts of a block: attention, feed-forward, and their residuals."""

    def __init__(
        self,
        num_heads,
        feedforward_dim,
        num_kv_heads=None,
        head_dim=None,
        causal=False,
        sliding_window=None,
        rotary=None,
        position_bias=None,
        activation="gelu",
        gated=False,
        norm="layer_norm",
        norm_position="pre",
        dropout=0.0,
        attention_dropout=0.0,
        feedforward_dropout=None,
        stochastic_depth=0.0,
        use_bias=True,
        epsilon=1e-5,
        seed=None,
        **kwargs,
    ):
        super().__init__(autocast=False, **kwargs)
        self.num_heads = num_heads
        self.feedforward_dim = feedforward_dim
        self.num_kv_heads = num_kv_heads
        self.head_dim = head_dim
        self.causal = causal
        self.sliding_window = sliding_window
        self.rotary = rotary
        self.position_bias = position_bias
        self.activation = keras.activations.get(activation)
        self.gated = gated
        self.norm = norm
        self.norm_position = norm_position
        self.dropout = dropout
        self.attention_dropout = attention_dropout
        self.feedforward_dropout = feedforward_dropout
        self.stochastic_depth = stochastic_depth
        self.use_bias = use_bias
        self.epsilon = epsilon
        self.seed = seed
        self.supports_masking = True
        # Six, so that a block draws the same weights with and without a part.
        self.seeds = split_seed(seed, 6)
        self.attention = self.make_attention(
            self.seeds[0],
            "attention",
            causal=causal,
            sliding_window=sliding_window,
            rotary=rotary,
            position_bias=position_bias,
        )
        self.attention_residual = self.make_residual(
            self.seeds[1], "attention_residual"
        )
        self.feedforward = FeedForward(
            feedforward_dim,
            activation=activation,
            gated=gated,
            dropout=dropout if feedforward_dropout is None else feedforward_dropout,
            use_bias=use_bias,
            seed=self.seeds[2],
            dtype=self.dtype_policy,
            name="feedforward",
        )
        self.feedforward_residual = self.make_residual(
            self.seeds[3], "feedforward_residual"
        )

    def make_attention(self, seed, name, **kwargs):
        return MultiHeadAttention(
            self.num_heads,
            head_dim=self.head_dim,
            num_kv_heads=self.num_kv_heads,
            use_bias=self.use_bias,
            dropout=self.attention_dropout,
            seed=seed,
            dtype=self.dtype_policy,
            name=name,
            **kwargs,
        )

    def make_residual(self, seed, name):
        return Residual(
            norm=self.norm,
            norm_position=self.norm_position,
            dropout=self.dropout,
            stochastic_depth=self.stochastic_depth,
            epsilon=self.epsilon,
            seed=seed,
            dtype=self.dtype_policy,
            name=name,
        )

    def build_parts(self, x_shape):
        self.attention.build(x_shape)
        self.attention_residual.build(x_shape)
        self.feedforward.build(x_shape)
        self.feedforward_residual.build(x_shape)

    def run_feedforward(self, x):
        return self.feedforward_residual.apply(x, self.feedforward)

    def make_cache(self, batch_size, max_length, beams=1):
        """Returns the empty cache of the self-attention."""
        return self.attention.make_cache(batch_size, max_length, beams)

    def get_config(self):
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "feedforward_dim": self.feedforward_dim,
            "num_kv_heads": self.num_kv_heads,
            "head_dim": self.head_dim,
            "causal": self.causal,
            "sliding_window": self.sliding_window,
            "rotary": keras.saving.serialize_keras_object(self.rotary),
            "position_bias": keras.saving.serialize_keras_object(self.position_bias),
            "activation": keras.activations.serialize(self.activation),
            "gated": self.gated,
            "norm": self.norm,
            "norm_position": self.norm_position,
            "dropout": self.dropout,
            "attention_dropout": self.attention_dropout,
            "feedforward_dropout": self.feedforward_dropout,
            "stochastic_depth": self.stochastic_depth,
            "use_bias": self.use_bias,
            "epsilon": self.epsilon,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config):
        parts = {
            name: keras.saving.deserialize_keras_object(config[name])
            for name in ("rotary", "position_bias")
        }
        return cls(**{**config, **parts})


def with_scores(result, return_scores):
    """Makes `(output, scores)` of what attention returned, scores `None` if unasked."""
    return result if return_scores else (result, None)
