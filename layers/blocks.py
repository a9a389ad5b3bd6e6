"""The parts that encoder and decoder blocks have in common."""

from collections.abc import Callable

import keras

from .biases import LinearBias, RelativeBias
from .feedforward import FeedForward
from .lora import LoraMethods
from .masks import check_mask, hide_padding
from .multi_head_attention import MultiHeadAttention
from .parts import check_count, check_order, deserialize_positions, serialize_part
from .rematerialization import RematMethods
from .residual import Residual
from .rotary import RotaryPositions
from .seeds import split_seed
from .tensors import Tensor


class TransformerBlock(LoraMethods, RematMethods, keras.layers.Layer):
    """Has self-attention and the feed-forward part, each with its residual branch."""

    def __init__(
        self,
        num_heads: int,
        feedforward_dim: int,
        num_kv_heads: int | None = None,
        head_dim: int | None = None,
        causal: bool = False,
        sliding_window: int | None = None,
        rotary: RotaryPositions | None = None,
        position_bias: LinearBias | RelativeBias | None = None,
        activation: str | Callable = "gelu",
        gated: bool = False,
        norm: str = "layer_norm",
        norm_position: str = "pre",
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        feedforward_dropout: float | None = None,
        stochastic_depth: float = 0.0,
        use_bias: bool = True,
        qk_norm: bool = False,
        logit_soft_cap: float | None = None,
        epsilon: float = 1e-5,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(autocast=False, **kwargs)
        check_count("num_heads", num_heads)
        check_count("feedforward_dim", feedforward_dim)
        check_order(type(self).__name__, num_heads, feedforward_dim)
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
        self.qk_norm = qk_norm
        self.logit_soft_cap = logit_soft_cap
        self.epsilon = epsilon
        self.seed = seed
        self.supports_masking = True
        # Always six, so that the optional parts do not change the seeds of the others.
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

    def make_attention(self, seed, name, **positions_and_mask):
        return MultiHeadAttention(
            self.num_heads,
            head_dim=self.head_dim,
            num_kv_heads=self.num_kv_heads,
            use_bias=self.use_bias,
            qk_norm=self.qk_norm,
            logit_soft_cap=self.logit_soft_cap,
            dropout=self.attention_dropout,
            seed=seed,
            dtype=self.dtype_policy,
            name=name,
            **positions_and_mask,
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

    def attend(self, x, return_scores, **masks):
        """Runs the self-attention branch; returns its output and scores or `None`."""
        check_mask(masks["padding_mask"], "padding_mask", *x.shape[:2])
        x = hide_padding(x, masks["padding_mask"])

        def attend_inside(inner):
            result = self.attention(inner, return_scores=return_scores, **masks)
            return with_scores(result, return_scores)

        return self.attention_residual.apply(x, attend_inside)

    def attend_cached(self, run, x, cache, positions, return_scores, **masks):
        """As `attend`, through a cache; returns the new cache as well.

        `run` is the method `step` or `prefill` of the attention.
        """

        def run_inside(inner):
            result, new_cache = run(
                inner, cache, positions, return_scores=return_scores, **masks
            )
            return (*with_scores(result, return_scores), new_cache)

        return self.attention_residual.apply(x, run_inside)

    def run_feedforward(self, x):
        return self.feedforward_residual.apply(x, self.feedforward)

    def make_cache(
        self, batch_size: int, max_length: int, beams: int = 1
    ) -> tuple[Tensor, Tensor]:
        """Returns the empty cache for the first `step`.

        See `MultiHeadAttention.make_cache`.
        """
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
            "rotary": serialize_part(self.rotary),
            "position_bias": serialize_part(self.position_bias),
            "activation": keras.activations.serialize(self.activation),
            "gated": self.gated,
            "norm": self.norm,
            "norm_position": self.norm_position,
            "dropout": self.dropout,
            "attention_dropout": self.attention_dropout,
            "feedforward_dropout": self.feedforward_dropout,
            "stochastic_depth": self.stochastic_depth,
            "use_bias": self.use_bias,
            "qk_norm": self.qk_norm,
            "logit_soft_cap": self.logit_soft_cap,
            "epsilon": self.epsilon,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, **deserialize_positions(config)})


def with_scores(result, return_scores):
    """Returns `(output, scores)`; the scores are `None` if they were not returned."""
    return result if return_scores else (result, None)
