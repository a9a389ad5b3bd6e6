"""A head that writes symbols of its own or copies those of the source."""

import keras
from keras import ops

from .dense import make_dense
from .masks import check_mask
from .rematerialization import RematMethods

LEAST = 1e-10  # probability of what neither writing nor copying gives


@keras.saving.register_keras_serializable(package="polyhead")
class PointerHead(RematMethods, keras.layers.Layer):
    """Mixes the symbols that a decoder writes with those that it copies.

    The attention weights over a memory say which of its symbols are copied: a name, a
    number, a word that is in no training text. A learned share between 0 and 1, from
    the decoder's vector, weighs copying against writing. Keras and KerasHub have no
    such layer.

    Args:
        seed: int. Seed of the initial weights. Defaults to `None`.
        **kwargs: Arguments of `keras.layers.Layer`, such as `name` and `dtype`.

    Call arguments:
        x: Tensor `(B, T, E)`, the decoder's vectors.
        logits: Tensor `(B, T, V)` of the symbols that are written.
        scores: Tensor `(B, T, S)`, attention weights over the memory, or `(B, H, T, S)`
            of several heads, whose mean is used: the `cross_scores` of a `Decoder`.
        memory_ids: Integer tensor `(B, S)`, the symbols of the memory.
        memory_padding_mask: Boolean tensor `(B, S)`; True = may be copied. Defaults to
            `None`.

    Returns:
        Float32 tensor `(B, T, V)` of log-probabilities, which are logits, too: a loss
        from logits and all decoding take them.

    Raises:
        ValueError: If the mask is of floats or has another shape.

    Example:

    >>> head = PointerHead()
    >>> x, logits = np.ones((1, 2, 4), "float32"), np.zeros((1, 2, 9), "float32")
    >>> scores = np.array([[[1, 0, 0], [0, 0, 1]]], "float32")
    >>> output = head(x, logits, scores, memory_ids=np.array([[5, 7, 8]]))
    >>> output.numpy().argmax(axis=-1)
    array([[5, 8]])

    Reference:
        See et al., Get To The Point, section 2.2, https://arxiv.org/abs/1704.04368
    """

    def __init__(self, seed: int | None = None, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.seed = seed
        self.supports_masking = True

    def build(self, x_shape, *shapes, **named_shapes):
        self.share = make_dense(1, self.seed, self.dtype_policy, "share")
        self.share.build(x_shape)

    def call(self, x, logits, scores, memory_ids, memory_padding_mask=None):
        check_mask(memory_padding_mask, "memory_padding_mask", *memory_ids.shape)
        scores = ops.cast(scores, "float32")
        if len(scores.shape) == 4:
            scores = ops.mean(scores, axis=1)
        if memory_padding_mask is not None:
            keep = ops.expand_dims(ops.cast(memory_padding_mask, "bool"), 1)
            scores = ops.where(keep, scores, 0.0)
        logits = ops.cast(logits, "float32")
        symbols = ops.one_hot(ops.cast(memory_ids, "int32"), logits.shape[-1])
        copied = ops.matmul(scores, ops.cast(symbols, "float32"))  # (B, T, V)
        share = ops.sigmoid(ops.cast(self.share(x), "float32"))  # (B, T, 1)
        # What cannot be copied is written: weights over an empty memory are zeros.
        rest = 1.0 - share * ops.sum(scores, axis=-1, keepdims=True)
        mixed = rest * ops.softmax(logits, axis=-1) + share * copied
        return ops.log(mixed + LEAST)

    def compute_output_shape(self, x_shape, logits_shape, *shapes, **named_shapes):
        return logits_shape

    def compute_output_spec(self, x, logits, *inputs, **named_inputs):
        return keras.KerasTensor(logits.shape, dtype="float32")

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}
