"""A Transformer encoder over patches of each target."""

import keras
from keras import ops

from polyhead.layers import ByteDropout, Encoder, PatchEmbedding

from .covariates import CovariateHead
from .dense import dense


@keras.saving.register_keras_serializable(package="polyhead")
class PatchCore(keras.layers.Layer):
    """Patches of each target on its own, an encoder over them, and one dense output.

    Args:
        num_targets, width, covariates, seed: as of `LinearCore`.
        patch_length: steps of a patch; patches overlap by half.
        num_layers, hidden_dim, num_heads: of the encoder.
        dropout: in the encoder and before the output.

    Call arguments:
        x: as of `LinearCore`.
        return_scores: whether to return the attention weights as well.

    Returns:
        A list of one head, see `LinearCore`; with `return_scores` a tuple of it and
        the weights of the last block, `(B * T, heads, patches, patches)`.

    Reference:
        Nie et al., PatchTST, https://arxiv.org/abs/2211.14730
    """

    def __init__(
        self,
        num_targets,
        width,
        patch_length,
        num_layers,
        hidden_dim,
        num_heads,
        dropout,
        covariates,
        seed,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.num_targets = num_targets
        self.covariates = covariates
        stride = max(1, patch_length // 2)
        self.patches = PatchEmbedding(patch_length, hidden_dim, stride, seed=seed)
        options = {"positions": "rotary", "dropout": dropout, "seed": seed + 1}
        self.encoder = Encoder(num_layers, num_heads, 2 * hidden_dim, **options)
        self.dropout = ByteDropout(dropout, seed=seed + 2)
        self.output_dense = dense(width, seed + 3, "output")
        if covariates:
            self.head = CovariateHead(num_targets, width, hidden_dim, dropout, seed + 4)

    def call(self, x, return_scores=False, training=None):
        length = x["targets"].shape[1]
        series = ops.transpose(x["targets"], (0, 2, 1))  # (B, T, L)
        patches = self.patches(ops.reshape(series, (-1, length, 1)))
        vectors, scores = self.encoder(patches, return_scores=True, training=training)
        _, count, width = self.patches.compute_output_shape((None, length, 1))
        flat = ops.reshape(vectors, (-1, self.num_targets, count * width))
        y = self.output_dense(self.dropout(flat, training=training))
        if self.covariates:
            clock = x["calendar"][:, length]
            y = y + self.head(x["past"], x["known"], clock, training=training)
        heads = [(y, None)]
        return (heads, scores[-1]) if return_scores else heads
