"""The block of a Transformer encoder or of a decoder-only language model."""

import keras

from .blocks import TransformerBlock
from .masks import choose_padding_mask
from .tensors import Tensor


@keras.saving.register_keras_serializable(package="polyhead")
class EncoderBlock(TransformerBlock):
    """Self-attention and a feed-forward part, each in a residual branch.

    In KerasHub this is `keras_hub.layers.TransformerEncoder`.

    Args:
        num_heads: int. Number of attention heads, H.
        feedforward_dim: int. Inner width of the feed-forward part (`intermediate_dim`
            in KerasHub).
        num_kv_heads: int. Number of key and value heads, a divisor of `num_heads`
            (`num_key_value_heads` in Keras). Defaults to `None`, which is `num_heads`.
        head_dim: int. Size of a head (`key_dim` in Keras). Defaults to `None`, which is
            the width of the input over `num_heads`.
        causal: bool. Whether a position attends to no later position (`use_causal_mask`
            in Keras). Defaults to `False`.
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
        x: Tensor `(B, T, E)`.
        padding_mask: Boolean tensor `(B, T)`; True = real. Defaults to `None`, which is
            the Keras mask of `x`.
        attention_mask: Boolean tensor `(B, T, T)`; True = attend. Defaults to `None`.
        attention_bias: Tensor that broadcasts to `(B, H, T, T)`, added to the attention
            logits. Defaults to `None`.
        return_scores: bool. Whether to return the attention weights too
            (`return_attention_scores` in KerasHub). Defaults to `False`.
        training: bool. Whether dropout is active. Defaults to `None`: as in the layer
            that calls this one.

    Returns:
        Tensor `(B, T, E)`; with `return_scores`, a tuple of it and the attention
        weights `(B, H, T, T)`.

    Raises:
        ValueError: If an argument is unknown, or the heads do not fit the width; see
            `MultiHeadAttention`.

    Example:

    >>> block = EncoderBlock(num_heads=2, feedforward_dim=16)
    >>> tuple(block(np.ones((3, 5, 8), "float32")).shape)
    (3, 5, 8)

    Reference:
        Vaswani et al., Attention Is All You Need, https://arxiv.org/abs/1706.03762
    """

    def build(self, input_shape):
        self.build_parts(input_shape)

    def call(
        self,
        x,
        padding_mask=None,
        attention_mask=None,
        attention_bias=None,
        return_scores=False,
        training=None,
        mask=None,
        x_mask=None,
    ):
        x, scores = self.attend(
            x,
            return_scores,
            padding_mask=choose_padding_mask(padding_mask, mask, x_mask),
            attention_mask=attention_mask,
            attention_bias=attention_bias,
        )
        x = self.run_feedforward(x)
        return (x, scores) if return_scores else x

    def step(
        self,
        x: Tensor,
        cache: tuple[Tensor, Tensor],
        position: int | Tensor,
        padding_mask: Tensor | None = None,
        return_scores: bool = False,
        attention_bias: Tensor | None = None,
        attention_mask: Tensor | None = None,
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Runs one position.

        The arguments and results are those of `MultiHeadAttention.step`.
        """
        masks = (padding_mask, attention_bias, attention_mask)
        return self._run(self.attention.step, x, cache, position, return_scores, *masks)

    def prefill(
        self,
        x: Tensor,
        cache: tuple[Tensor, Tensor],
        positions: int | Tensor = 0,
        padding_mask: Tensor | None = None,
        return_scores: bool = False,
        attention_bias: Tensor | None = None,
        attention_mask: Tensor | None = None,
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Runs many positions and fills the cache with them.

        The arguments and results are those of `MultiHeadAttention.prefill`.
        """
        masks = (padding_mask, attention_bias, attention_mask)
        run = self.attention.prefill
        return self._run(run, x, cache, positions, return_scores, *masks)

    def _run(self, run, x, cache, positions, return_scores, padding_mask, bias, mask):
        x, scores, cache = self.attend_cached(
            run,
            x,
            cache,
            positions,
            return_scores,
            padding_mask=padding_mask,
            attention_bias=bias,
            attention_mask=mask,
        )
        x = self.run_feedforward(x)
        return ((x, scores) if return_scores else x), cache

    def compute_output_shape(self, input_shape):
        return input_shape

    def compute_output_spec(
        self,
        x,
        padding_mask=None,
        attention_mask=None,
        attention_bias=None,
        return_scores=False,
        **kwargs,
    ):
        return self.attention.compute_output_spec(
            x,
            padding_mask=padding_mask,
            attention_mask=attention_mask,
            return_scores=return_scores,
        )
