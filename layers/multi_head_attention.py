"""Multi-head attention: self and cross, cached, windowed, with positions."""

import keras
from keras import ops

from .attention import attention
from .biases import combine_biases
from .cached_attention import CachedAttention
from .masks import (
    check_mask,
    choose_padding_mask,
    combine_masks,
    hide_padding,
    key_mask,
    query_key_mask,
)
from .windows import windowed_attention


@keras.saving.register_keras_serializable(package="polyhead")
class MultiHeadAttention(CachedAttention):
    """Multi-head attention.

    Without a `memory` this is self-attention, with one cross-attention; the memory may
    have another width. This layer takes the place of `keras.layers.MultiHeadAttention`,
    `keras.layers.GroupQueryAttention` and `keras_hub.layers.CachedMultiHeadAttention`.

    All masks are boolean and True means attend. They are combined with a logical and. A
    query that may attend to no key gets zeros. An explicit padding mask replaces the
    Keras mask of the input, which is passed on to the output.

    Args:
        num_heads: int. Number of query heads, H (`num_query_heads` in
            `GroupQueryAttention`).
        head_dim: int. Size of a head (`key_dim` in Keras's `MultiHeadAttention`).
            Defaults to `None`, which is the width of the input over `num_heads`.
        num_kv_heads: int. Number of key and value heads, a divisor of `num_heads`
            (`num_key_value_heads` in `GroupQueryAttention`). This is grouped-query
            attention, or multi-query attention with 1. Defaults to `None`, which is
            `num_heads`.
        causal: bool. Whether a query attends to no later position (`use_causal_mask` in
            the calls of Keras's layers). Defaults to `False`.
        sliding_window: int. A query attends only to keys less than this many positions
            away. The cost then grows linearly with the length. Defaults to `None`.
        rotary: `RotaryPositions` layer for queries and keys. Defaults to `None`.
        position_bias: `LinearBias` or `RelativeBias` layer whose output is added to the
            logits. Defaults to `None`.
        use_bias: bool. Whether the projections have a bias. Defaults to `True`.
        dropout: float. Dropout rate on the attention weights. Defaults to `0.0`.
        qk_norm: bool. Whether the queries and keys of each head are normalised
            (`RMSNormalization`), which keeps the logits small. Defaults to `False`.
        logit_soft_cap: float. Limit c of the attention logits, which become
            `c * tanh(logit / c)`. Defaults to `None`.
        seed: int. Seed of the initial weights and of dropout. Defaults to `None`.
        **kwargs: Arguments of `keras.layers.Layer`, such as `name` and `dtype`.

    Call arguments:
        query: Tensor `(B, T, E)`.
        memory: Tensor `(B, S, M)` of keys and values (`value` in Keras's layers).
            Defaults to `None`, which is `query`.
        padding_mask: Boolean tensor `(B, S)`; True = a key to attend to. Defaults to
            `None`, which is the Keras mask of the memory.
        attention_mask: Boolean tensor `(B, T, S)`; True = attend. Defaults to `None`.
        attention_bias: Tensor that broadcasts to `(B, H, T, S)`, added to the logits.
            Defaults to `None`.
        return_scores: bool. Whether to return the attention weights too
            (`return_attention_scores` in Keras's layers). Defaults to `False`.
        training: bool. Whether dropout is active. Defaults to `None`: as in the layer
            that calls this one.

    Returns:
        Tensor `(B, T, E)`; with `return_scores`, a tuple of it and the attention
        weights `(B, H, T, S)` in float32.

    Raises:
        ValueError: If `num_heads` is not a multiple of `num_kv_heads`, or the width of
            the input is not a multiple of `num_heads` and `head_dim` is `None`; if a
            mask is of floats or of another shape.

    Example:

    >>> layer = MultiHeadAttention(num_heads=4, num_kv_heads=2, causal=True)
    >>> output, scores = layer(np.ones((2, 5, 16), "float32"), return_scores=True)
    >>> tuple(output.shape), tuple(scores.shape)
    ((2, 5, 16), (2, 4, 5, 5))

    Reference:
        Vaswani et al., Attention Is All You Need, https://arxiv.org/abs/1706.03762
        Ainslie et al., GQA, https://arxiv.org/abs/2305.13245
        Dehghani et al., Scaling Vision Transformers to 22 Billion Parameters, section 2
        (normalised queries and keys), https://arxiv.org/abs/2302.05442
        Gemma Team, Gemma 2, section 2 (soft cap), https://arxiv.org/abs/2408.00118
    """

    def call(
        self,
        query,
        memory=None,
        padding_mask=None,
        attention_mask=None,
        attention_bias=None,
        return_scores=False,
        training=None,
        query_mask=None,
        memory_mask=None,
        mask=None,
    ):
        keras_masks = (query_mask, mask) if memory is None else (memory_mask,)
        padding_mask = choose_padding_mask(padding_mask, *keras_masks)
        _check_masks(query, memory, padding_mask, attention_mask)
        heads = self.project_query(query)
        seen = hide_padding(query if memory is None else memory, padding_mask)
        key, value = self.project_keys(seen)
        dropout = self._weight_dropout(training)
        plain = attention_mask is None and attention_bias is None and not return_scores
        if plain and self._window_saves(query, memory):
            output = windowed_attention(
                heads,
                key,
                value,
                self.sliding_window,
                causal=self.causal,
                padding_mask=padding_mask,
                position_bias=self.position_bias,
                dropout=dropout,
                soft_cap=self.logit_soft_cap,
            )
            return self.project_output(output)
        query_length, key_length = ops.shape(query)[1], ops.shape(key)[2]
        output, scores = attention(
            heads,
            key,
            value,
            mask=combine_masks(
                self._position_mask(query_length, key_length),
                key_mask(padding_mask),
                query_key_mask(attention_mask),
            ),
            bias=combine_biases(
                self._position_bias(query_length, key_length), attention_bias
            ),
            dropout=dropout,
            soft_cap=self.logit_soft_cap,
        )
        output = self.project_output(output)
        return (output, scores) if return_scores else output

    def _weight_dropout(self, training):
        if not self.dropout:
            return None
        return lambda scores: self.dropout_layer(scores, training=training)

    def _window_saves(self, query, memory):
        """Whether attention inside windows costs less than attention in full."""
        if self.sliding_window is None or memory is not None:
            return False
        length = query.shape[1]  # JAX has lengths that are neither known nor None
        return not isinstance(length, int) or length > 2 * self.sliding_window

    def compute_output_shape(self, query_shape, memory_shape=None):
        return query_shape

    def compute_output_spec(
        self,
        query,
        memory=None,
        padding_mask=None,
        attention_mask=None,
        attention_bias=None,
        return_scores=False,
        **kwargs,
    ):
        _check_masks(query, memory, padding_mask, attention_mask)
        output = keras.KerasTensor(query.shape, dtype=self.compute_dtype)
        if not return_scores:
            return output
        memory = query if memory is None else memory
        shape = (query.shape[0], self.num_heads, query.shape[1], memory.shape[1])
        return output, keras.KerasTensor(shape, dtype="float32")


def _check_masks(query, memory, padding_mask, attention_mask):
    batch, query_length = query.shape[:2]
    key_length = query_length if memory is None else memory.shape[1]
    check_mask(padding_mask, "padding_mask", batch, key_length)
    check_mask(attention_mask, "attention_mask", batch, query_length, key_length)
