"""Attention through caches: one position at a time, or many positions at once."""

from keras import ops

from .attention import attention
from .attention_heads import AttentionHeads
from .biases import combine_biases
from .caches import check_positions, count_beams, make_cache, write_cache, write_rows
from .masks import (
    check_mask,
    choose_padding_mask,
    combine_masks,
    hide_padding,
    hide_values,
    key_mask,
    position_mask,
    query_key_mask,
    repeat_keys,
)
from .tensors import Tensor


class CachedAttention(AttentionHeads):
    """Has the methods of `MultiHeadAttention` that read and fill caches."""

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
        self._check_causal()
        beams = count_beams(query, cache[0], attention_mask)
        slots = cache[0].shape[2]
        query = ops.reshape(query, (-1, beams, query.shape[-1]))
        check_mask(padding_mask, "padding_mask", query.shape[0], slots)
        check_mask(attention_mask, "attention_mask", query.shape[0], beams, slots)
        key, value = self.project_keys(query, offset=position, beams=beams)
        cache = (
            write_cache(cache[0], key, position * beams),
            write_cache(cache[1], value, position * beams),
        )
        length = ops.shape(cache[0])[2] // beams
        output, scores = attention(
            self.project_query(query, offset=position, beams=beams),
            cache[0],
            hide_values(cache[1], padding_mask),
            mask=combine_masks(
                repeat_keys(self._position_mask(1, length, position), beams),
                key_mask(padding_mask),
                query_key_mask(attention_mask),
            ),
            bias=combine_biases(
                repeat_keys(self._position_bias(1, length, position), beams),
                attention_bias,
            ),
            soft_cap=self.logit_soft_cap,
        )
        output = self.project_output(output)
        return ((output, scores) if return_scores else output), cache

    def prefill(
        self,
        query: Tensor,
        cache: tuple[Tensor, Tensor],
        positions: int | Tensor = 0,
        padding_mask: Tensor | None = None,
        return_scores: bool = False,
        attention_bias: Tensor | None = None,
        attention_mask: Tensor | None = None,
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Attends from many new positions, and fills the cache with them in one pass.

        Entry t of row b is at position `positions[b] + t`, and fills that slot of the
        cache. Rows whose padding is on the left begin before position 0: entries there
        fill no slot, are seen by no query, and their outputs mean nothing. A `prefill`
        of one entry is a step in which each row is at a position of its own.

        Args:
            query: Tensor `(B, T, E)`.
            cache: Tuple that `make_cache`, `step` or `prefill` returned, with S slots.
            positions: int, or int32 tensor `()` or `(B,)`. Position of the first entry,
                of all rows or of each. Defaults to `0`.
            padding_mask: Boolean tensor `(B, S)`; True = a slot to attend to. Defaults
                to `None`.
            return_scores: bool. Whether to return the attention weights too. Defaults
                to `False`.
            attention_bias: Tensor that broadcasts to `(B, H, T, S)`. Defaults to
                `None`.
            attention_mask: Boolean tensor `(B, T, S)`; True = attend. Defaults to
                `None`.

        Returns:
            A tuple of the output and the new cache. The output is a tensor `(B, T, E)`,
            or, with `return_scores`, a tuple of it and the weights `(B, H, T, S)`.

        Raises:
            ValueError: If the layer is not causal, if an int `positions` would write
                past the end of the cache, or if a mask does not fit.
        """
        self._check_causal()
        batch, length = query.shape[:2]
        slots = cache[0].shape[2]
        check_positions(positions, length, slots)
        check_mask(padding_mask, "padding_mask", batch, slots)
        check_mask(attention_mask, "attention_mask", batch, length, slots)
        key, value = self.project_keys(query, offset=positions)
        cache = (
            write_rows(cache[0], key, positions),
            write_rows(cache[1], value, positions),
        )
        sizes = ops.shape(query)[1], ops.shape(cache[0])[2]
        output, scores = attention(
            self.project_query(query, offset=positions),
            cache[0],
            hide_values(cache[1], padding_mask),
            mask=combine_masks(
                self._position_mask(*sizes, positions),
                key_mask(padding_mask),
                query_key_mask(attention_mask),
            ),
            bias=combine_biases(self._position_bias(*sizes, positions), attention_bias),
            soft_cap=self.logit_soft_cap,
        )
        output = self.project_output(output)
        return ((output, scores) if return_scores else output), cache

    def _check_causal(self):
        if not self.causal:
            raise ValueError(
                f"{self.name!r} is not causal, so its first outputs depend on later "
                "positions. Make it with causal=True to run it step by step."
            )

    def project_memory(
        self, memory: Tensor, padding_mask: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """Returns what `attend_memory` needs of a memory: its keys, values and mask.

        Args:
            memory: Tensor `(B, S, M)`.
            padding_mask: Boolean tensor `(B, S)`; True = a key to attend to. Defaults
                to `None`, which is the Keras mask of `memory`.

        Returns:
            A tuple of keys and values, each `(B, K, S, head_dim)` with K key heads.
            Where there is a mask, it is the third entry.
        """
        keras_mask = getattr(memory, "_keras_mask", None)
        padding_mask = choose_padding_mask(padding_mask, keras_mask)
        check_mask(padding_mask, "padding_mask", *memory.shape[:2])
        keys = self.project_keys(hide_padding(memory, padding_mask))
        return keys if padding_mask is None else (*keys, padding_mask)

    def attend_memory(
        self,
        query: Tensor,
        memory_cache: tuple[Tensor, ...],
        padding_mask: Tensor | None = None,
        return_scores: bool = False,
    ) -> Tensor:
        """Attends to what `project_memory` returned.

        The arguments and results are otherwise those of `call`. Without a
        `padding_mask`, that of the memory is used.
        """
        key, value, *masks = memory_cache
        check_mask(padding_mask, "padding_mask", query.shape[0], key.shape[2])
        value = hide_values(value, padding_mask)  # what `masks` hides is hidden already
        padding_mask = choose_padding_mask(padding_mask, *masks)
        output, scores = attention(
            self.project_query(query),
            key,
            value,
            mask=key_mask(padding_mask),
            soft_cap=self.logit_soft_cap,
        )
        output = self.project_output(output)
        return (output, scores) if return_scores else output
