"""Multi-head attention: self and cross, cached, windowed, with positions."""

import keras
from keras import ops

from .attention import attention
from .caches import make_cache, write_cache
from .lora import LoraMethods
from .masks import (
    causal_mask,
    combine_masks,
    key_mask,
    query_key_mask,
    repeat_keys,
    window_mask,
)
from .seeds import split_seed
from .windows import windowed_attention


@keras.saving.register_keras_serializable(package="polyhead")
class MultiHeadAttention(LoraMethods, keras.layers.Layer):
    """Multi-head attention.

    Self-attention without a `memory`, cross-attention with one, which may have another
    width. All masks are boolean and True means attend; they are joined with a logical
    and. A query that may see no key gets zeros. An explicit padding mask wins over the
    Keras mask of the input, which is read and passed on.

    Args:
        num_heads: Number of query heads, H.
        head_dim: Size of a head; the input's width over `num_heads` if `None`.
        num_kv_heads: Number of key and value heads, a divisor of `num_heads`:
            grouped-query attention, or multi-query with 1. As many as query heads if
            `None`.
        causal: Whether a query sees no later position.
        sliding_window: Window w: a query sees the keys closer than w, itself included
            (if causal, none that is later). The cost grows linearly with the length.
        rotary: A `RotaryPositions` layer, or `None`.
        position_bias: A `LinearBias` or `RelativeBias` layer, or `None`.
        use_bias: Whether the projections have a bias.
        dropout: Share of attention weights dropped in training.
        seed: Seed of the initial weights and of the dropout.

    Call arguments:
        query: Tensor `(B, T, E)`.
        memory: Tensor `(B, S, M)` for cross-attention; the query itself if `None`.
        padding_mask: Boolean `(B, S)`: which keys are real.
        attention_mask: Boolean `(B, T, S)`: which query sees which key.
        attention_bias: Tensor that broadcasts to `(B, H, T, S)`, added to the logits.
        return_scores: Whether to return the attention weights as well.
        training: Whether dropout is active.

    Returns:
        Tensor `(B, T, E)`; with `return_scores` a tuple of it and the weights
        `(B, H, T, S)` in float32.

    Raises:
        ValueError: If widths and heads do not divide.

    Example:

    >>> layer = MultiHeadAttention(num_heads=4, num_kv_heads=2, causal=True)
    >>> output, scores = layer(np.ones((2, 5, 16), "float32"), return_scores=True)
    >>> tuple(output.shape), tuple(scores.shape)
    ((2, 5, 16), (2, 4, 5, 5))

    Reference:
        Vaswani et al., Attention Is All You Need, https://arxiv.org/abs/1706.03762
        Ainslie et al., GQA, https://arxiv.org/abs/2305.13245
    """

    def __init__(
        self,
        num_heads,
        head_dim=None,
        num_kv_heads=None,
        causal=False,
        sliding_window=None,
        rotary=None,
        position_bias=None,
        use_bias=True,
        dropout=0.0,
        seed=None,
        **kwargs,
    ):
        # Biases and masks keep their type; the dense layers cast what they take.
        super().__init__(autocast=False, **kwargs)
        if num_kv_heads is not None and num_heads % num_kv_heads:
            raise ValueError(
                f"num_heads {num_heads} is not a multiple of num_kv_heads "
                f"{num_kv_heads}."
            )
        if sliding_window is not None and sliding_window < 1:
            raise ValueError(f"sliding_window must be 1 or more, not {sliding_window}.")
        self.num_heads = num_heads
        self.head_dim = head_dim
        self.num_kv_heads = num_kv_heads
        self.causal = causal
        self.sliding_window = sliding_window
        self.rotary = rotary
        self.position_bias = position_bias
        self.use_bias = use_bias
        self.dropout = dropout
        self.seed = seed
        self.supports_masking = True
        *self.dense_seeds, dropout_seed = split_seed(seed, 5)
        self.dropout_layer = keras.layers.Dropout(
            dropout, seed=dropout_seed, dtype=self.dtype_policy, name="dropout"
        )

    def build(self, query_shape, memory_shape=None):
        width = query_shape[-1]
        if self.head_dim is None and width % self.num_heads:
            raise ValueError(
                f"The hidden size {width} is not a multiple of num_heads "
                f"{self.num_heads}. Change one of them, or give head_dim."
            )
        self.depth = self.head_dim or width // self.num_heads
        self.groups = self.num_kv_heads or self.num_heads
        memory_shape = memory_shape or query_shape
        inner_shape = (*query_shape[:-1], self.num_heads * self.depth)
        seeds = self.dense_seeds
        kv_units = self.groups * self.depth
        self.query_dense = self._dense(inner_shape[-1], seeds[0], "query")
        self.key_dense = self._dense(kv_units, seeds[1], "key")
        self.value_dense = self._dense(kv_units, seeds[2], "value")
        self.output_dense = self._dense(width, seeds[3], "output")
        self.query_dense.build(query_shape)
        self.key_dense.build(memory_shape)
        self.value_dense.build(memory_shape)
        self.output_dense.build(inner_shape)
        if self.rotary is not None and not self.rotary.built:
            self.rotary.build((None, self.num_heads, None, self.depth))
        if self.position_bias is not None and not self.position_bias.built:
            self.position_bias.build()

    def _dense(self, units, seed, name):
        return keras.layers.Dense(
            units,
            use_bias=self.use_bias,
            kernel_initializer=keras.initializers.GlorotUniform(seed),
            dtype=self.dtype_policy,
            name=name,
        )

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
        if padding_mask is None:
            # Keras fills in `mask` for one tensor argument, the others for several.
            own_mask = query_mask if query_mask is not None else mask
            padding_mask = own_mask if memory is None else memory_mask
        heads = self._project_query(query)
        key, value = self.project_memory(query if memory is None else memory)
        dropout = self._weight_dropout(training)
        in_full = attention_mask is not None or attention_bias is not None
        if self._window_pays(query, memory) and not in_full and not return_scores:
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
            return self._merge_heads(output)
        length, size = ops.shape(query)[1], ops.shape(key)[2]
        output, scores = attention(
            heads,
            key,
            value,
            mask=combine_masks(
                self._position_mask(length, size, 0),
                key_mask(padding_mask),
                query_key_mask(attention_mask),
            ),
            bias=self._bias(length, size, 0, attention_bias),
            dropout=dropout,
        )
        output = self._merge_heads(output)
        return (output, scores) if return_scores else output

    def _project_query(self, query, offset=0, beams=1):
        heads = self._split_heads(self.query_dense(query), self.num_heads)
        return self._rotate(heads, offset, beams)

    def project_memory(self, memory, offset=0, beams=1):
        """Returns the keys and values of `memory`, each `(B, K, S, head_dim)`."""
        key = self._split_heads(self.key_dense(memory), self.groups)
        value = self._split_heads(self.value_dense(memory), self.groups)
        return self._rotate(key, offset, beams), value

    def _rotate(self, heads, offset, beams):
        if self.rotary is None:
            return heads
        if beams == 1:
            return self.rotary(heads, offset=offset)
        # All hypotheses are at one position: they join the heads.
        count = heads.shape[1]
        heads = ops.reshape(heads, (-1, count * beams, 1, self.depth))
        heads = self.rotary(heads, offset=offset)
        return ops.reshape(heads, (-1, count, beams, self.depth))

    def _split_heads(self, x, heads):
        # (B, T, heads * D) -> (B, heads, T, D)
        x = ops.reshape(x, (-1, ops.shape(x)[1], heads, self.depth))
        return ops.transpose(x, (0, 2, 1, 3))

    def _merge_heads(self, x):
        # (B, H, T, D) -> (B, T, H * D) -> (B, T, E)
        x = ops.transpose(x, (0, 2, 1, 3))
        x = ops.reshape(x, (-1, ops.shape(x)[1], self.num_heads * self.depth))
        return self.output_dense(x)

    def _weight_dropout(self, training):
        if not self.dropout:
            return None
        return lambda scores: self.dropout_layer(scores, training=training)

    def _window_pays(self, query, memory):
        if self.sliding_window is None or memory is not None:
            return False
        return query.shape[1] is None or query.shape[1] > 2 * self.sliding_window

    def _position_mask(self, length, size, offset):
        if self.sliding_window is not None:
            return window_mask(length, size, self.sliding_window, self.causal, offset)
        return causal_mask(length, size, offset) if self.causal else None

    def _bias(self, length, size, offset, attention_bias, beams=1):
        if self.position_bias is None:
            return attention_bias
        bias = repeat_keys(self.position_bias(length, size, offset=offset), beams)
        if attention_bias is None:
            return bias
        return bias + ops.cast(attention_bias, "float32")

    def make_cache(self, batch_size, max_length, beams=1):
        """Returns empty keys and values for `step`, each `(B, K, S, head_dim)`.

        S is `max_length * beams`, a slot for each hypothesis at each position.
        """
        if not self.built:
            raise ValueError("Build the layer (call it once) before make_cache.")
        slots = max_length * beams
        return make_cache(
            batch_size, self.groups, slots, self.depth, self.compute_dtype
        )

    def step(
        self,
        query,
        cache,
        position,
        padding_mask=None,
        return_scores=False,
        attention_bias=None,
        attention_mask=None,
    ):
        """Attends from one new position to itself and those before it.

        Beam search has N hypotheses a sentence, all at the same position. Hypothesis n
        at position t is written into slot `t * N + n` of the cache and stays there:
        `attention_mask` says which slots a hypothesis descends from, so that no cache
        is ever reordered.

        Args:
            query: Tensor `(B, N, E)`; N is 1 but for beam search.
            cache: What `make_cache` (with `beams=N`) or the step before returned, of
                S slots.
            position: Position of the query, an int or an int32 scalar.
            padding_mask: Boolean `(B, S)`.
            return_scores: Whether to return the weights `(B, H, N, S)` as well.
            attention_bias: Tensor that broadcasts to `(B, H, N, S)`.
            attention_mask: Boolean `(B, N, S)`: the slots of each hypothesis' history,
                its own slot at `position` included. Needed if N is above 1.

        Returns:
            The output `(B, N, E)`, or the tuple of it and the weights, and the cache.

        Raises:
            ValueError: If the layer is not causal, `position` is an int outside the
                cache, or N does not fit the cache or the mask.
        """
        if not self.causal:
            raise ValueError(
                f"{self.name!r} is not causal: its first outputs depend on positions "
                "that are not there yet. Steps need causal=True."
            )
        beams = self._count_beams(query, cache[0], attention_mask)
        key, value = self.project_memory(query, offset=position, beams=beams)
        cache = (
            write_cache(cache[0], key, position * beams),
            write_cache(cache[1], value, position * beams),
        )
        length = ops.shape(cache[0])[2] // beams
        output, scores = attention(
            self._project_query(query, offset=position, beams=beams),
            *cache,
            mask=combine_masks(
                repeat_keys(self._position_mask(1, length, position), beams),
                key_mask(padding_mask),
                query_key_mask(attention_mask),
            ),
            bias=self._bias(1, length, position, attention_bias, beams),
        )
        output = self._merge_heads(output)
        return ((output, scores) if return_scores else output), cache

    def _count_beams(self, query, keys, attention_mask):
        beams, slots = query.shape[1], keys.shape[2]
        if beams > 1 and attention_mask is None:
            raise ValueError(
                f"A step got {beams} hypotheses and no attention_mask, which says what "
                "slots of the cache each of them descends from."
            )
        if slots is not None and slots % beams:
            raise ValueError(
                f"A cache of {slots} slots is not for {beams} hypotheses. Make it with "
                f"make_cache(..., beams={beams})."
            )
        return beams

    def attend_memory(
        self, query, memory_cache, padding_mask=None, return_scores=False
    ):
        """Attends to what `project_memory` returned; otherwise like `call`."""
        output, scores = attention(
            self._project_query(query), *memory_cache, mask=key_mask(padding_mask)
        )
        output = self._merge_heads(output)
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
        source = query if memory is None else memory
        shape = (query.shape[0], self.num_heads, query.shape[1], source.shape[1])
        return output, keras.KerasTensor(shape, dtype="float32")

    def get_config(self):
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "head_dim": self.head_dim,
            "num_kv_heads": self.num_kv_heads,
            "causal": self.causal,
            "sliding_window": self.sliding_window,
            "rotary": keras.saving.serialize_keras_object(self.rotary),
            "position_bias": keras.saving.serialize_keras_object(self.position_bias),
            "use_bias": self.use_bias,
            "dropout": self.dropout,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config):
        parts = {
            name: keras.saving.deserialize_keras_object(config[name])
            for name in ("rotary", "position_bias")
        }
        return cls(**{**config, **parts})
