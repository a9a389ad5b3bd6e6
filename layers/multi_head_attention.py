"""Multi-head attention: self and cross, cached, windowed, with positions."""

import keras
from keras import ops

from .attention import attention
from .attention_heads import AttentionHeads
from .biases import combine_biases
from .caches import count_beams, make_cache, write_cache
from .masks import (
    choose_padding_mask,
    combine_masks,
    key_mask,
    position_mask,
    query_key_mask,
    repeat_keys,
)
from .tensors import Tensor
from .windows import windowed_attention


@keras.saving.register_keras_serializable(package="polyhead")
class MultiHeadAttention(AttentionHeads):
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
            the input is not a multiple of `num_heads` and `head_dim` is `None`.

    Example:

    >>> layer = MultiHeadAttention(num_heads=4, num_kv_heads=2, causal=True)
    >>> output, scores = layer(np.ones((2, 5, 16), "float32"), return_scores=True)
    >>> tuple(output.shape), tuple(scores.shape)
    ((2, 5, 16), (2, 4, 5, 5))

    Reference:
        Vaswani et al., Attention Is All You Need, https://arxiv.org/abs/1706.03762
        Ainslie et al., GQA, https://arxiv.org/abs/2305.13245
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
        heads = self.project_query(query)
        key, value = self.project_memory(query if memory is None else memory)
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
        return query.shape[1] is None or query.shape[1] > 2 * self.sliding_window

    def _position_mask(self, query_length, key_length, offset=0):
        window = self.sliding_window
        return position_mask(query_length, key_length, self.causal, window, offset)

    def _position_bias(self, query_length, key_length, offset=0):
        if self.position_bias is None:
            return None
        return self.position_bias(query_length, key_length, offset=offset)

    def make_cache(
        self, batch_size: int, max_length: int, beams: int = 1
    ) -> tuple[Tensor, Tensor]:
        """Returns the empty cache for the first `step`.

        Args:
            batch_size: int. Number of examples, B.
            max_length: int. Number of positions.
            beams: int. Number of hypotheses of each example. Defaults to `1`.

        Returns:
            A tuple of keys and values, each `(B, K, S, head_dim)` with K key heads and
            `S = max_length * beams` slots, one for each hypothesis at each position.

        Raises:
            ValueError: If the layer is not built.
        """
        if not self.built:
            raise ValueError(
                f"Build {self.name!r} (call it once) before its make_cache."
            )
        slots = max_length * beams
        return make_cache(
            batch_size, self.key_heads, slots, self.head_size, self.compute_dtype
        )

    def step(
        self,
        query: Tensor,
        cache: tuple[Tensor, Tensor],
        position: int | Tensor,
        padding_mask: Tensor | None = None,
        return_scores: bool = False,
        attention_bias: Tensor | None = None,
        attention_mask: Tensor | None = None,
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Attends from one new position to itself and to earlier positions.

        Beam search has N hypotheses for each example, all at the same position.
        Hypothesis n at position t is written into slot `t * N + n` of the cache and
        stays there. `attention_mask` tells which slots belong to the history of each
        hypothesis, so the cache is never reordered.

        Args:
            query: Tensor `(B, N, E)`. N is 1 except in beam search.
            cache: Tuple that `make_cache` (with `beams=N`) or the previous step
                returned, with S slots.
            position: int or int32 scalar tensor. Position of the query.
            padding_mask: Boolean tensor `(B, S)`; True = attend. Defaults to `None`.
            return_scores: bool. Whether to return the attention weights too. Defaults
                to `False`.
            attention_bias: Tensor that broadcasts to `(B, H, N, S)`. Defaults to
                `None`.
            attention_mask: Boolean tensor `(B, N, S)`; True = the slot belongs to the
                history of the hypothesis, as its own slot at `position` does. Needed
                if N is above 1. Defaults to `None`.

        Returns:
            A tuple of the output and the new cache. The output is a tensor `(B, N, E)`,
            or, with `return_scores`, a tuple of it and the weights `(B, H, N, S)`.

        Raises:
            ValueError: If the layer is not causal, if `position` is an int outside the
                cache, or if N does not fit the cache or the mask.
        """
        if not self.causal:
            raise ValueError(
                f"{self.name!r} is not causal, so its first outputs depend on later "
                "positions. Make it with causal=True to run it step by step."
            )
        beams = count_beams(query, cache[0], attention_mask)
        key, value = self.project_memory(query, offset=position, beams=beams)
        cache = (
            write_cache(cache[0], key, position * beams),
            write_cache(cache[1], value, position * beams),
        )
        length = ops.shape(cache[0])[2] // beams
        output, scores = attention(
            self.project_query(query, offset=position, beams=beams),
            *cache,
            mask=combine_masks(
                repeat_keys(self._position_mask(1, length, position), beams),
                key_mask(padding_mask),
                query_key_mask(attention_mask),
            ),
            bias=combine_biases(
                repeat_keys(self._position_bias(1, length, position), beams),
                attention_bias,
            ),
        )
        output = self.project_output(output)
        return ((output, scores) if return_scores else output), cache

    def attend_memory(
        self,
        query: Tensor,
        memory_cache: tuple[Tensor, Tensor],
        padding_mask: Tensor | None = None,
        return_scores: bool = False,
    ) -> Tensor:
        """Attends to the keys and values that `project_memory` returned.

        The arguments and results are otherwise those of `call`.
        """
        output, scores = attention(
            self.project_query(query), *memory_cache, mask=key_mask(padding_mask)
        )
        output = self.project_output(output)
        return (output, scores) if return_scores else output

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
        output = keras.KerasTensor(query.shape, dtype=self.compute_dtype)
        if not return_scores:
            return output
        memory = query if memory is None else memory
        shape = (query.shape[0], self.num_heads, query.shape[1], memory.shape[1])
        return output, keras.KerasTensor(shape, dtype="float32")
