"""Biases on attention logits that depend on relative positions alone."""

import math

import keras
import numpy as np
from keras import ops

# A layer takes numbers by keyword only; these layers are called with two lengths.


def _relative_positions(query_length, key_length, offset):
    """Key position less query position, `(T, S)`, int32."""
    query = ops.arange(query_length, dtype="int32") + ops.cast(offset, "int32")
    key = ops.arange(key_length, dtype="int32")
    return ops.expand_dims(key, 0) - ops.expand_dims(query, 1)


def _linear_slopes(num_heads):
    """The slopes of the ALiBi paper, also for head counts that are no power of two."""
    power = 2 ** math.floor(math.log2(num_heads))
    slopes = [2.0 ** (-8 * (i + 1) / power) for i in range(power)]
    between = [2.0 ** (-4 * (2 * i + 1) / power) for i in range(num_heads - power)]
    return np.array(slopes + between, dtype="float32")


@keras.saving.register_keras_serializable(package="polyhead")
class LinearBias(keras.layers.Layer):
    """Lowers attention in proportion to the distance (ALiBi).

    Args:
        num_heads: Number of query heads; each has a slope of its own.
        learned: Whether the slopes are trained.
        seed: Accepted as by every layer; nothing here is random.

    Call arguments:
        query_length: Number of queries, T.
        key_length: Number of keys, S.
        offset: Position of the first query, an int or an int32 scalar.

    Returns:
        Float32 tensor `(1, H, T, S)`, `-slope * |distance|`.

    Example:

    >>> LinearBias(num_heads=8)(1, 3, offset=2)[0, 0].numpy().tolist()
    [[-1.0, -0.5, -0.0]]

    Reference:
        Press et al., Train Short, Test Long, https://arxiv.org/abs/2108.12409
    """

    def __init__(self, num_heads, learned=False, seed=None, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.num_heads = num_heads
        self.learned = learned
        self.seed = seed

    def __call__(self, query_length, key_length, offset=0, **kwargs):
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
        distance = ops.cast(ops.expand_dims(distance, 0), "float32")
        return -slopes * ops.expand_dims(distance, 0)

    def get_config(self):
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "learned": self.learned,
            "seed": self.seed,
        }


@keras.saving.register_keras_serializable(package="polyhead")
class RelativeBias(keras.layers.Layer):
    """Learned bias for buckets of relative positions (T5).

    Near distances have a bucket each, farther ones share buckets that widen with the
    logarithm, and from `max_distance` on all share one.

    Args:
        num_heads: Number of query heads.
        num_buckets: Number of buckets.
        max_distance: Distance from which all share a bucket.
        bidirectional: Whether later keys have buckets of their own; otherwise they
            share the bucket of distance 0.
        seed: Seed of the initial biases.

    Call arguments:
        query_length: Number of queries, T.
        key_length: Number of keys, S.
        offset: Position of the first query, an int or an int32 scalar.

    Returns:
        Float32 tensor `(1, H, T, S)`.

    Example:

    >>> tuple(RelativeBias(num_heads=4)(2, 6).shape)
    (1, 4, 2, 6)

    Reference:
        Raffel et al., T5, https://arxiv.org/abs/1910.10683
    """

    def __init__(
        self,
        num_heads,
        num_buckets=32,
        max_distance=128,
        bidirectional=True,
        seed=None,
        **kwargs,
    ):
        super().__init__(autocast=False, **kwargs)
        self.num_heads = num_heads
        self.num_buckets = num_buckets
        self.max_distance = max_distance
        self.bidirectional = bidirectional
        self.seed = seed
        sides = 2 if bidirectional else 1
        if num_buckets < 2 * sides or max_distance <= num_buckets // (2 * sides):
            raise ValueError(
                f"num_buckets {num_buckets} must be {2 * sides} or more, and "
                f"max_distance {max_distance} above {num_buckets // (2 * sides)}."
            )

    def __call__(self, query_length, key_length, offset=0, **kwargs):
        return super().__call__(
            query_length=query_length, key_length=key_length, offset=offset, **kwargs
        )

    def build(self, input_shape=None):
        self.embedding = keras.layers.Embedding(
            self.num_buckets,
            self.num_heads,
            embeddings_initializer=keras.initializers.RandomNormal(
                stddev=0.02, seed=self.seed
            ),
            dtype="float32",
            name="embedding",
        )
        self.embedding.build((None,))

    def call(self, query_length, key_length, offset=0):
        relative = _relative_positions(query_length, key_length, offset)
        relative = ops.clip(relative, -self.max_distance, self.max_distance)
        # The bucket comes from a table: logarithms round differently on each backend.
        table = ops.convert_to_tensor(self._bucket_table(), dtype="int32")
        bias = self.embedding(ops.take(table, relative + self.max_distance, axis=0))
        return ops.expand_dims(ops.transpose(bias, (2, 0, 1)), 0)

    def _bucket_table(self):
        """Bucket of every relative position from -max_distance to max_distance."""
        buckets = []
        side = self.num_buckets // 2 if self.bidirectional else self.num_buckets
        exact = side // 2
        widening = (side - exact) / math.log(self.max_distance / exact)
        for relative in range(-self.max_distance, self.max_distance + 1):
            distance = abs(relative) if self.bidirectional else max(-relative, 0)
            bucket = distance
            if distance >= exact:
                # A whole number that the logarithm misses by rounding is still whole.
                wider = widening * math.log(distance / exact) + 1e-9
                bucket = min(exact + int(wider), side - 1)
            later = self.bidirectional and relative > 0
            buckets.append(bucket + (side if later else 0))
        return np.array(buckets, dtype="int32")

    def get_config(self):
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "num_buckets": self.num_buckets,
            "max_distance": self.max_distance,
            "bidirectional": self.bidirectional,
            "seed": self.seed,
        }
