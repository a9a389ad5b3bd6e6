"""The Transformer encoder; with `causal=True`, a decoder-only language model."""

import keras
from keras import ops

from .blocks import TransformerBlock, with_scores
from .stacks import TransformerStack


@keras.saving.register_keras_serializable(package="polyhead")
class EncoderBlock(TransformerBlock):
    """Self-attention and feed-forward, each in a residual branch.

    Args:
        num_heads: Number of attention heads.
        feedforward_dim: Inner width of the feed-forward part.
        num_kv_heads: Number of key and value heads; see `MultiHeadAttention`.
        head_dim: Size of a head; width over heads if `None`.
        causal: Whether a position sees no later one.
        sliding_window: Attention window; see `MultiHeadAttention`.
        rotary: A `RotaryPositions` layer, or `None`.
        position_bias: A `LinearBias` or `RelativeBias` layer, or `None`.
        activation: Activation of the feed-forward part.
        gated: Whether the feed-forward part is gated.
        norm: `"layer_norm"` or `"rms_norm"`.
        norm_position: `"pre"` or `"post"`.
        dropout: Dropout on the branches.
        attention_dropout: Dropout on the attention weights.
        feedforward_dropout: Dropout inside the feed-forward part; as `dropout` if
            `None`.
        stochastic_depth: Share of examples that skip a branch in training.
        use_bias: Whether the dense layers have a bias.
        epsilon: Small number in the normalisations.
        seed: Seed of the initial weights and of the dropouts.

    Call arguments:
        x: Tensor `(B, T, E)`.
        padding_mask: Boolean `(B, T)`, True = real; the Keras mask of `x` if `None`.
        attention_mask: Boolean `(B, T, T)`, True = attend.
        attention_bias: Tensor that broadcasts to `(B, H, T, T)`.
        return_scores: Whether to return the attention weights as well.
        training: Whether dropout is active.

    Returns:
        Tensor `(B, T, E)`; with `return_scores` a tuple of it and the weights
        `(B, H, T, T)`.

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
        for keras_mask in (mask, x_mask):
            padding_mask = keras_mask if padding_mask is None else padding_mask

        def attend(inner):
            result = self.attention(
                inner,
                padding_mask=padding_mask,
                attention_mask=attention_mask,
                attention_bias=attention_bias,
                return_scores=return_scores,
            )
            return with_scores(result, return_scores)

        x, scores = self.attention_residual.apply(x, attend)
        x = self.run_feedforward(x)
        return (x, scores) if return_scores else x

    def step(
        self,
        x,
        cache,
        position,
        padding_mask=None,
        return_scores=False,
        attention_bias=None,
        attention_mask=None,
    ):
        """Runs one position; arguments and results as in `MultiHeadAttention.step`."""

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

        x, scores, cache = self.attention_residual.apply(x, attend)
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
        return self.attention.compute_output_spec(x, return_scores=return_scores)


@keras.saving.register_keras_serializable(package="polyhead")
class Encoder(TransformerStack):
    """A stack of encoder blocks with positions and, under pre-norm, a final norm.

    Stochastic depth rises linearly from none in the first block to the given share in
    the last. A position bias is shared by all blocks.

    Args:
        num_layers: Number of blocks.
        num_heads: Number of attention heads.
        feedforward_dim: Inner width of the feed-forward parts.
        positions: `None`, `"rotary"`, `"linear_bias"`, `"relative_bias"`,
            `"sinusoidal"` or `"learned"`.
        max_length: Number of learned positions.
        The others: as in `EncoderBlock`.

    Call arguments:
        As in `EncoderBlock`.

    Returns:
        Tensor `(B, T, E)`; with `return_scores` a tuple of it and a list with the
        weights `(B, H, T, T)` of every block.

    Example:

    >>> encoder = Encoder(2, num_heads=2, feedforward_dim=16, positions="rotary")
    >>> output, scores = encoder(np.ones((3, 5, 8), "float32"), return_scores=True)
    >>> tuple(output.shape), [tuple(s.shape) for s in scores]
    ((3, 5, 8), [(3, 2, 5, 5), (3, 2, 5, 5)])
    """

    def __init__(self, num_layers, num_heads, feedforward_dim, **kwargs):
        super().__init__(num_layers, num_heads, feedforward_dim, **kwargs)
        self.make_blocks(EncoderBlock)

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
        for keras_mask in (mask, x_mask):
            padding_mask = keras_mask if padding_mask is None else padding_mask
        x = ops.cast(x, self.compute_dtype)
        length = ops.shape(x)[1]
        bias = self.shared_bias(length, length, attention_bias=attention_bias)
        x = self.add_positions(x)
        scores = []
        for block in self.blocks:
            result = block(
                x,
                padding_mask=padding_mask,
                attention_mask=attention_mask,
                attention_bias=bias,
                return_scores=return_scores,
            )
            x, block_scores = with_scores(result, return_scores)
            scores.append(block_scores)
        x = self.finish(x)
        return (x, scores) if return_scores else x

    def step(
        self,
        x,
        cache,
        position,
        padding_mask=None,
        return_scores=False,
        attention_mask=None,
    ):
        """Runs one position through all blocks.

        Args:
            x: Tensor `(B, N, E)`; N is 1 but for beam search, see
                `MultiHeadAttention.step`.
            cache: List from `make_cache` or the step before.
            position: Position of `x`, an int or an int32 scalar.
            padding_mask: Boolean `(B, S)` over the cache.
            return_scores: Whether to return a list of weights `(B, H, N, S)` too.
            attention_mask: Boolean `(B, N, S)`: the slots of each hypothesis' history.

        Returns:
            The output `(B, N, E)`, or the tuple of it and the weights, and the cache.
        """
        x, bias = self.begin_step(x, cache, position)
        scores, new_cache = [], []
        for block, block_cache in zip(self.blocks, cache, strict=True):
            result, block_cache = block.step(
                x,
                block_cache,
                position,
                padding_mask,
                return_scores,
                bias,
                attention_mask,
            )
            x, block_scores = with_scores(result, return_scores)
            scores.append(block_scores)
            new_cache.append(block_cache)
        x = self.finish(x)
        return ((x, scores) if return_scores else x), new_cache

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
        output = keras.KerasTensor(x.shape, dtype=self.compute_dtype)
        if not return_scores:
            return output
        specs = [
            block.compute_output_spec(x, return_scores=True) for block in self.blocks
        ]
        return output, [scores for _, scores in specs]
