"""Pooling of a sequence of vectors to one vector."""

import keras
from keras import ops

from .attention import masked_softmax
from .dense import make_dense
from .masks import check_mask, choose_padding_mask
from .rematerialization import RematMethods

MODES = ("mean", "max", "attention", "first", "last")
ENDS = {"first": 0, "last": -1}


@keras.saving.register_keras_serializable(package="polyhead")
class MaskedPooling(RematMethods, keras.layers.Layer):
    """Pools the vectors of each sequence that a mask keeps.

    `"mean"` does the same as `keras.layers.GlobalAveragePooling1D`. `"max"` does the
    same as `keras.layers.GlobalMaxPooling1D`, which ignores masks. A sequence of which
    the mask keeps nothing gives zeros.

    Args:
        mode: str. `"mean"`, `"max"`, `"attention"` (a mean with learned weights, also
            called sequence pooling), `"first"` or `"last"` (the first or last vector
            that the mask keeps). Defaults to `"mean"`.
        seed: int. Seed of the initial weights of `"attention"`. Defaults to `None`.
        **kwargs: Arguments of `keras.layers.Layer`, such as `name` and `dtype`.

    Call arguments:
        x: Tensor `(B, T, E)`.
        padding_mask: Boolean tensor `(B, T)`; True = real. Defaults to `None`, which is
            the Keras mask of `x`.

    Returns:
        Tensor `(B, E)`.

    Raises:
        ValueError: If `mode` is unknown.

    Example:

    >>> x = np.array([[[1.0], [3.0], [9.0]]])
    >>> MaskedPooling("mean")(x, padding_mask=np.array([[1, 1, 0]], bool)).numpy()
    array([[2.]], dtype=float32)

    Reference:
        Hassani et al., Escaping the Big Data Paradigm with Compact Transformers,
        section 3.2 (sequence pooling), https://arxiv.org/abs/2104.05704
    """

    def __init__(self, mode: str = "mean", seed: int | None = None, **kwargs):
        super().__init__(**kwargs)
        if mode not in MODES:
            raise ValueError(f"mode must be one of {MODES}, not {mode!r}.")
        self.mode = mode
        self.seed = seed
        self.supports_masking = True

    def build(self, input_shape):
        if self.mode == "attention":
            self.score = make_dense(1, self.seed, self.dtype_policy, "score")
            self.score.build(input_shape)

    def call(self, x, padding_mask=None, mask=None, x_mask=None):
        padding_mask = choose_padding_mask(padding_mask, mask, x_mask)
        check_mask(padding_mask, "padding_mask", *x.shape[:2])
        if padding_mask is not None:
            padding_mask = ops.expand_dims(ops.cast(padding_mask, "bool"), 2)
        if self.mode == "max":
            return _maximum(x, padding_mask)
        if self.mode in ENDS and padding_mask is None:
            return x[:, ENDS[self.mode]]
        if padding_mask is not None:
            x = ops.where(padding_mask, x, ops.zeros_like(x))
        weights = self._weights(x, padding_mask)  # (B, T, 1)
        pooled = ops.sum(ops.cast(x, "float32") * weights, axis=1)
        return ops.cast(pooled, self.compute_dtype)

    def _weights(self, x, mask):
        if self.mode == "attention":
            logits = ops.transpose(self.score(x), (0, 2, 1))
            mask = None if mask is None else ops.transpose(mask, (0, 2, 1))
            return ops.transpose(masked_softmax(logits, mask), (0, 2, 1))
        if mask is None:
            return 1.0 / ops.cast(ops.shape(x)[1], "float32")
        if self.mode in ENDS:
            kept = ops.cast(mask, "int32")
            count = ops.cumsum(kept, axis=1)  # 1 at the first that is kept
            if self.mode == "last":
                count = ops.sum(kept, axis=1, keepdims=True) - count + kept
            mask = ops.logical_and(mask, count == 1)
        keep = ops.cast(mask, "float32")
        return keep / ops.maximum(ops.sum(keep, axis=1, keepdims=True), 1.0)

    def compute_mask(self, inputs, previous_mask=None):
        return None

    def compute_output_shape(self, x_shape, padding_mask_shape=None):
        return (x_shape[0], x_shape[-1])

    def get_config(self):
        return {**super().get_config(), "mode": self.mode, "seed": self.seed}


def _maximum(x, mask):
    if mask is None:
        return ops.max(x, axis=1)
    # Hidden entries are set just below the smallest kept one: finite in float16, too.
    kept = ops.where(mask, x, ops.zeros_like(x))
    floor = ops.stop_gradient(ops.min(kept, axis=1, keepdims=True)) - 1.0
    maximum = ops.max(ops.where(mask, x, floor), axis=1)
    return maximum * ops.cast(ops.any(mask, axis=1), x.dtype)
