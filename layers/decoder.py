"""The Transformer decoder, with cross-attention to a memory or without."""

import keras
from keras import ops

from .blocks import TransformerBlock, with_scores
from .stacks import TransformerStack


@keras.saving.register_keras_serializable(package="polyhead")
class DecoderBlock(TransformerBlock):
    """Causal self-attention, cross-attention and feed-forward in residual branches.

    Args:
        num_heads: Number of attention heads.
        feedforward_dim: Inner width of the feed-forward part.
        cross_attention: Whether the block attends to a memory.
        The others: as in `EncoderBlock`; a decoder block is always causal. Window and
            positions concern the self-attention only.

    Call arguments:
        x: Tensor `(B, T, E)`.
        memory: Tensor `(B, S, M)`, for cross-attention.
        padding_mask: Boolean `(B, T)`, True = real; the Keras mask of `x` if `None`.
        memory_padding_mask: Boolean `(B, S)`; the Keras mask of `memory` if `None`.
        attention_mask: Boolean `(B, T, T)` on the self-attention, True = attend.
        return_scores: Whether to return the attention weights as well.
        training: Whether dropout is active.
        attention_bias: Tensor that broadcasts to `(B, H, T, T)`, on the self-attention.

    Returns:
        Tensor `(B, T, E)`; with `return_scores` a tuple of it and
        `(self_scores (B, H, T, T), cross_scores (B, H, T, S))`; the latter is `None`
        without cross-attention.

    Example:

    >>> block = DecoderBlock(num_heads=2, feedforward_dim=16)
    >>> x, memory = np.ones((3, 5, 8), "float32"), np.ones((3, 7, 12), "float32")
    >>> output, scores = block(x, memory, return_scores=True)
    >>> tuple(output.shape), [tuple(s.shape) for s in scores]
    ((3, 5, 8), [(3, 2, 5, 5), (3, 2, 5, 7)])

    Reference:
        Vaswani et al., Attention Is All You Need, https://arxiv.org/abs/1706.03762
    """

    def __init__(self, num_heads, feedforward_dim, cross_attention=True, **kwargs):
        if not kwargs.setdefault("causal", True):
            raise ValueError("A decoder is causal; for causal=False use an encoder.")
        super().__init__(num_heads, feedforward_dim, **kwargs)
        self.cross_attention = cross_attention
        if cross_attention:
            self.cross = self.make_attention(self.seeds[4], "cross_attention")
            self.cross_residual = self.make_residual(self.seeds[5], "cross_residual")

    def build(self, x_shape, memory_shape=None):
        self.build_parts(x_shape)
        if self.cross_attention:
            if memory_shape is None:
                raise ValueError(
                    "This decoder block has cross-attention: call it with a memory, "
                    "or make it with cross_attention=False."
                )
            self.cross.build(x_shape, memory_shape)
            self.cross_residual.build(x_shape)

    def call(
        self,
        x,
        memory=None,
        padding_mask=None,
        memory_padding_mask=None,
        attention_mask=None,
        return_scores=False,
        training=None,
        attention_bias=None,
        mask=None,
        x_mask=None,
        memory_mask=None,
    ):
        for keras_mask in (mask, x_mask):
            padding_mask = keras_mask if padding_mask is None else padding_mask
        if memory_padding_mask is None:
            memory_padding_mask = memory_mask

        def attend(inner):
            result = self.attention(
                inner,
                padding_mask=padding_mask,
                attention_mask=attention_mask,
                attention_bias=attention_bias,
                return_scores=return_scores,
            )
            return with_scores(result, return_scores)

        def attend_memory(inner):
            result = self.cross(
                inner,
                memory,
                padding_mask=memory_padding_mask,
                return_scores=return_scores,
            )
            return with_scores(result, return_scores)

        self._check_memory(memory)
        x, self_scores = self.attention_residual.apply(x, attend)
        x, cross_scores = self._run_cross(x, attend_memory)
        x = self.run_feedforward(x)
        return (x, (self_scores, cross_scores)) if return_scores else x

    def project_memory(self, memory):
        """Returns the keys and values that `step` attends to, once per source."""
        self._check_memory(memory)
        return self.cross.project_memory(memory)

    def step(
        self,
        x,
        cache,
        position,
        memory_cache=None,
        memory_padding_mask=None,
        return_scores=False,
        attention_bias=None,
        padding_mask=None,
        attention_mask=None,
    ):
        """Runs one position.

        Args:
            x: Tensor `(B, N, E)`; N is 1 but for beam search, see
                `MultiHeadAttention.step`.
            cache: From `make_cache` or the step before, of S slots.
            position: Position of `x`, an int or an int32 scalar.
            memory_cache: What `project_memory` returned.
            memory_padding_mask: Boolean `(B, S)` over the memory.
            return_scores: Whether to return `(self_scores, cross_scores)` as well.
            attention_bias: Tensor that broadcasts to `(B, H, N, S)`.
            padding_mask: Boolean over the cache.
            attention_mask: Boolean `(B, N, S)`: the slots of each hypothesis' history.

        Returns:
            The output `(B, N, E)`, or the tuple of it and the scores, and the cache.
        """

        def attend(inner):
            result, new_cache = self.attention.step(
                inner,
                cache,
                position,
                padding_mask,
                return_scores,
                attention_bias,
                attention_mask,
            )
            return (*with_scores(result, return_scores), new_cache)

        def attend_memory(inner):
            result = self.cross.attend_memory(
                inner, memory_cache, memory_padding_mask, return_scores
            )
            return with_scores(result, return_scores)

        self._check_memory(memory_cache)
        x, self_scores, cache = self.attention_residual.apply(x, attend)
        x, cross_scores = self._run_cross(x, attend_memory)
        x = self.run_feedforward(x)
        return ((x, (self_scores, cross_scores)) if return_scores else x), cache

    def _run_cross(self, x, attend_memory):
        if not self.cross_attention:
            return x, None
        return self.cross_residual.apply(x, attend_memory)

    def _check_memory(self, memory):
        if self.cross_attention and memory is None:
            raise ValueError(
                f"{self.name!r} has cross-attention and got no memory. Give one, or "
                "make the decoder with cross_attention=False."
            )
        if not self.cross_attention and memory is not None:
            raise ValueError(
                f"{self.name!r} was made with cross_attention=False and got a memory."
            )

    def compute_output_shape(self, x_shape, memory_shape=None):
        return x_shape

    def compute_output_spec(
        self,
        x,
        memory=None,
        padding_mask=None,
        memory_padding_mask=None,
        attention_mask=None,
        return_scores=False,
        **kwargs,
    ):
        if not return_scores:
            return keras.KerasTensor(x.shape, dtype=self.compute_dtype)
        output, scores = self.attention.compute_output_spec(x, return_scores=True)
        cross_scores = None
        if self.cross_attention:
            _, cross_scores = self.cross.compute_output_spec(
                x, memory, return_scores=True
            )
        return output, (scores, cross_scores)

    def get_config(self):
        return {**super().get_config(), "cross_attention": self.cross_attention}


