"""Token embedding that is also the output projection."""

import keras
from keras import ops

from .rematerialization import RematMethods


@keras.saving.register_keras_serializable(package="polyhead")
class TokenEmbedding(RematMethods, keras.layers.Layer):
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

    Raises:
        ValueError: With `reverse`, if Keras has quantized the layer.

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
        # In bfloat16, which ids of a float tensor would be cast to, 257 is 256.
        super().__init__(autocast=False, **kwargs)
        self.vocabulary_size = vocabulary_size
        self.hidden_dim = hidden_dim
        self.scale = scale
        self.mask_zero = mask_zero
        self.seed = seed
        self.supports_masking = True
        self._reverses = False
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

    @property
    def compute_dtype(self):
        # keras.Sequential casts its inputs to that of its first layer. The vectors
        # have the type of the inner layer.
        return self.variable_dtype

    def build(self, input_shape):
        self.embedding.build(input_shape)

    def __call__(self, inputs, reverse=False, **kwargs):
        # Keras does not tell `compute_mask`, and the type does not: ids may be floats.
        self._reverses = reverse
        try:
            return super().__call__(inputs, reverse=reverse, **kwargs)
        finally:
            self._reverses = False

    def call(self, inputs, reverse=False):
        if reverse:
            self._check_not_quantized()
            table = ops.cast(self.embedding.embeddings, self.embedding.compute_dtype)
            return ops.matmul(ops.cast(inputs, table.dtype), ops.transpose(table))
        vectors = self.embedding(ops.cast(inputs, "int32"))
        return vectors * self.hidden_dim**0.5 if self.scale else vectors

    def _check_not_quantized(self):
        if getattr(self.embedding, "quantization_mode", None) is not None:
            raise ValueError(
                f"{self.name!r} is quantized by Keras, and its weights are the output "
                "projection too, for which Keras has no quantized form. Leave out "
                "quantize(): the TFLite export makes int8 files."
            )

    def compute_mask(self, inputs, previous_mask=None):
        if not self.mask_zero or self._reverses:
            return previous_mask
        return ops.not_equal(inputs, 0)

    def compute_output_shape(self, input_shape, reverse=False):
        if reverse:
            return (*input_shape[:-1], self.vocabulary_size)
        return (*input_shape, self.hidden_dim)

    def compute_output_spec(self, inputs, reverse=False):
        shape = self.compute_output_shape(inputs.shape, reverse)
        return keras.KerasTensor(shape, dtype=self.embedding.compute_dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "hidden_dim": self.hidden_dim,
            "scale": self.scale,
            "mask_zero": self.mask_zero,
            "seed": self.seed,
        }
