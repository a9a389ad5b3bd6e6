"""The Transformer encoder; with `causal=True`, a decoder-only language model."""

from collections.abc import Callable, Sequence

import keras

from .encoder_block import EncoderBlock
from .masks import choose_padding_mask
from .stacks import TransformerStack
from .tensors import Tensor


@keras.saving.register_keras_serializable(package="polyhead")
class Encoder(TransformerStack):
    """A stack of encoder blocks with positions and, with pre-norm, a final norm.

    Each block is an `EncoderBlock` (`TransformerEncoder` in KerasHub, which has no
    stack). Stochastic depth grows linearly from zero in the first block to
    `stochastic_depth` in the last. All blocks share one position bias.

    Args:
        num_layers: int. Number of blocks.
        num_heads: int. Number of attention heads, H.
        feedforward_dim: int. Inner width of the feed-forward part (`intermediate_dim`
            in KerasHub).
        positions: str. `"rotary"` (`RotaryPositions`), `"linear_bias"` (`LinearBias`),
            `"relative_bias"` (`RelativeBias`), `"sinusoidal"` (`SinusoidalPositions`)
            or `"learned"` (`LearnedPositions`), or a layer of one of these classes,
            with other arguments. Defaults to `None`.
        max_length: int. Number of learned positions. Defaults to `None`.
        num_kv_heads: int. Number of key and value heads, a divisor of `num_heads`
            (`num_key_value_heads` in Keras). Defaults to `None`, which is `num_heads`.
        head_dim: int. Size of a head (`key_dim` in Keras). Defaults to `None`, which is
            the width of the input over `num_heads`.
        causal: bool. Whether a position attends to no later position (`use_causal_mask`
            in Keras). Defaults to `False`.
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
        x: Tensor `(B, T, E)`.
        padding_mask: Boolean tensor `(B, T)`; True = real. Defaults to `None`, which is
            the Keras mask of `x`.
        attention_mask: Boolean tensor `(B, T, T)`; True = attend. Defaults to `None`.
        attention_bias: Tensor that broadcasts to `(B, H, T, T)`, added to the attention
            logits of each block. Defaults to `None`.
        return_scores: bool, or list of ints. Whether to return the attention weights
            too, of all blocks or of those with these numbers; `[-1]` is the last.
            Defaults to `False`.
        training: bool. Whether dropout is active. Defaults to `None`: as in the layer
            that calls this one.

    Returns:
        Tensor `(B, T, E)`; with `return_scores`, a tuple of it and a list with the
        attention weights `(B, H, T, T)` of each block.

    Raises:
        ValueError: If an argument is unknown, if the heads do not fit the width, or if
            learned positions have no `max_length`.

    Example:

    >>> encoder = Encoder(2, num_heads=2, feedforward_dim=16, positions="rotary")
    >>> output, scores = encoder(np.ones((3, 5, 8), "float32"), return_scores=True)
    >>> tuple(output.shape), [tuple(s.shape) for s in scores]
    ((3, 5, 8), [(3, 2, 5, 5), (3, 2, 5, 5)])

    Reference:
        Vaswani et al., Attention Is All You Need, https://arxiv.org/abs/1706.03762
        Lan et al., ALBERT (shared weights), https://arxiv.org/abs/1909.11942
    """

    def __init__(
        self,
        num_layers: int,
        num_heads: int,
        feedforward_dim: int,
        positions: str | keras.layers.Layer | None = None,
        max_length: int | None = None,
        num_kv_heads: int | None = None,
        head_dim: int | None = None,
        causal: bool = False,
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
        }
        super().__init__(
            EncoderBlock,
            block_arguments,
            num_layers=num_layers,
            positions=positions,
            max_length=max_length,
            share_weights=share_weights,
            stochastic_depth=stochastic_depth,
            seed=seed,
            **kwargs,
        )

    def build(self, input_shape):
        self.build_stack(input_shape)

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
        padding_mask = choose_padding_mask(padding_mask, mask, x_mask)
        x, bias = self.begin(x, attention_bias)
        return self.call_blocks(
            x,
            return_scores=return_scores,
            padding_mask=padding_mask,
            attention_mask=attention_mask,
            attention_bias=bias,
        )

    def step(
        self,
        x: Tensor,
        cache: list[tuple[Tensor, Tensor]],
        position: int | Tensor,
        padding_mask: Tensor | None = None,
        return_scores: bool | Sequence[int] = False,
        attention_mask: Tensor | None = None,
    ) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]:
        """Runs one position through all blocks.

        Args:
            x: Tensor `(B, N, E)`. N is 1 except in beam search; see
                `MultiHeadAttention.step`.
            cache: List that `make_cache` or the previous step returned, with S slots in
                each block.
            position: int or int32 scalar tensor. Position of `x`.
            padding_mask: Boolean tensor `(B, S)`; True = attend. Defaults to `None`.
            return_scores: bool. Whether to return a list with the attention weights
                `(B, H, N, S)` of each block too. Defaults to `False`.
            attention_mask: Boolean tensor `(B, N, S)`; True = the slot belongs to the
                history of the hypothesis. Defaults to `None`.

        Returns:
            A tuple of the output and the new cache. The output is a tensor `(B, N, E)`,
            or, with `return_scores`, a tuple of it and the list of weights.
        """
        return self.run_blocks(
            "step",
            x,
            cache,
            position,
            return_scores,
            padding_mask=padding_mask,
            attention_mask=attention_mask,
        )

    def prefill(
        self,
        x: Tensor,
        cache: list[tuple[Tensor, Tensor]],
        positions: int | Tensor = 0,
        padding_mask: Tensor | None = None,
        return_scores: bool | Sequence[int] = False,
        attention_mask: Tensor | None = None,
    ) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]:
        """Runs many positions through all blocks, and fills the caches with them.

        The arguments and results are those of `MultiHeadAttention.prefill`, except that
        `cache` and the scores are lists with one entry for each block.

        Example:

        >>> encoder = Encoder(1, 2, 16, causal=True, positions="rotary")
        >>> x = np.ones((2, 4, 8), "float32")
        >>> full = encoder(x)
        >>> cache = encoder.make_cache(2, 6)
        >>> output, cache = encoder.prefill(x, cache, positions=np.array([0, -1]))
        >>> bool(np.allclose(output[0], full[0], atol=1e-5))
        True
        """
        return self.run_blocks(
            "prefill",
            x,
            cache,
            positions,
            return_scores,
            padding_mask=padding_mask,
            attention_mask=attention_mask,
        )

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
        return self.spec_of_blocks(
            x,
            return_scores=return_scores,
            padding_mask=padding_mask,
            attention_mask=attention_mask,
        )
