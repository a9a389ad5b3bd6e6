"""Transformers over patches: of each target alone, or of history and known future."""

import keras
from keras import ops

from polyhead.layers import ByteDropout, Decoder, Encoder, PatchEmbedding

from .linear import CovariateHead, dense


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
        sizes = num_layers, num_heads, 2 * hidden_dim
        options = {"positions": "rotary", "dropout": dropout, "seed": seed + 1}
        self.encoder = Encoder(*sizes, **options, name="encoder")
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


@keras.saving.register_keras_serializable(package="polyhead")
class EncoderDecoderCore(keras.layers.Layer):
    """Encoder over patches of the history, decoder over patches of the known future.

    All steps are forecast at once; no step depends on the forecast of another.

    Args:
        num_targets, width, seed: as of `LinearCore`; the width is a multiple of H.
        horizon: steps that are forecast, H.
        patch_length: steps of a patch.
        num_layers, hidden_dim, num_heads, dropout: of the encoder and of the decoder.

    Call arguments:
        x: as of `LinearCore`.
        return_scores: whether to return the attention weights as well.

    Returns:
        A list of one head, see `LinearCore`; with `return_scores` a tuple of it and
        the decoder's last weights on the history, `(B, heads, future patches,
        patches)`.

    Reference:
        Vaswani et al., Attention Is All You Need, https://arxiv.org/abs/1706.03762
        Zhou et al., Informer (decoding at once), https://arxiv.org/abs/2012.07436
    """

    def __init__(
        self,
        num_targets,
        width,
        horizon,
        patch_length,
        num_layers,
        hidden_dim,
        num_heads,
        dropout,
        seed,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.num_targets = num_targets
        self.horizon = horizon
        self.patch_length = patch_length
        self.num_outputs = width // horizon  # of a target in a step
        self.past = PatchEmbedding(patch_length, hidden_dim, seed=seed)
        self.future = PatchEmbedding(patch_length, hidden_dim, seed=seed + 1)
        sizes = num_layers, num_heads, 2 * hidden_dim
        options = {"positions": "sinusoidal", "dropout": dropout}
        self.encoder = Encoder(*sizes, **options, seed=seed + 2, name="encoder")
        self.decoder = Decoder(*sizes, **options, seed=seed + 3, name="decoder")
        patch_width = patch_length * num_targets * self.num_outputs
        self.output_dense = dense(patch_width, seed + 4, "output")

    def call(self, x, return_scores=False, training=None):
        length = x["targets"].shape[1]
        known = ops.concatenate([x["known"], x["calendar"]], axis=2)
        if not known.shape[2]:  # the decoder needs a number at every step
            known = ops.zeros_like(ops.cast(x["phase"][:, :, None], "float32"))
        past = ops.concatenate([x["targets"], x["past"], known[:, :length]], axis=2)
        memory = self.encoder(self.past(past), training=training)
        future = self.future(known[:, length:])
        options = {"return_scores": True, "training": training}
        vectors, scores = self.decoder(future, memory, **options)
        # (B, future patches, p * T * Q) -> (B, H, T, Q) -> (B, T, H * Q)
        targets, outputs = self.num_targets, self.num_outputs
        padded = -(-self.horizon // self.patch_length) * self.patch_length
        y = self.output_dense(vectors)
        y = ops.reshape(y, (-1, padded, targets * outputs))[:, : self.horizon]
        y = ops.reshape(y, (-1, self.horizon, targets, outputs))
        y = ops.transpose(y, (0, 2, 1, 3))
        y = ops.reshape(y, (-1, targets, self.horizon * outputs))
        heads = [(y, None)]
        return (heads, scores[-1][1]) if return_scores else heads
