"""Biases on attention logits that depend only on relative positions."""

import math

import keras
import numpy as np
from keras import ops

from .dense import make_table
from .parts import check_count
from .rematerialization import RematMethods
from .tensors import Tensor, count_from


def _relative_positions(query_length, key_length, offset):
    """Key position minus query position, `(T, S)` or by row `(B, T, S)`, int32."""
    query = count_from(offset, query_length)
    key = ops.arange(key_length, dtype="int32")
    return ops.expand_dims(key, 0) - ops.expand_dims(query, -1)


def combine_biases(position_bias, attention_bias):
    """Adds two biases on the attention logits, either of which may be `None`."""
    if position_bias is None:
        return attention_bias
    if attention_bias is None:
        return position_bias
    return position_bias + ops.cast(attention_bias, "float32")


def _spec(num_heads, query_length, key_length, offset):
    """The shape and type of a bias; lengths that are tensors are not known."""
    sizes = (n if isinstance(n, int) else None for n in (query_length, key_length))
    rows = offset.shape[0] if len(getattr(offset, "shape", ())) else 1
    return keras.KerasTensor((rows, num_heads, *sizes), dtype="float32")


def _linear_slopes(num_heads):
    """The slopes of the ALiBi paper; `num_heads` need not be a power of two."""
    power = 2 ** math.floor(math.log2(num_heads))
    slopes = [2.0 ** (-8 * (i + 1) / power) for i in range(power)]
    between = [2.0 ** (-4 * (2 * i + 1) / power) for i in range(num_heads - power)]
    return np.array(slopes + between, dtype="float32")


@keras.saving.register_keras_serializable(package="polyhead")
class LinearBias(RematMethods, keras.layers.Layer):
    """Bias that lowers attention in proportion to the distance (ALiBi).

    `keras_hub.layers.AlibiBias` adds such a bias to logits and measures the distance
    from the last key. This layer returns the bias and measures from each query.

    Args:
        num_heads: int. Number of query heads, H. Each has its own slope.
        learned: bool. Whether the slopes are trained. Defaults to `False`.
        seed: int. Has no effect: nothing here is random. Every layer of this package
            takes a seed. Defaults to `None`.
        **kwargs: Arguments of `keras.layers.Layer`, such as `name` and `dtype`.

    Call arguments:
        query_length: int or int32 scalar tensor. Number of queries, T.
        key_length: int or int32 scalar tensor. Number of keys, S.
        offset: int, or int32 tensor `()` or `(B,)`. Position of the first query, of all
            rows or of each. Defaults to `0`.

    Returns:
        Float32 tensor `(1, H, T, S)`, or `(B, H, T, S)` where each row has an
            offset: `-slope * |distance|`.

    Example:

    >>> LinearBias(num_heads=8)(1, 3, offset=2)[0, 0].numpy().tolist()
    [[-1.0, -0.5, -0.0]]

    Reference:
        Press et al., Train Short, Test Long, https://arxiv.org/abs/2108.12409
    """

    def __init__(
        self,
        num_heads: int,
        learned: bool = False,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(autocast=False, **kwargs)
        check_count("num_heads", num_heads)
        self.num_heads = num_heads
        self.learned = learned
        self.seed = seed

    def __call__(
        self,
        query_length: int | Tensor,
        key_length: int | Tensor,
        offset: int | Tensor = 0,
        **kwargs,
    ) -> Tensor:
        # Keras takes arguments that are no tensors by keyword only.
        return super().__call__(
            query_length=query_length, key_length=key_length, offset=offset, **kwargs
        )

    def build(self, input_shape=None):
        if not self.learned:
            return
        slopes = _linear_slopes(self.num_heads)
        self.slopes = keras.layers.Embedding(
            1,
            self.num_heads,
            embeddings_initializer=lambda shape, dtype=None: ops.convert_to_tensor(
                slopes.reshape(shape), dtype=dtype
            ),
            dtype="float32",
            name="slopes",
        )
        self.slopes.build((1,))

    def call(self, query_length, key_length, offset=0):
        if self.learned:
            slopes = self.slopes(ops.zeros((1,), dtype="int32"))
        else:
            slopes = ops.convert_to_tensor(_linear_slopes(self.num_heads))
        slopes = ops.reshape(slopes, (1, self.num_heads, 1, 1))
        distance = ops.abs(_relative_positions(query_length, key_length, offset))
        distance = ops.cast(distance, "float32")
        if len(distance.shape) == 2:
            distance = ops.expand_dims(distance, 0)
        return -slopes * ops.expand_dims(distance, 1)  # (1 or B, 1, T, S)

    def compute_output_spec(self, query_length, key_length, offset=0):
        return _spec(self.num_heads, query_length, key_length, offset)

    def get_config(self):
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "learned": self.learned,
            "seed": self.seed,
        }


