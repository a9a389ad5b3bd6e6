"""The classifier: an encoder beside a bag of hashed n-grams.

    ids (B, T) -> embedding -> convolution -> Encoder -> pooling -+-> deep
        |                                                         +-> joint
        '-------> hashed words and pairs -> bag ------------------+-> wide

Each of the three heads has a loss of its own; the answer is their mean.
"""

from typing import Any

import keras
from keras import ops

from polyhead.layers import Encoder, MaskedPooling, TokenEmbedding

from .wide import BagOfBuckets, HashedWords, piece_edges, word_edges


@keras.saving.register_keras_serializable(package="polyhead")
class ConvolutionStem(keras.layers.Layer):
    """Residual convolution over neighbouring pieces; padding stays zero.

    Args:
        width: pieces that one output sees.
        seed: seed of the weights.

    Call arguments:
        x: `(B, T, E)`.
        padding_mask: `(B, T)` boolean, True for real pieces.
    """

    def __init__(self, width, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.width, self.seed = width, seed

    def build(self, input_shape):
        self.convolution = keras.layers.Conv1D(
            input_shape[-1],
            self.width,
            padding="same",
            activation="gelu",
            kernel_initializer=keras.initializers.GlorotUniform(self.seed),
            dtype=self.dtype_policy,
        )
        self.convolution.build(input_shape)

    def call(self, x, padding_mask):
        real = ops.expand_dims(ops.cast(padding_mask, x.dtype), -1)  # (B, T, 1)
        return x + self.convolution(x * real)

    def compute_output_shape(self, input_shape, *args):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "width": self.width, "seed": self.seed}


def build_model(config: Any, pieces: Any, num_labels: int) -> keras.Model:
    """The trainable model: ids `(B, T)` in, `{"joint", "wide", "deep"}` logits out.

    `pieces` are the tokenizer's, byte strings or WordPieces. Without the wide branch
    the only output is "joint".
    """
    seed, dropout = config.seed, config.dropout
    ids = keras.Input((None,), dtype="int32", name="ids")
    padding_mask = ops.not_equal(ids, 0)  # (B, T)
    x = TokenEmbedding(len(pieces), config.hidden_dim, name="embedding")(ids)
    if config.stem_width:
        x = ConvolutionStem(config.stem_width, seed=seed, name="stem")(x, padding_mask)
    x = keras.layers.Dropout(dropout, seed=seed + 1)(x)
    x = Encoder(
        config.num_layers,
        config.num_heads,
        4 * config.hidden_dim,
        positions="rotary",
        dropout=dropout,
        seed=seed + 2,
        name="encoder",
    )(x, padding_mask=padding_mask)
    deep = MaskedPooling("mean", name="pooling")(x, padding_mask=padding_mask)
    deep = keras.layers.Dropout(dropout, seed=seed + 3)(deep)
    if not config.wide:
        return keras.Model(ids, {"joint": logits(num_labels, seed, "joint")(deep)})
    edges = piece_edges(pieces) if config.word_pieces else word_edges(pieces)
    buckets = HashedWords(edges, config.wide_buckets, name="words")(ids)
    bag = BagOfBuckets(
        config.wide_buckets,
        config.wide_dim,
        dropout=config.wide_dropout,
        learning_rate_ratio=config.wide_learning_rate_ratio,
        seed=seed + 4,
        name="bag",
    )(buckets)
    wide = logits(num_labels, seed + 5, "wide")(bag)
    both = keras.layers.Concatenate()([deep, bag])
    joint = logits(num_labels, seed, "joint")(both)
    alone = logits(num_labels, seed + 6, "deep")(deep)
    return keras.Model(ids, {"joint": joint, "wide": wide, "deep": alone})


def logits(num_labels: int, seed: int, name: str) -> keras.layers.Dense:
    """A head of the model."""
    start = keras.initializers.GlorotUniform(seed)
    return keras.layers.Dense(
        num_labels, dtype="float32", kernel_initializer=start, name=name
    )
