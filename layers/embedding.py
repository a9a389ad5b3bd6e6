"""Token embedding that is also the output projection."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="polyhead")
class TokenEmbedding(keras.layers.Layer):
    """Maps token ids to vectors and, with the same weights, vectors to logits.

    `keras.layers.ReversibleEmbedding` does the same with `tie_weights=True`.

    Args:
        vocabulary_size: int. Number of token ids (`input_dim` in Keras).
        hidden_dim: int. Width of the vectors, E (`output_dim` in Keras).
        scale: bool. Whether the vectors are multiplied by `sqrt(hidden_dim)`. Defaults
            to `False`.
        mask_zero: bool. Whether id 0 is padding and makes a Keras mask. Defaults to
            `False`.
        seed: int. Seed of the initial weights. Defaults to `None`.
        **kwargs: Arguments of `keras.layers.Layer`, such as `name` and `dtype`.

    Call arguments:
        inputs: Integer tensor `(B, T)` of ids, or, with `reverse`, tensor `(B, T, E)`
            of vectors.
        reverse: bool. Whether to map vectors to logits. Defaults to `False`.

    Returns:
        Tensor `(B, T, E)` of vectors, or, with `reverse`, tensor
        `(B, T, vocabulary_size)` of logits.

    Example:

    >>> layer = TokenEmbedding(100, 8)
    >>> vectors = layer(np.array([[3, 7, 1]]))
    >>> tuple(layer(vectors, reverse=True).shape)
    (1, 3, 100)

    Reference:
        Press and Wolf, Using the Output Embedding to Improve Language Models,
        https://arxiv.org/abs/1608.05859
    """

    def __init__(
        self,
        vocabulary_size: int,
        hidden_dim: int,
        scale: bool = False,
        mask_zero: bool = False,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.vocabulary_size = vocabulary_size
        self.hidden_dim = hidden_dim
        self.scale = scale
        self.mask_zero = mask_zero
        self.seed = seed
        self.supports_masking = True
        # 0.02 is usual for an embedding; scaled vectors have standard deviation 1.
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
            return previous_mask  # with `reverse`, the inputs are vectors
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
