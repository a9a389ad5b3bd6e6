"""The cores of the forecaster: networks from a normalised history to a forecast."""

import keras
from keras import ops

from polyhead.layers import (
    ByteDropout,
    Decoder,
    Encoder,
    MultiHeadAttention,
    PatchEmbedding,
)

# The linear map learns best at several times the learning rate of the rest. Under Adam,
# a factor on small weights has that effect.
GAIN = 5.0


def dense(width: int, seed: int, name: str, activation=None, size: float = 1.0):
    """A dense layer whose weights follow from `seed`: Glorot's, times `size`."""
    scale = size * size
    weights = keras.initializers.VarianceScaling(scale, "fan_avg", "uniform", seed)
    return keras.layers.Dense(width, activation, kernel_initializer=weights, name=name)


@keras.saving.register_keras_serializable(package="polyhead")
class CovariateHead(keras.layers.Layer):
    """Maps all covariates to all steps: a linear map plus an optional hidden layer.

    Args:
        num_targets: T.
        width: of the output of each target.
        hidden_dim: of the hidden layer; 0 for the linear map alone.
        dropout: on the hidden layer.
        seed: of the weights.

    Call arguments:
        x: as of `LinearCore`; of the calendar, it takes the first forecast step.

    Returns:
        Tensor `(B, T, width)`.
    """

    def __init__(self, num_targets, width, hidden_dim, dropout, seed, **kwargs):
        super().__init__(**kwargs)
        self.num_targets = num_targets
        self.hidden_dim = hidden_dim
        self.linear = dense(num_targets * width, seed, "linear")
        if hidden_dim:
            self.hidden = dense(hidden_dim, seed + 1, "hidden", "gelu")
            self.dropout = ByteDropout(dropout, seed=seed + 2)
            self.output_dense = dense(num_targets * width, seed + 3, "output")

    def call(self, x, training=None):
        given = [values for values in (x["past"], x["known"]) if values.shape[2]]
        flat = [ops.reshape(v, (-1, v.shape[1] * v.shape[2])) for v in given]
        calendar = x["calendar"][:, x["targets"].shape[1]]
        flat = ops.concatenate([*flat, calendar], axis=1)
        y = self.linear(flat)
        if self.hidden_dim:
            y = y + self.output_dense(
                self.dropout(self.hidden(flat), training=training)
            )
        return ops.reshape(y, (-1, self.num_targets, y.shape[1] // self.num_targets))


@keras.saving.register_keras_serializable(package="polyhead")
class LinearCore(keras.layers.Layer):
    """Maps each target's history to its forecast.

    Args:
        num_targets: T.
        width: numbers that it gives for each target.
        seed: of the weights, and the dropouts of other cores.
        settings: of the `Forecaster`, which say whether there are covariates.

    Call arguments:
        x: dict of `targets (B, L, T)`, `past (B, L, P)`, `known (B, L + H, K)` and
            `calendar (B, L + H, F)`.

    Returns:
        A list of one head: a tensor `(B, T, width)`, and `None`; see `PeriodicCore`.

    Reference:
        Zeng et al., https://arxiv.org/abs/2205.13504
        Li et al., https://arxiv.org/abs/2305.10721
    """

    def __init__(self, num_targets, width, seed, settings, **kwargs):
        super().__init__(**kwargs)
        self.covariates = settings["num_past"] + settings["num_future"] > 0
        self.time = dense(width, seed, "time")
        if self.covariates:
            self.head = CovariateHead(num_targets, width, 0, 0.0, seed + 1)

    def call(self, x, training=None):
        y = self.time(ops.transpose(x["targets"], (0, 2, 1)))
        if self.covariates:
            y = y + self.head(x, training=training)
        return [(y, None)]


@keras.saving.register_keras_serializable(package="polyhead")
class PeriodicCore(keras.layers.Layer):
    """Two heads, each with a loss of its own, whose mean is the forecast.

    The first is cross-attention over the variates, followed by an MLP. The query of a
    target is a learned cycle at the steps of its history, which has less noise than
    the history itself. The second subtracts another learned cycle from the history,
    maps the rest linearly to the forecast, and adds the cycle of the steps ahead.

    Args:
        num_targets, width, seed: as of `LinearCore`.
        settings: of the `Forecaster`: the steps of the `cycle`, the `hidden_dim` of the
            MLP, the `num_heads` of the attention, and the `dropout` on its weights and
            before the output.

    Call arguments:
        x: dict of `targets (B, L, T)`, `past (B, L, P)`, `known (B, L + H, K)`,
            `calendar (B, L + H, F)` and `phase (B, L + H)`, int32.
        return_scores: whether to return the attention weights as well.

    Returns:
        A list of heads. Each has a tensor `(B, T, width)`, and a tensor `(B, H, T)` to
        add to all quantiles, or `None`. With `return_scores`, a tuple of the list and
        the attention weights `(B, heads, T, T + P)`.

    Reference:
        Lin et al., Temporal Query Network, https://arxiv.org/abs/2505.12917
        Lin et al., CycleNet, https://arxiv.org/abs/2409.18479
    """

    def __init__(self, num_targets, width, seed, settings, **kwargs):
        super().__init__(**kwargs)
        hidden_dim, dropout = settings["hidden_dim"], settings["dropout"]
        self.covariates = settings["num_past"] + settings["num_future"] > 0
        sizes = settings["cycle"], num_targets
        self.cycle = keras.layers.Embedding(*sizes, "zeros", name="cycle")
        self.level = keras.layers.Embedding(*sizes, "zeros", name="level")
        self.first = dense(hidden_dim, seed + 1, "first")
        self.second = dense(hidden_dim, seed + 2, "second")
        self.dropout = ByteDropout(dropout, seed=seed + 3)
        self.output_dense = dense(width, seed + 4, "output")
        self.time = dense(width, seed + 9, "time", size=1 / GAIN)
        if self.covariates:
            self.head = CovariateHead(num_targets, width, hidden_dim, dropout, seed + 5)
        # The look-back need not be a multiple of the heads.
        num_heads = settings["num_heads"]
        head_dim = max(1, settings["look_back"] // num_heads)
        options = {"dropout": dropout, "seed": seed, "name": "attention"}
        self.attention = MultiHeadAttention(num_heads, head_dim, **options)

    def call(self, x, return_scores=False, training=None):
        length = x["targets"].shape[1]
        own = ops.transpose(x["targets"], (0, 2, 1))  # (B, T, L)
        query = ops.transpose(self.cycle(x["phase"][:, :length]), (0, 2, 1))
        keys = ops.concatenate([x["targets"], x["past"]], axis=2)
        keys = ops.transpose(keys, (0, 2, 1))  # (B, T + P, L)
        options = {"return_scores": True, "training": training}
        attended, scores = self.attention(query, keys, **options)
        hidden = self.first(own + attended)
        hidden = hidden + self.second(ops.gelu(hidden))
        first = self.output_dense(self.dropout(hidden, training=training))
        level = GAIN * self.level(x["phase"])  # (B, L + H, T)
        level, ahead = ops.split(level, [length], axis=1)
        rest = ops.transpose(x["targets"] - level, (0, 2, 1))
        second = GAIN * self.time(rest)
        if self.covariates:
            more = self.head(x, training=training)
            first, second = first + more, second + more
        heads = [(first, None), (second, ahead)]
        return (heads, scores) if return_scores else heads


@keras.saving.register_keras_serializable(package="polyhead")
class PatchCore(keras.layers.Layer):
    """Patches of each target on its own, an encoder over them, and one dense output.

    Args:
        num_targets, width, seed: as of `LinearCore`.
        settings: of the `Forecaster`: `patch_length` (patches overlap by half), the
            `num_layers`, `hidden_dim` and `num_heads` of the encoder, and the `dropout`
            in it and before the output.

    Call arguments:
        x: as of `LinearCore`.
        return_scores: whether to return the attention weights as well.

    Returns:
        A list of one head, see `LinearCore`; with `return_scores` a tuple of it and
        the weights of the last block, `(B * T, heads, patches, patches)`.

    Reference:
        Nie et al., PatchTST, https://arxiv.org/abs/2211.14730
    """

    def __init__(self, num_targets, width, seed, settings, **kwargs):
        super().__init__(**kwargs)
        hidden_dim, dropout = settings["hidden_dim"], settings["dropout"]
        self.num_targets = num_targets
        self.covariates = settings["num_past"] + settings["num_future"] > 0
        length = settings["patch_length"]
        stride = max(1, length // 2)
        self.patches = PatchEmbedding(length, hidden_dim, stride, seed=seed)
        sizes = settings["num_layers"], settings["num_heads"], 2 * hidden_dim
        options = {"positions": "rotary", "dropout": dropout, "seed": seed + 1}
        self.encoder = Encoder(*sizes, **options, name="encoder")
        self.dropout = ByteDropout(dropout, seed=seed + 2)
        self.output_dense = dense(width, seed + 3, "output")
        if self.covariates:
            self.head = CovariateHead(num_targets, width, hidden_dim, dropout, seed + 4)

    def call(self, x, return_scores=False, training=None):
        length = x["targets"].shape[1]
        series = ops.transpose(x["targets"], (0, 2, 1))  # (B, T, L)
        patches = self.patches(ops.reshape(series, (-1, length, 1)))
        vectors, scores = self.encoder(patches, return_scores=True, training=training)
        _, count, width = self.patches.compute_output_shape((None, length, 1))
        flat = ops.reshape(vectors, (-1, self.num_targets, count * width))
        y = self.output_dense(self.dropout(flat, training=training))
        if self.covariates:
            y = y + self.head(x, training=training)
        heads = [(y, None)]
        return (heads, scores[-1]) if return_scores else heads


@keras.saving.register_keras_serializable(package="polyhead")
class EncoderDecoderCore(keras.layers.Layer):
    """Encoder over patches of the history, decoder over patches of the known future.

    All steps are forecast at once; no step depends on the forecast of another.

    Args:
        num_targets, width, seed: as of `LinearCore`; the width is a multiple of H.
        settings: of the `Forecaster`: the `horizon` H, the `patch_length`, and the
            `num_layers`, `hidden_dim`, `num_heads` and `dropout` of the encoder and of
            the decoder.

    Call arguments:
        x: as of `LinearCore`.
        return_scores: whether to return the attention weights as well.

    Returns:
        A list of one head, see `LinearCore`; with `return_scores` a tuple of it and
        the decoder's last weights on the history, `(B, heads, future patches,
        patches)`.

    Reference:
        Vaswani et al., Attention Is All You Need, https://arxiv.org/abs/1706.03762
        Zhou et al., Informer (decoding at once), https://arxiv.org/abs/2012.07436
    """

    def __init__(self, num_targets, width, seed, settings, **kwargs):
        super().__init__(**kwargs)
        length, hidden_dim = settings["patch_length"], settings["hidden_dim"]
        self.num_targets = num_targets
        self.horizon, self.patch_length = settings["horizon"], length
        self.num_outputs = width // self.horizon  # of a target in a step
        self.past = PatchEmbedding(length, hidden_dim, seed=seed)
        self.future = PatchEmbedding(length, hidden_dim, seed=seed + 1)
        sizes = settings["num_layers"], settings["num_heads"], 2 * hidden_dim
        options = {"positions": "sinusoidal", "dropout": settings["dropout"]}
        self.encoder = Encoder(*sizes, **options, seed=seed + 2, name="encoder")
        self.decoder = Decoder(*sizes, **options, seed=seed + 3, name="decoder")
        patch_width = length * num_targets * self.num_outputs
        self.output_dense = dense(patch_width, seed + 4, "output")

    def call(self, x, return_scores=False, training=None):
        length = x["targets"].shape[1]
        known = ops.concatenate([x["known"], x["calendar"]], axis=2)
        if not known.shape[2]:  # the decoder needs a number at every step
            known = ops.zeros_like(ops.cast(x["phase"][:, :, None], "float32"))
        past = ops.concatenate([x["targets"], x["past"], known[:, :length]], axis=2)
        memory = self.encoder(self.past(past), training=training)
        future = self.future(known[:, length:])
        options = {"return_scores": True, "training": training}
        vectors, scores = self.decoder(future, memory, **options)
        # (B, future patches, p * T * Q) -> (B, H, T, Q) -> (B, T, H * Q)
        targets, outputs = self.num_targets, self.num_outputs
        padded = -(-self.horizon // self.patch_length) * self.patch_length
        y = self.output_dense(vectors)
        y = ops.reshape(y, (-1, padded, targets * outputs))[:, : self.horizon]
        y = ops.reshape(y, (-1, self.horizon, targets, outputs))
        y = ops.transpose(y, (0, 2, 1, 3))
        y = ops.reshape(y, (-1, targets, self.horizon * outputs))
        heads = [(y, None)]
        return (heads, scores[-1][1]) if return_scores else heads


CORES = {"periodic": PeriodicCore, "patch": PatchCore, "linear": LinearCore}
CORES["encoder-decoder"] = EncoderDecoderCore
