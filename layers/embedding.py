"""Embeddings: of tokens, which is also the output projection, and of segments."""

import keras
from keras import ops

from .dense import make_dense, make_table
from .parts import check_count
from .rematerialization import RematMethods


@keras.saving.register_keras_serializable(package="polyhead")
class TokenEmbedding(RematMethods, keras.layers.Layer):
    """Maps token ids to vectors and, with the same weights, vectors to logits.

    `keras.layers.ReversibleEmbedding` does the same.

    Args:
        vocabulary_size: int. Number of token ids (`input_dim` in Keras).
        hidden_dim: int. Width of the vectors, E (`output_dim` in Keras).
        scale: bool. Whether the vectors are multiplied by `sqrt(hidden_dim)`. Defaults
            to `False`.
        mask_zero: bool. Whether id 0 is padding and makes a Keras mask. Defaults to
            `False`.
        tie_weights: bool. Whether the logits come from the same weights as the vectors;
            if `False`, they come from weights of their own. Defaults to `True`.
        reverse_dtype: str. Type in which the logits are computed, such as `"float32"`
            in a model that is otherwise bfloat16. Defaults to `None`, which is that of
            the vectors.
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
        tie_weights: bool = True,
        reverse_dtype: str | None = None,
        seed: int | None = None,
        **kwargs,
    ):
        # In bfloat16, which ids of a float tensor would be cast to, 257 is 256.
        super().__init__(autocast=False, **kwargs)
        self.vocabulary_size = vocabulary_size
        self.hidden_dim = hidden_dim
        self.scale = scale
        self.mask_zero = mask_zero
        self.tie_weights = tie_weights
        self.reverse_dtype = reverse_dtype
        self.seed = seed
        self.supports_masking = True
        self._reverses = False
        # 0.02 is usual for an embedding; scaled vectors have standard deviation 1.
        stddev = hidden_dim**-0.5 if scale else 0.02
        self.embedding = make_table(
            vocabulary_size, hidden_dim, seed, self.dtype_policy, "embedding", stddev
        )
        self.projection = None
        if not tie_weights:
            dtype = reverse_dtype or self.dtype_policy
            self.projection = make_dense(
                vocabulary_size, seed, dtype, "projection", use_bias=False
            )

    @property
    def compute_dtype(self):
        # keras.Sequential casts its inputs to that of its first layer, and these are
        # ids. The vectors have the type of the inner layer.
        return "float32"

    def build(self, input_shape):
        self.embedding.build(input_shape)
        if self.projection is not None:
            self.projection.build((None, self.hidden_dim))

    def __call__(self, inputs, reverse=False, **kwargs):
        # Keras does not tell `compute_mask`, and the type does not: ids may be floats.
        self._reverses = reverse
        try:
            return super().__call__(inputs, reverse=reverse, **kwargs)
        finally:
            self._reverses = False

    def call(self, inputs, reverse=False):
        if reverse:
            dtype = self.reverse_dtype or self.embedding.compute_dtype
            inputs = ops.cast(inputs, dtype)
            if self.projection is not None:
                return self.projection(inputs)
            self._check_not_quantized()
            table = ops.cast(self.embedding.embeddings, dtype)
            return ops.matmul(inputs, ops.transpose(table))
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
        dtype = self.embedding.compute_dtype
        if reverse and self.reverse_dtype:
            dtype = self.reverse_dtype
        return keras.KerasTensor(shape, dtype=dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "hidden_dim": self.hidden_dim,
            "scale": self.scale,
            "mask_zero": self.mask_zero,
            "tie_weights": self.tie_weights,
            "reverse_dtype": self.reverse_dtype,
            "seed": self.seed,
        }


@keras.saving.register_keras_serializable(package="polyhead")
class SegmentEmbedding(RematMethods, keras.layers.Layer):
    """Adds a learned vector for the segment of each position to its input.

    A segment is a part of the input with a role: a question and the text that answers
    it, or the turns of a dialogue. In KerasHub this is a `keras.layers.Embedding`
    beside the token embedding, whose output has no mask.

    Args:
        num_segments: int. Number of segments.
        seed: int. Seed of the initial vectors. Defaults to `None`.
        **kwargs: Arguments of `keras.layers.Layer`, such as `name` and `dtype`.

    Call arguments:
        x: Tensor `(B, T, E)`, whose Keras mask the output keeps.
        segment_ids: Integer tensor `(B, T)`, each from 0 to `num_segments - 1`.

    Returns:
        Tensor `(B, T, E)`.

    Example:

    >>> layer = SegmentEmbedding(2)
    >>> x, segment_ids = np.zeros((1, 3, 4), "float32"), np.array([[0, 0, 1]])
    >>> y = layer(x, segment_ids).numpy()
    >>> bool((y[0, 0] == y[0, 1]).all()), bool((y[0, 0] == y[0, 2]).all())
    (True, False)

    Reference:
        Devlin et al., BERT, section 3, https://arxiv.org/abs/1810.04805
    """

    def __init__(self, num_segments: int, seed: int | None = None, **kwargs):
        super().__init__(autocast=False, **kwargs)
        check_count("num_segments", num_segments)
        self.num_segments = num_segments
        self.seed = seed
        self.supports_masking = True

    def build(self, x_shape, segment_ids_shape=None):
        self.embedding = make_table(
            self.num_segments, x_shape[-1], self.seed, self.dtype_policy, "embedding"
        )
        self.embedding.build((None, None))

    def call(self, x, segment_ids):
        vectors = self.embedding(ops.cast(segment_ids, "int32"))
        return ops.cast(x, self.compute_dtype) + vectors

    def compute_output_shape(self, x_shape, segment_ids_shape=None):
        return x_shape

    def compute_output_spec(self, x, segment_ids):
        return keras.KerasTensor(x.shape, dtype=self.compute_dtype)

    def get_config(self):
        config = super().get_config()
        return {**config, "num_segments": self.num_segments, "seed": self.seed}
