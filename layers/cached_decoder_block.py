"""A decoder block through its caches: one position at a time, or many at once."""

from .blocks import TransformerBlock, with_scores
from .tensors import Tensor


class CachedDecoderBlock(TransformerBlock):
    """Has the methods of `DecoderBlock` that read and fill caches."""

    def project_memory(
        self, memory: Tensor, padding_mask: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """Returns the keys, values and mask of `memory`, for every `step`.

        See `MultiHeadAttention.project_memory`.
        """
        self._check_memory(memory)
        return self.cross.project_memory(memory, padding_mask)

    def step(
        self,
        x: Tensor,
        cache: tuple[Tensor, Tensor],
        position: int | Tensor,
        memory_cache: tuple[Tensor, ...] | None = None,
        memory_padding_mask: Tensor | None = None,
        return_scores: bool = False,
        attention_bias: Tensor | None = None,
        padding_mask: Tensor | None = None,
        attention_mask: Tensor | None = None,
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Runs one position.

        The arguments and results are those of `MultiHeadAttention.step`, and further:

        Args:
            memory_cache: Tuple that `project_memory` returned. Defaults to `None`.
            memory_padding_mask: Boolean tensor `(B, S)`; True = real. Defaults to
                `None`, which is the mask in `memory_cache`, if it has one.
            return_scores: bool. Whether to return `(self_scores, cross_scores)` too.
                Defaults to `False`.
        """
        memory = (memory_cache, memory_padding_mask)
        masks = (padding_mask, attention_bias, attention_mask)
        step = self.attention.step
        return self._run(step, x, cache, position, return_scores, memory, masks)

    def prefill(
        self,
        x: Tensor,
        cache: tuple[Tensor, Tensor],
        positions: int | Tensor = 0,
        memory_cache: tuple[Tensor, ...] | None = None,
        memory_padding_mask: Tensor | None = None,
        return_scores: bool = False,
        attention_bias: Tensor | None = None,
        padding_mask: Tensor | None = None,
        attention_mask: Tensor | None = None,
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Runs many positions and fills the cache with them.

        The arguments and results are those of `MultiHeadAttention.prefill`, and those
        of `step` for the memory.
        """
        memory = (memory_cache, memory_padding_mask)
        masks = (padding_mask, attention_bias, attention_mask)
        prefill = self.attention.prefill
        return self._run(prefill, x, cache, positions, return_scores, memory, masks)

    def _run(self, run, x, cache, positions, return_scores, memory, masks):
        memory_cache, memory_padding_mask = memory
        padding_mask, attention_bias, attention_mask = masks

        def attend_memory(inner):
            result = self.cross.attend_memory(
                inner, memory_cache, memory_padding_mask, return_scores
            )
            return with_scores(result, return_scores)

        self._check_memory(memory_cache)
        x, self_scores, cache = self.attend_cached(
            run,
            x,
            cache,
            positions,
            return_scores,
            padding_mask=padding_mask,
            attention_bias=attention_bias,
            attention_mask=attention_mask,
        )
        x, cross_scores = self._run_cross(x, attend_memory)
        x = self.run_feedforward(x)
        scores = self._join_scores(self_scores, cross_scores)
        return ((x, scores) if return_scores else x), cache

    def _join_scores(self, self_scores, cross_scores):
        """Scores as they are returned: Keras takes no `None` among outputs."""
        return (self_scores, cross_scores) if self.cross_attention else self_scores

    def _run_cross(self, x, attend_memory):
        if not self.cross_attention:
            return x, None
        return self.cross_residual.apply(x, attend_memory)

    def _check_memory(self, memory):
        if self.cross_attention and memory is None:
            raise ValueError(
                f"{self.name!r} has cross-attention and needs a memory. Pass one, or "
                "make the decoder with cross_attention=False."
            )
        if not self.cross_attention and memory is not None:
            raise ValueError(
                f"{self.name!r} has no cross-attention for a memory. Pass none, or "
                "make the decoder with cross_attention=True."
            )
