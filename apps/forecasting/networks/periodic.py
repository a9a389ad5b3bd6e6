"""Attention over variates with a learned periodic query, and a linear head."""

import keras
from keras import ops

from polyhead.layers import ByteDropout, MultiHeadAttention

from .linear import CovariateHead, dense

# The linear map learns best at several times the learning rate of the rest. Under Adam,
# a factor on small weights has that effect.
GAIN = 5.0


@keras.saving.register_keras_serializable(package="polyhead")
class PeriodicCore(keras.layers.Layer):
    """Two heads, each with a loss of its own, whose mean is the forecast.

    The first is cross-attention over the variates, followed by an MLP. The query of a
    target is a learned cycle at the steps of its history, which has less noise than
    the history itself. The second subtracts another learned cycle from the history,
    maps the rest linearly to the forecast, and adds the cycle of the steps ahead.

    Args:
        num_targets, width, covariates, seed: as of `LinearCore`.
        cycle: steps of the cycle.
        hidden_dim: of the MLP.
        num_heads: of the attention.
        dropout: on the attention's weights and before the output.

    Call arguments:
        x: dict of `targets (B, L, T)`, `past (B, L, P)`, `known (B, L + H, K)`,
            `calendar (B, L + H, F)` and `phase (B, L + H)`, int32.
        return_scores: whether to return the attention weights as well.

    Returns:
        A list of heads. Each has a tensor `(B, T, width)`, and a tensor `(B, H, T)` to
        add to all quantiles, or `None`. With `return_scores`, a tuple of the list and
        the attention weights `(B, heads, T, T + P)`.

    Reference:
        Lin et al., Temporal Query Network, https://arxiv.org/abs/2505.12917
        Lin et al., CycleNet, https://arxiv.org/abs/2409.18479
    """

    def __init__(
        self,
        num_targets,
        width,
        cycle,
        hidden_dim,
        num_heads,
        dropout,
        covariates,
        seed,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.num_heads = num_heads
        self.dropout_rate = dropout
        self.covariates = covariates
        self.seed = seed
        sizes = cycle, num_targets
        self.cycle = keras.layers.Embedding(*sizes, "zeros", name="cycle")
        self.level = keras.layers.Embedding(*sizes, "zeros", name="level")
        self.first = dense(hidden_dim, seed + 1, "first")
        self.second = dense(hidden_dim, seed + 2, "second")
        self.dropout = ByteDropout(dropout, seed=seed + 3)
        self.output_dense = dense(width, seed + 4, "output")
        self.time = dense(width, seed + 9, "time", size=1 / GAIN)
        if covariates:
            self.head = CovariateHead(num_targets, width, hidden_dim, dropout, seed + 5)

    def build(self, shapes):
        # The look-back need not be a multiple of the heads.
        head_dim = max(1, shapes["targets"][1] // self.num_heads)
        options = {"dropout": self.dropout_rate, "seed": self.seed, "name": "attention"}
        self.attention = MultiHeadAttention(self.num_heads, head_dim, **options)
        self.built = True

    def call(self, x, return_scores=False, training=None):
        length = x["targets"].shape[1]
        own = ops.transpose(x["targets"], (0, 2, 1))  # (B, T, L)
        query = ops.transpose(self.cycle(x["phase"][:, :length]), (0, 2, 1))
        keys = ops.concatenate([x["targets"], x["past"]], axis=2)
        keys = ops.transpose(keys, (0, 2, 1))  # (B, T + P, L)
        options = {"return_scores": True, "training": training}
        attended, scores = self.attention(query, keys, **options)
        hidden = self.first(own + attended)
        hidden = hidden + self.second(ops.gelu(hidden))
        first = self.output_dense(self.dropout(hidden, training=training))
        level = GAIN * self.level(x["phase"])  # (B, L + H, T)
        level, ahead = ops.split(level, [length], axis=1)
        rest = ops.transpose(x["targets"] - level, (0, 2, 1))
        second = GAIN * self.time(rest)
        if self.covariates:
            clock = x["calendar"][:, length]
            more = self.head(x["past"], x["known"], clock, training=training)
            first, second = first + more, second + more
        heads = [(first, None), (second, ahead)]
        return (heads, scores) if return_scores else heads
