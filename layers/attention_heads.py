"""The projections of multi-head attention: from tensors to heads and back."""

import keras
from keras import ops

from .biases import LinearBias, RelativeBias
from .dense import make_dense
from .dropout import PlainDropout
from .lora import LoraMethods
from .norms import make_norm
from .parts import check_count, check_part, deserialize_positions, serialize_part
from .rematerialization import RematMethods
from .rotary import RotaryPositions
from .seeds import split_seed
from .tensors import Tensor


class AttentionHeads(LoraMethods, RematMethods, keras.layers.Layer):
    """Has the arguments and the projections of `MultiHeadAttention`."""

    def __init__(
        self,
        num_heads: int,
        head_dim: int | None = None,
        num_kv_heads: int | None = None,
        causal: bool = False,
        sliding_window: int | None = None,
        rotary: RotaryPositions | None = None,
        position_bias: LinearBias | RelativeBias | None = None,
        use_bias: bool = True,
        dropout: float = 0.0,
        qk_norm: bool = False,
        logit_soft_cap: float | None = None,
        seed: int | None = None,
        **kwargs,
    ):
        # Biases and masks keep their type; the dense layers cast their inputs.
        super().__init__(autocast=False, **kwargs)
        check_count("num_heads", num_heads)
        check_count("num_kv_heads", num_kv_heads)
        check_count("head_dim", head_dim)
        check_count("sliding_window", sliding_window)
        if logit_soft_cap is not None and not logit_soft_cap > 0:
            raise ValueError(f"logit_soft_cap must be above 0, not {logit_soft_cap}.")
        check_part("rotary", rotary, RotaryPositions)
        check_part("position_bias", position_bias, LinearBias, RelativeBias)
        if position_bias is not None and position_bias.num_heads != num_heads:
            raise ValueError(
                f"position_bias has num_heads={position_bias.num_heads}, but the layer "
                f"has num_heads={num_heads}."
            )
        if num_kv_heads is not None and num_heads % num_kv_heads:
            raise ValueError(
                f"num_heads {num_heads} must be a multiple of num_kv_heads "
                f"{num_kv_heads}."
            )
        self.num_heads = num_heads
        self.head_dim = head_dim
        self.num_kv_heads = num_kv_heads
        self.causal = causal
        self.sliding_window = sliding_window
        self.rotary = rotary
        self.position_bias = position_bias
        self.use_bias = use_bias
        self.dropout = dropout
        self.qk_norm = qk_norm
        self.logit_soft_cap = logit_soft_cap
        self.seed = seed
        self.supports_masking = True
        *self.dense_seeds, dropout_seed = split_seed(seed, 5)
        self.dropout_layer = PlainDropout(
            dropout, seed=dropout_seed, dtype=self.dtype_policy, name="dropout"
        )

    def build(self, query_shape, memory_shape=None):
        width = query_shape[-1]
        if self.head_dim is None and width % self.num_heads:
            raise ValueError(
                f"The width of the input, {width}, must be a multiple of num_heads "
                f"{self.num_heads}. Change one of them, or pass head_dim."
            )
        self.head_size = self.head_dim or width // self.num_heads
        self.key_heads = self.num_kv_heads or self.num_heads
        memory_shape = memory_shape or query_shape
        inner_shape = (*query_shape[:-1], self.num_heads * self.head_size)
        seeds = self.dense_seeds
        key_width = self.key_heads * self.head_size
        self.query_dense = self._dense(inner_shape[-1], seeds[0], "query")
        self.key_dense = self._dense(key_width, seeds[1], "key")
        self.value_dense = self._dense(key_width, seeds[2], "value")
        self.output_dense = self._dense(width, seeds[3], "output")
        self.query_dense.build(query_shape)
        self.key_dense.build(memory_shape)
        self.value_dense.build(memory_shape)
        self.output_dense.build(inner_shape)
        if self.qk_norm:
            self.query_norm = make_norm(
                "rms_norm", 1e-6, self.dtype_policy, "query_norm"
            )
            self.key_norm = make_norm("rms_norm", 1e-6, self.dtype_policy, "key_norm")
            for norm in (self.query_norm, self.key_norm):
                norm.build((None, None, None, self.head_size))
        if self.rotary is not None and not self.rotary.built:
            self.rotary.build((None, self.num_heads, None, self.head_size))
        if self.position_bias is not None and not self.position_bias.built:
            self.position_bias.build()

    def _dense(self, units, seed, name):
        return make_dense(units, seed, self.dtype_policy, name, self.use_bias)

    def project_query(
        self, query: Tensor, offset: int | Tensor = 0, beams: int = 1
    ) -> Tensor:
        """Returns the queries `(B, H, T, head_dim)` of `query (B, T, E)`."""
        heads = self._split_heads(self.query_dense(query), self.num_heads)
        if self.qk_norm:
            heads = self.query_norm(heads)
        return self._rotate(heads, offset, beams)

    def project_keys(
        self, memory: Tensor, offset: int | Tensor = 0, beams: int = 1
    ) -> tuple[Tensor, Tensor]:
        """Returns the keys and the values of `memory`.

        Args:
            memory: Tensor `(B, S, M)`.
            offset: int, or int32 tensor `()` or `(B,)`. Position of the first entry, of
                all rows or of each. Defaults to `0`.
            beams: int. Number N of hypotheses, if the S entries are one position of N
                hypotheses. Defaults to `1`.

        Returns:
            A tuple of keys and values, each `(B, K, S, head_dim)` with K key heads.
        """
        key = self._split_heads(self.key_dense(memory), self.key_heads)
        value = self._split_heads(self.value_dense(memory), self.key_heads)
        if self.qk_norm:
            key = self.key_norm(key)
        return self._rotate(key, offset, beams), value

    def project_output(self, x: Tensor) -> Tensor:
        """Turns the output of attention `(B, H, T, head_dim)` into `(B, T, E)`."""
        x = ops.transpose(x, (0, 2, 1, 3))
        x = ops.reshape(x, (-1, ops.shape(x)[1], self.num_heads * self.head_size))
        return self.output_dense(x)

    def _split_heads(self, x, num_heads):
        # (B, T, H * D) -> (B, H, T, D)
        x = ops.reshape(x, (-1, ops.shape(x)[1], num_heads, self.head_size))
        return ops.transpose(x, (0, 2, 1, 3))

    def _rotate(self, heads, offset, beams):
        if self.rotary is None:
            return heads
        if beams == 1:
            return self.rotary(heads, offset=offset)
        # All hypotheses are at the same position, so they are rotated like heads.
        num_heads = heads.shape[1]
        heads = ops.reshape(heads, (-1, num_heads * beams, 1, self.head_size))
        heads = self.rotary(heads, offset=offset)
        return ops.reshape(heads, (-1, num_heads, beams, self.head_size))

    def get_config(self):
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "head_dim": self.head_dim,
            "num_kv_heads": self.num_kv_heads,
            "causal": self.causal,
            "sliding_window": self.sliding_window,
            "rotary": serialize_part(self.rotary),
            "position_bias": serialize_part(self.position_bias),
            "use_bias": self.use_bias,
            "dropout": self.dropout,
            "qk_norm": self.qk_norm,
            "logit_soft_cap": self.logit_soft_cap,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, **deserialize_positions(config)})
