"""The block of a Transformer decoder, with cross-attention or without."""

from collections.abc import Callable

import keras

from .biases import LinearBias, RelativeBias
from .blocks import with_scores
from .cached_decoder_block import CachedDecoderBlock
from .masks import check_mask, choose_padding_mask
from .rotary import RotaryPositions


@keras.saving.register_keras_serializable(package="polyhead")
class DecoderBlock(CachedDecoderBlock):
    """Causal self-attention, cross-attention and a feed-forward part.

    Each is in a residual branch. The sliding window and the positions concern the
    self-attention only. In KerasHub this is `keras_hub.layers.TransformerDecoder`.

    Args:
        num_heads: int. Number of attention heads, H.
        feedforward_dim: int. Inner width of the feed-forward part (`intermediate_dim`
            in KerasHub).
        cross_attention: bool. Whether there is cross-attention to a memory. Defaults to
            `True`.
        num_kv_heads: int. Number of key and value heads, a divisor of `num_heads`
            (`num_key_value_heads` in Keras). Defaults to `None`, which is `num_heads`.
        head_dim: int. Size of a head (`key_dim` in Keras). Defaults to `None`, which is
            the width of the input over `num_heads`.
        causal: bool. Must be `True`, as a decoder is always causal. Defaults to `True`.
        sliding_window: int. A position attends only to positions less than this far
            away. Defaults to `None`.
        rotary: `RotaryPositions` layer for queries and keys. Defaults to `None`.
        position_bias: `LinearBias` or `RelativeBias` layer whose output is added to the
            attention logits. Defaults to `None`.
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
        return_scores: bool. Whether to return the attention weights too. Defaults to
            `False`.
        training: bool. Whether dropout is active. Defaults to `None`: as in the layer
            that calls this one.
        attention_bias: Tensor that broadcasts to `(B, H, T, T)`, added to the logits of
            the self-attention. Defaults to `None`.

    Returns:
        Tensor `(B, T, E)`; with `return_scores`, a tuple of it and the attention
        weights `(self_scores (B, H, T, T), cross_scores (B, H, T, S))`. Without
        cross-attention, they are `self_scores` alone.

    Raises:
        ValueError: If an argument is unknown, if the heads do not fit the width, if
            `causal` is `False`, or if there is cross-attention and no `memory`, or a
            `memory` and no cross-attention.

    Example:

    >>> block = DecoderBlock(num_heads=2, feedforward_dim=16)
    >>> x, memory = np.ones((3, 5, 8), "float32"), np.ones((3, 7, 12), "float32")
    >>> output, scores = block(x, memory, return_scores=True)
    >>> tuple(output.shape), [tuple(s.shape) for s in scores]
    ((3, 5, 8), [(3, 2, 5, 5), (3, 2, 5, 7)])

    Reference:
        Vaswani et al., Attention Is All You Need, https://arxiv.org/abs/1706.03762
    """

    def __init__(
        self,
        num_heads: int,
        feedforward_dim: int,
        cross_attention: bool = True,
        num_kv_heads: int | None = None,
        head_dim: int | None = None,
        causal: bool = True,
        sliding_window: int | None = None,
        rotary: RotaryPositions | None = None,
        position_bias: LinearBias | RelativeBias | None = None,
        activation: str | Callable = "gelu",
        gated: bool = False,
        norm: str = "layer_norm",
        norm_position: str = "pre",
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        feedforward_dropout: float | None = None,
        stochastic_depth: float = 0.0,
        use_bias: bool = True,
        qk_norm: bool = False,
        logit_soft_cap: float | None = None,
        epsilon: float = 1e-5,
        seed: int | None = None,
        **kwargs,
    ):
        if not causal:
            raise ValueError(
                "A decoder is always causal. For causal=False use an encoder."
            )
        super().__init__(
            num_heads,
            feedforward_dim,
            num_kv_heads=num_kv_heads,
            head_dim=head_dim,
            causal=causal,
            sliding_window=sliding_window,
            rotary=rotary,
            position_bias=position_bias,
            activation=activation,
            gated=gated,
            norm=norm,
            norm_position=norm_position,
            dropout=dropout,
            attention_dropout=attention_dropout,
            feedforward_dropout=feedforward_dropout,
            stochastic_depth=stochastic_depth,
            use_bias=use_bias,
            qk_norm=qk_norm,
            logit_soft_cap=logit_soft_cap,
            epsilon=epsilon,
            seed=seed,
            **kwargs,
        )
        self.cross_attention = cross_attention
        if cross_attention:
            self.cross = self.make_attention(self.seeds[4], "cross_attention")
            self.cross_residual = self.make_residual(self.seeds[5], "cross_residual")

    def build(self, x_shape, memory_shape=None):
        self.build_parts(x_shape)
        if self.cross_attention:
            self._check_memory(memory_shape)
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
        memory_padding_mask = choose_padding_mask(memory_padding_mask, memory_mask)

        def attend_memory(inner):
            result = self.cross(
                inner,
                memory,
                padding_mask=memory_padding_mask,
                return_scores=return_scores,
            )
            return with_scores(result, return_scores)

        self._check_memory(memory)
        _check_memory_mask(memory, memory_padding_mask)
        x, self_scores = self.attend(
            x,
            return_scores,
            padding_mask=choose_padding_mask(padding_mask, mask, x_mask),
            attention_mask=attention_mask,
            attention_bias=attention_bias,
        )
        x, cross_scores = self._run_cross(x, attend_memory)
        x = self.run_feedforward(x)
        scores = self._join_scores(self_scores, cross_scores)
        return (x, scores) if return_scores else x

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
        output, self_scores = self.attention.compute_output_spec(
            x,
            padding_mask=padding_mask,
            attention_mask=attention_mask,
            return_scores=True,
        )
        self._check_memory(memory)
        cross_scores = None
        if self.cross_attention:
            _check_memory_mask(memory, memory_padding_mask)
            _, cross_scores = self.cross.compute_output_spec(
                x, memory, return_scores=True
            )
        scores = self._join_scores(self_scores, cross_scores)
        return (output, scores) if return_scores else output

    def get_config(self):
        return {**super().get_config(), "cross_attention": self.cross_attention}


def _check_memory_mask(memory, mask):
    if memory is not None:
        check_mask(mask, "memory_padding_mask", *memory.shape[:2])
