"""The Transformer decoder, with cross-attention to a memory or without."""

from collections.abc import Callable, Sequence

import keras

from .decoder_block import DecoderBlock
from .masks import choose_padding_mask
from .stacks import TransformerStack
from .tensors import Tensor


@keras.saving.register_keras_serializable(package="polyhead")
class Decoder(TransformerStack):
    """A stack of decoder blocks with positions and, with pre-norm, a final norm.

    Each block is a `DecoderBlock` (`TransformerDecoder` in KerasHub, which has no
    stack). Stochastic depth grows linearly from zero in the first block to
    `stochastic_depth` in the last. All blocks share one position bias.

    Args:
        num_layers: int. Number of blocks.
        num_heads: int. Number of attention heads, H.
        feedforward_dim: int. Inner width of the feed-forward part (`intermediate_dim`
            in KerasHub).
        cross_attention: bool. Whether there is cross-attention to a memory. Defaults to
            `True`.
        positions: str. `"rotary"` (`RotaryPositions`), `"linear_bias"` (`LinearBias`),
            `"relative_bias"` (`RelativeBias`), `"sinusoidal"` (`SinusoidalPositions`)
            or `"learned"` (`LearnedPositions`), or a layer of one of these classes,
            with other arguments. Defaults to `None`.
        max_length: int. Number of learned positions. Defaults to `None`.
        num_kv_heads: int. Number of key and value heads, a divisor of `num_heads`
            (`num_key_value_heads` in Keras). Defaults to `None`, which is `num_heads`.
        head_dim: int. Size of a head (`key_dim` in Keras). Defaults to `None`, which is
            the width of the input over `num_heads`.
        causal: bool. Must be `True`, as a decoder is always causal. Defaults to `True`.
        sliding_window: int. A position attends only to positions less than this far
            away. Defaults to `None`.
        activation: str or callable. Activation of the feed-forward part. Defaults to
            `"gelu"`.
        gated: bool. Whether the feed-forward part is gated; see `FeedForward`. Defaults
            to `False`.
        norm: str. `"layer_norm"` or `"rms_norm"`. Defaults to `"layer_norm"`.
        norm_position: str. `"pre"` normalises the input of a branch, `"post"` its sum
            (`normalize_first=True` or `False` in KerasHub). Defaults to `"pre"`.
        dropout: float. Dropout rate on the output of each branch. Defaults to `0.0`.
        attention_dropout: float. Dropout rate on the attention weights. Defaults to
            `0.0`.
        feedforward_dropout: float. Dropout rate inside the feed-forward part. Defaults
            to `None`, which is `dropout`.
        stochastic_depth: float. Share of the examples that skip a branch in training.
            Defaults to `0.0`.
        share_weights: bool. Whether all blocks are one and the same, with the same
            weights. Stochastic depth is then the same for all. Defaults to `False`.
        use_bias: bool. Whether the dense layers have a bias. Defaults to `True`.
        qk_norm: bool. Whether the queries and keys of each head are normalised
            (`RMSNormalization`), which keeps the logits small. Defaults to `False`.
        logit_soft_cap: float. Limit c of the attention logits, which become
            `c * tanh(logit / c)`. Defaults to `None`.
        epsilon: float. Number added to the variance in normalisations
            (`layer_norm_epsilon` in KerasHub). Defaults to `1e-5`.
        seed: int. Seed of the initial weights and of dropout. Defaults to `None`.
        **kwargs: Arguments of `keras.layers.Layer`, such as `name` and `dtype`.

    Call arguments:
        x: Tensor `(B, T, E)` (`decoder_sequence` in KerasHub).
        memory: Tensor `(B, S, M)` for the cross-attention (`encoder_sequence` in
            KerasHub). Defaults to `None`.
        padding_mask: Boolean tensor `(B, T)`; True = real. Defaults to `None`, which is
            the Keras mask of `x`.
        memory_padding_mask: Boolean tensor `(B, S)`; True = real. Defaults to `None`,
            which is the Keras mask of `memory`.
        attention_mask: Boolean tensor `(B, T, T)` for the self-attention; True =
            attend. Defaults to `None`.
        return_scores: bool, or list of ints. Whether to return the attention weights
            too, of all blocks or of those with these numbers; `[-1]` is the last.
            Defaults to `False`.
        training: bool. Whether dropout is active. Defaults to `None`: as in the layer
            that calls this one.
        attention_bias: Tensor that broadcasts to `(B, H, T, T)`, added to the logits of
            the self-attention. Defaults to `None`.

    Returns:
        Tensor `(B, T, E)`; with `return_scores`, a tuple of it and a list with the
        attention weights `(self_scores, cross_scores)` of each block, or `self_scores`
        without cross-attention; see `DecoderBlock`.

    Raises:
        ValueError: As `DecoderBlock`, or if learned positions have no `max_length`.

    Example:

    >>> decoder = Decoder(2, num_heads=2, feedforward_dim=16, positions="sinusoidal")
    >>> x, memory = np.ones((3, 5, 8), "float32"), np.ones((3, 7, 8), "float32")
    >>> full = decoder(x, memory)
    >>> cache, memory_cache = decoder.make_cache(3, 5), decoder.project_memory(memory)
    >>> first, cache = decoder.step(x[:, :1], cache, 0, memory_cache)
    >>> bool(np.allclose(first, full[:, :1], atol=1e-5))
    True

    Reference:
        Vaswani et al., Attention Is All You Need, https://arxiv.org/abs/1706.03762
        Lan et al., ALBERT (shared weights), https://arxiv.org/abs/1909.11942
    """

    def __init__(
        self,
        num_layers: int,
        num_heads: int,
        feedforward_dim: int,
        cross_attention: bool = True,
        positions: str | keras.layers.Layer | None = None,
        max_length: int | None = None,
        num_kv_heads: int | None = None,
        head_dim: int | None = None,
        causal: bool = True,
        sliding_window: int | None = None,
        activation: str | Callable = "gelu",
        gated: bool = False,
        norm: str = "layer_norm",
        norm_position: str = "pre",
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        feedforward_dropout: float | None = None,
        stochastic_depth: float = 0.0,
        share_weights: bool = False,
        use_bias: bool = True,
        qk_norm: bool = False,
        logit_soft_cap: float | None = None,
        epsilon: float = 1e-5,
        seed: int | None = None,
        **kwargs,
    ):
        block_arguments = {
            "num_heads": num_heads,
            "feedforward_dim": feedforward_dim,
            "num_kv_heads": num_kv_heads,
            "head_dim": head_dim,
            "causal": causal,
            "sliding_window": sliding_window,
            "activation": activation,
            "gated": gated,
            "norm": norm,
            "norm_position": norm_position,
            "dropout": dropout,
            "attention_dropout": attention_dropout,
            "feedforward_dropout": feedforward_dropout,
            "use_bias": use_bias,
            "qk_norm": qk_norm,
            "logit_soft_cap": logit_soft_cap,
            "epsilon": epsilon,
            "cross_attention": cross_attention,
        }
        super().__init__(
            DecoderBlock,
            block_arguments,
            num_layers=num_layers,
            positions=positions,
            max_length=max_length,
            share_weights=share_weights,
            stochastic_depth=stochastic_depth,
            seed=seed,
            **kwargs,
        )

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
        padding_mask = choose_padding_mask(padding_mask, mask, x_mask)
        memory_padding_mask = choose_padding_mask(memory_padding_mask, memory_mask)
        x, bias = self.begin(x, attention_bias)
        return self.call_blocks(
            x,
            memory,
            return_scores=return_scores,
            padding_mask=padding_mask,
            memory_padding_mask=memory_padding_mask,
            attention_mask=attention_mask,
            attention_bias=bias,
        )

    def project_memory(
        self, memory: Tensor, padding_mask: Tensor | None = None
    ) -> list[tuple[Tensor, ...]]:
        """Returns a list with the keys, values and mask of `memory` in each block.

        See `MultiHeadAttention.project_memory`.
        """
        return [block.project_memory(memory, padding_mask) for block in self.blocks]

    def step(
        self,
        x: Tensor,
        cache: list[tuple[Tensor, Tensor]],
        position: int | Tensor,
        memory_cache: list[tuple[Tensor, ...]] | None = None,
        memory_padding_mask: Tensor | None = None,
        return_scores: bool | Sequence[int] = False,
        attention_mask: Tensor | None = None,
        padding_mask: Tensor | None = None,
    ) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]:
        """Runs one position through all blocks.

        The arguments and results are those of `DecoderBlock.step`, except that `cache`,
        `memory_cache` and the scores are lists with one entry for each block.
        """
        return self.run_blocks(
            "step",
            x,
            cache,
            position,
            return_scores,
            memory_cache,
            memory_padding_mask=memory_padding_mask,
            padding_mask=padding_mask,
            attention_mask=attention_mask,
        )

    def prefill(
        self,
        x: Tensor,
        cache: list[tuple[Tensor, Tensor]],
        positions: int | Tensor = 0,
        memory_cache: list[tuple[Tensor, ...]] | None = None,
        memory_padding_mask: Tensor | None = None,
        return_scores: bool | Sequence[int] = False,
        attention_mask: Tensor | None = None,
        padding_mask: Tensor | None = None,
    ) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]:
        """Runs many positions through all blocks, and fills the caches with them.

        The arguments and results are those of `DecoderBlock.prefill`, except that
        `cache`, `memory_cache` and the scores are lists with one entry for each block.
        """
        return self.run_blocks(
            "prefill",
            x,
            cache,
            positions,
            return_scores,
            memory_cache,
            memory_padding_mask=memory_padding_mask,
            padding_mask=padding_mask,
            attention_mask=attention_mask,
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
        return self.spec_of_blocks(
            x,
            memory,
            return_scores=return_scores,
            padding_mask=padding_mask,
            memory_padding_mask=memory_padding_mask,
            attention_mask=attention_mask,
        )
