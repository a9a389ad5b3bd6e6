"""Token embedding, tied to the output projection."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="polyhead")
class TokenEmbedding(keras.layers.Layer):
    """Maps ids to vectors and, with the same table, vectors to logits.

    Args:
        vocabulary_size: Number of ids.
        hidden_dim: Width of the vectors, E.
        scale: Whether vectors are multiplied by `sqrt(hidden_dim)`.
        mask_zero: Whether id 0 is padding, and a Keras mask is made of it.
        seed: Seed of the initial table.

    Call arguments:
        inputs: Ids `(B, T)`; with `reverse`, vectors `(B, T, E)`.
        reverse: Whether to map vectors to logits.

    Returns:
        Vectors `(B, T, E)`; with `reverse`, logits `(B, T, vocabulary_size)`.

    Example:

    >>> layer = TokenEmbedding(100, 8)
    >>> vectors = layer(np.array([[3, 7, 1]]))
    >>> tuple(layer(vectors, reverse=True).shape)
    (1, 3, 100)

    Reference:
        Press and Wolf, https://arxiv.org/abs/1608.05859
    """

    def __init__(
        self,
        vocabulary_size,
        hidden_dim,
        scale=False,
        mask_zero=False,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.vocabulary_size = vocabulary_size
        self.hidden_dim = hidden_dim
        self.scale = scale
        self.mask_zero = mask_zero
        self.seed = seed
        self.supports_masking = True
        # The usual deviation of a table; scaled vectors come out at deviation 1.
        stddev = hidden_dim**-0.5 if scale else 0.02
        self.embedding = keras.layers.Embedding(
            vocabulary_size,
            hidden_dim,
            embeddings_initializer=keras.initializers.RandomNormal(
                stddev=stddev, seed=seed
            ),
            dtype=self.dtype_policy,
            name="embedding",
        )

    def build(self, input_shape):
        self.embedding.build(input_shape)

    def call(self, inputs, reverse=False):
        if reverse:
            table = ops.cast(self.embedding.embeddings, self.compute_dtype)
            return ops.matmul(inputs, ops.transpose(table))
        vectors = self.embedding(inputs)
        return vectors * self.hidden_dim**0.5 if self.scale else vectors

    def compute_mask(self, inputs, previous_mask=None):
        if not self.mask_zero or keras.backend.is_float_dtype(inputs.dtype):
            return previous_mask  # in reverse, the inputs are vectors
        return ops.not_equal(inputs, 0)

    def compute_output_shape(self, input_shape, reverse=False):
        if reverse:
            return (*input_shape[:-1], self.vocabulary_size)
        return (*input_shape, self.hidden_dim)

    def compute_output_spec(self, inputs, reverse=False):
        shape = self.compute_output_shape(inputs.shape, reverse)
        return keras.KerasTensor(shape, dtype=self.compute_dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "hidden_dim": self.hidden_dim,
            "scale": self.scale,
            "mask_zero": self.mask_zero,
            "seed": self.seed,
        }