@keras.saving.register_keras_serializable(package="polyhead")
class Decoder(TransformerStack):
    """A stack of decoder blocks with positions and, under pre-norm, a final norm.

    Args:
        num_layers: Number of blocks.
        num_heads: Number of attention heads.
        feedforward_dim: Inner width of the feed-forward parts.
        cross_attention: Whether the blocks attend to a memory.
        The others: as in `Encoder`; a decoder is always causal.

    Call arguments:
        As in `DecoderBlock`.

    Returns:
        Tensor `(B, T, E)`; with `return_scores` a tuple of it and a list with
        `(self_scores, cross_scores)` of every block.

    Example:

    >>> decoder = Decoder(2, num_heads=2, feedforward_dim=16, positions="sinusoidal")
    >>> x, memory = np.ones((3, 5, 8), "float32"), np.ones((3, 7, 8), "float32")
    >>> full = decoder(x, memory)
    >>> cache, memory_cache = decoder.make_cache(3, 5), decoder.project_memory(memory)
    >>> first, cache = decoder.step(x[:, :1], cache, 0, memory_cache)
    >>> bool(np.allclose(first, full[:, :1], atol=1e-5))
    True
    """

    def __init__(
        self, num_layers, num_heads, feedforward_dim, cross_attention=True, **kwargs
    ):
        kwargs.setdefault("causal", True)
        super().__init__(num_layers, num_heads, feedforward_dim, **kwargs)
        self.make_blocks(DecoderBlock, cross_attention=cross_attention)

    def build(self, x_shape, memory_shape=None):
        self.build_stack(x_shape, memory_shape)

    def call(
        self,
        x,
        memory=None,
        padding_mask=None,
        memory_padding_mask=None,
        attention_mask=None,
        return_scores=False,
        training=None,
        attention_bias=None,
        mask=None,
        x_mask=None,
        memory_mask=None,
    ):
        for keras_mask in (mask, x_mask):
            padding_mask = keras_mask if padding_mask is None else padding_mask
        if memory_padding_mask is None:
            memory_padding_mask = memory_mask
        x = ops.cast(x, self.compute_dtype)
        length = ops.shape(x)[1]
        bias = self.shared_bias(length, length, attention_bias=attention_bias)
        x = self.add_positions(x)
        scores = []
        for block in self.blocks:
            result = block(
                x,
                memory,
                padding_mask=padding_mask,
                memory_padding_mask=memory_padding_mask,
                attention_mask=attention_mask,
                attention_bias=bias,
                return_scores=return_scores,
            )
            x, block_scores = with_scores(result, return_scores)
            scores.append(block_scores)
        x = self.finish(x)
        return (x, scores) if return_scores else x

    def project_memory(self, memory):
        """Returns a list with the projected memory of every block."""
        return [block.project_memory(memory) for block in self.blocks]

    def step(
        self,
        x,
        cache,
        position,
        memory_cache=None,
        memory_padding_mask=None,
        return_scores=False,
        attention_mask=None,
    ):
        """Runs one position through all blocks; as `DecoderBlock.step`, with lists."""
        x, bias = self.begin_step(x, cache, position)
        memory_cache = memory_cache or [None] * self.num_layers
        scores, new_cache = [], []
        for block, block_cache, memory in zip(
            self.blocks, cache, memory_cache, strict=True
        ):
            result, block_cache = block.step(
                x,
                block_cache,
                position,
                memory,
                memory_padding_mask,
                return_scores,
                bias,
                attention_mask=attention_mask,
            )
            x, block_scores = with_scores(result, return_scores)
            scores.append(block_scores)
            new_cache.append(block_cache)
        x = self.finish(x)
        return ((x, scores) if return_scores else x), new_cache

    def compute_output_shape(self, x_shape, memory_shape=None):
        return x_shape

    def compute_output_spec(
        self,
        x,
        memory=None,
        padding_mask=None,
        memory_padding_mask=None,
        attention_mask=None,
        return_scores=False,
        **kwargs,
    ):
        output = keras.KerasTensor(x.shape, dtype=self.compute_dtype)
        if not return_scores:
            return output
        specs = [
            block.compute_output_spec(x, memory, return_scores=True)
            for block in self.blocks
        ]
        return output, [scores for _, scores in specs]
