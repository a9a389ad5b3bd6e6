"""A learned cycle asks all variates what they say of each target."""

import keras
from keras import ops

from polyhead.layers import ByteDropout, MultiHeadAttention

from .covariates import CovariateHead
from .dense import dense


@keras.saving.register_keras_serializable(package="polyhead")
class PeriodicCore(keras.layers.Layer):
    """One cross-attention over variates with a learned periodic query, then an MLP.

    The query of a target is what the learned cycle holds for the hours (or days, or
    weeks) of its history: less noisy than the history itself.

    Args:
        num_targets: T.
        width: of the output of each target.
        cycle: steps of the cycle.
        hidden_dim: of the MLP.
        num_heads: of the attention.
        dropout: on the attention's weights and before the output.
        covariates: whether there are any.
        seed: of the weights and the dropouts.

    Call arguments:
        x: dict of `targets (B, L, T)`, `past (B, L, P)`, `known (B, L + H, K)`,
            `calendar (B, L + H, F)` and `phase (B, L)`, int32.
        return_scores: whether to return the attention weights as well.

    Returns:
        Tensor `(B, T, width)`; with `return_scores` a tuple of it and the weights
        `(B, heads, T, T + P)`.

    Reference:
        Lin et al., Temporal Query Network, https://arxiv.org/abs/2505.12917
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
        self.settings = {
            "num_targets": num_targets,
            "width": width,
            "cycle": cycle,
            "hidden_dim": hidden_dim,
            "num_heads": num_heads,
            "dropout": dropout,
            "covariates": covariates,
            "seed": seed,
        }
        self.cycle = keras.layers.Embedding(
            cycle, num_targets, embeddings_initializer="zeros", name="cycle"
        )
        self.attention = None
        self.first = dense(hidden_dim, seed + 1, "first")
        self.second = dense(hidden_dim, seed + 2, "second")
        self.dropout = ByteDropout(dropout, seed=seed + 3)
        self.output_dense = dense(width, seed + 4, "output")
        if covariates:
            self.head = CovariateHead(num_targets, width, hidden_dim, dropout, seed + 5)

    def build(self, shapes):
        length, heads = shapes["targets"][1], self.settings["num_heads"]
        self.attention = MultiHeadAttention(
            heads,
            head_dim=max(1, length // heads),  # lengths are no multiples of heads
            dropout=self.settings["dropout"],
            seed=self.settings["seed"],
            name="attention",
        )
        self.built = True

    def call(self, x, return_scores=False, training=None):
        own = ops.transpose(x["targets"], (0, 2, 1))  # (B, T, L)
        query = ops.transpose(self.cycle(x["phase"]), (0, 2, 1))
        variates = ops.concatenate([x["targets"], x["past"]], axis=2)
        found, scores = self.attention(
            query,
            ops.transpose(variates, (0, 2, 1)),
            return_scores=True,
            training=training,
        )
        hidden = self.first(own + found)
        hidden = hidden + self.second(ops.gelu(hidden))
        y = self.output_dense(self.dropout(hidden, training=training))
        if self.settings["covariates"]:
            clock = x["calendar"][:, x["targets"].shape[1]]
            y = y + self.head(x["past"], x["known"], clock, training=training)
        return (y, scores) if return_scores else y

    def get_config(self):
        return {**super().get_config(), **self.settings}