@keras.saving.register_keras_serializable(package="polyhead")
class RelativeBias(RematMethods, keras.layers.Layer):
    """Learned bias for each bucket of relative positions (T5).

    Each short distance has its own bucket. Longer distances share buckets whose width
    grows logarithmically, and all distances from `max_distance` share the last one. In
    KerasHub this is a part of the T5 model, not a layer.

    Args:
        num_heads: int. Number of query heads, H.
        num_buckets: int. Number of buckets. Defaults to `32`.
        max_distance: int. Distance from which all keys share a bucket. Defaults to
            `128`.
        bidirectional: bool. Whether later keys have their own buckets. If `False`, they
            share the bucket of distance 0. Defaults to `True`.
        seed: int. Seed of the initial biases. Defaults to `None`.
        **kwargs: Arguments of `keras.layers.Layer`, such as `name` and `dtype`.

    Call arguments:
        query_length: int or int32 scalar tensor. Number of queries, T.
        key_length: int or int32 scalar tensor. Number of keys, S.
        offset: int, or int32 tensor `()` or `(B,)`. Position of the first query, of all
            rows or of each. Defaults to `0`.

    Returns:
        Float32 tensor `(1, H, T, S)`, or `(B, H, T, S)` where each row has an offset.

    Raises:
        ValueError: If there are too few buckets, or `max_distance` is not above the
            distances that have their own bucket.

    Example:

    >>> tuple(RelativeBias(num_heads=4)(2, 6).shape)
    (1, 4, 2, 6)

    Reference:
        Raffel et al., T5, https://arxiv.org/abs/1910.10683
    """

    def __init__(
        self,
        num_heads: int,
        num_buckets: int = 32,
        max_distance: int = 128,
        bidirectional: bool = True,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(autocast=False, **kwargs)
        check_count("num_heads", num_heads)
        self.num_heads = num_heads
        self.num_buckets = num_buckets
        self.max_distance = max_distance
        self.bidirectional = bidirectional
        self.seed = seed
        directions = 2 if bidirectional else 1
        num_exact = num_buckets // (2 * directions)
        if num_exact < 1:
            raise ValueError(
                f"num_buckets must be {2 * directions} or more, not {num_buckets}."
            )
        if max_distance <= num_exact:
            raise ValueError(
                f"max_distance must be above {num_exact} for {num_buckets} buckets, "
                f"not {max_distance}."
            )

    def __call__(
        self,
        query_length: int | Tensor,
        key_length: int | Tensor,
        offset: int | Tensor = 0,
        **kwargs,
    ) -> Tensor:
        return super().__call__(
            query_length=query_length, key_length=key_length, offset=offset, **kwargs
        )

    def build(self, input_shape=None):
        self.embedding = make_table(
            self.num_buckets, self.num_heads, self.seed, "float32", "embedding"
        )
        self.embedding.build((None,))

    def call(self, query_length, key_length, offset=0):
        relative = _relative_positions(query_length, key_length, offset)
        relative = ops.clip(relative, -self.max_distance, self.max_distance)
        # A table gives the buckets: logarithms round differently on each backend.
        table = ops.convert_to_tensor(self._bucket_table(), dtype="int32")
        bias = self.embedding(ops.take(table, relative + self.max_distance, axis=0))
        if len(bias.shape) == 4:  # (B, T, S, H)
            return ops.transpose(bias, (0, 3, 1, 2))
        return ops.expand_dims(ops.transpose(bias, (2, 0, 1)), 0)

    def _bucket_table(self):
        """Bucket of each relative position from -max_distance to max_distance."""
        buckets = []
        per_side = self.num_buckets // 2 if self.bidirectional else self.num_buckets
        num_exact = per_side // 2
        per_log = (per_side - num_exact) / math.log(self.max_distance / num_exact)
        for relative in range(-self.max_distance, self.max_distance + 1):
            distance = abs(relative) if self.bidirectional else max(-relative, 0)
            bucket = distance
            if distance >= num_exact:
                # The 1e-9 keeps whole numbers that rounding puts a little too low.
                extra = per_log * math.log(distance / num_exact) + 1e-9
                bucket = min(num_exact + int(extra), per_side - 1)
            is_later = self.bidirectional and relative > 0
            buckets.append(bucket + (per_side if is_later else 0))
        return np.array(buckets, dtype="int32")

    def compute_output_spec(self, query_length, key_length, offset=0):
        return _spec(self.num_heads, query_length, key_length, offset)

    def get_config(self):
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "num_buckets": self.num_buckets,
            "max_distance": self.max_distance,
            "bidirectional": self.bidirectional,
            "seed": self.seed,
        }
