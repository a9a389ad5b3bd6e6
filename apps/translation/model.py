"""The translator: an encoder, a decoder, and one table of pieces for all."""

import keras
from keras import ops

from polyhead.layers import ByteDropout, Decoder, Encoder, TokenEmbedding
from polyhead.layers.candidates import PAD

from .config import SHAPE, Config


@keras.saving.register_keras_serializable(package="polyhead")
class Translator(keras.Model):
    """Encoder-decoder Transformer with one embedding for both sides, tied.

    The arguments are those of `Encoder` and `Decoder`, besides:
        vocabulary_size: number of pieces.
        hidden_dim: width of the vectors, E.
        dropout: on the embeddings, too.
        seed: seed of the weights and the dropouts.

    Call arguments:
        inputs: `(source (B, S), target (B, T))` int32 piece ids, 0 for padding. The
            target begins with the start symbol.

    Returns:
        Logits of the next pieces, `(B, T, vocabulary_size)`.

    Reference:
        Vaswani et al., Attention Is All You Need, https://arxiv.org/abs/1706.03762
        Press and Wolf, https://arxiv.org/abs/1608.05859
    """

    def __init__(
        self,
        vocabulary_size,
        encoder_layers,
        decoder_layers,
        hidden_dim,
        feedforward_dim,
        num_heads,
        norm_position="pre",
        activation="relu",
        dropout=0.0,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.settings = {
            "vocabulary_size": vocabulary_size,
            "encoder_layers": encoder_layers,
            "decoder_layers": decoder_layers,
            "hidden_dim": hidden_dim,
            "feedforward_dim": feedforward_dim,
            "num_heads": num_heads,
            "norm_position": norm_position,
            "activation": activation,
            "dropout": dropout,
            "seed": seed,
        }
        dtype = self.dtype_policy
        seeds = [None] * 5 if seed is None else [5 * seed + i for i in range(5)]
        stack = {
            "num_heads": num_heads,
            "feedforward_dim": feedforward_dim,
            "positions": "sinusoidal",
            "activation": activation,
            "norm_position": norm_position,
            "dropout": dropout,
            # Dropout there costs a fifth of the time; such models usually have none.
            "feedforward_dropout": 0.0,
            "dtype": dtype,
        }
        table = {"scale": True, "seed": seeds[0], "dtype": dtype, "name": "embedding"}
        self.embedding = TokenEmbedding(vocabulary_size, hidden_dim, **table)
        self.encoder = Encoder(encoder_layers, **stack, seed=seeds[1], name="encoder")
        self.decoder = Decoder(decoder_layers, **stack, seed=seeds[2], name="decoder")
        dropouts = [ByteDropout(dropout, seed=seed, dtype=dtype) for seed in seeds[3:]]
        self.source_dropout, self.target_dropout = dropouts

    def build(self, input_shape=None):
        width = self.settings["hidden_dim"]
        self.embedding.build((None, None))
        self.encoder.build((None, None, width))
        self.decoder.build((None, None, width), (None, None, width))
        self.built = True

    def encode(self, source, training=None):
        """Piece ids `(B, S)` to the memory `(B, S, E)` and its mask `(B, S)`."""
        mask = ops.not_equal(source, PAD)
        x = self.source_dropout(self.embedding(source), training=training)
        return self.encoder(x, padding_mask=mask, training=training), mask

    def decode(self, target, memory, mask, return_scores=False, training=None):
        """Piece ids `(B, T)` to the vectors `(B, T, E)` that give the next pieces."""
        x = self.target_dropout(self.embedding(target), training=training)
        options = {"return_scores": return_scores, "training": training}
        return self.decoder(x, memory, memory_padding_mask=mask, **options)

    def call(self, inputs, training=None):
        source, target = inputs
        memory, mask = self.encode(source, training=training)
        x = self.decode(target, memory, mask, training=training)
        return self.embedding(x, reverse=True)

    def get_config(self):
        return {**super().get_config(), **self.settings}


def build_model(config: Config, vocabulary_size: int) -> Translator:
    """The translator that a resolved `Config` describes, built."""
    names = (*SHAPE, "norm_position", "activation", "dropout", "seed")
    settings = {name: getattr(config, name) for name in names}
    model = Translator(vocabulary_size, **settings, name="translator")
    model.build()
    return model
