"""What the encoder and decoder stacks have in common."""

import keras
from keras import ops

from .biases import LinearBias, RelativeBias
from .lora import LoraMethods
from .masks import repeat_keys
from .positions import LearnedPositions, RotaryPositions, SinusoidalPositions
from .residual import make_norm
from .seeds import split_seed

POSITIONS = ("rotary", "linear_bias", "relative_bias", "sinusoidal", "learned")


class TransformerStack(LoraMethods, keras.layers.Layer):
    """Holds positions, blocks and the final norm of a stack."""

    def __init__(
        self,
        num_layers,
        num_heads,
        feedforward_dim,
        positions=None,
        max_length=None,
        num_kv_heads=None,
        head_dim=None,
        causal=False,
        sliding_window=None,
        activation="gelu",
        gated=False,
        norm="layer_norm",
        norm_position="pre",
        dropout=0.0,
        attention_dropout=0.0,
        feedforward_dropout=None,
        stochastic_depth=0.0,
        use_bias=True,
        epsilon=1e-5,
        seed=None,
        **kwargs,
    ):
        super().__init__(autocast=False, **kwargs)
        if positions is not None and positions not in POSITIONS:
            raise ValueError(
                f"positions must be None or one of {POSITIONS}, not {positions!r}."
            )
        if positions == "learned" and max_length is None:
            raise ValueError('positions="learned" needs max_length.')
        self.num_layers = num_layers
        self.positions = positions
        self.max_length = max_length
        self.stochastic_depth = stochastic_depth
        self.seed = seed
        self.block_arguments = {
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
            "epsilon": epsilon,
        }
        self.supports_masking = True
        self.final_norm = None
        if norm_position == "pre":
            self.final_norm = make_norm(norm, epsilon, self.dtype_policy, "final_norm")

    def make_blocks(self, block_class, **more_arguments):
        """Makes the positions and the blocks; a subclass names the class of these."""
        self.block_arguments.update(more_arguments)
        *block_seeds, positions_seed = split_seed(self.seed, self.num_layers + 1)
        rotary, bias, self.input_positions = self._make_positions(positions_seed)
        # In full, the stack computes the bias once for all blocks. Under a window,
        # every block computes the short band that it needs.
        windowed = self.block_arguments["sliding_window"] is not None
        self.position_bias = None if windowed else bias
        self.blocks = [
            block_class(
                **self.block_arguments,
                rotary=rotary,
                position_bias=bias if windowed else None,
                stochastic_depth=self.stochastic_depth
                * i
                / max(1, self.num_layers - 1),
                seed=block_seed,
                dtype=self.dtype_policy,
                name=f"block_{i}",
            )
            for i, block_seed in enumerate(block_seeds)
        ]

    def _make_positions(self, seed):
        """Returns the rotary, bias and input positions, of which one or none is set."""
        name, dtype = self.positions, self.dtype_policy
        rotary = bias = at_input = None
        if name == "rotary":
            rotary = RotaryPositions(dtype=dtype, name="rotary")
        elif name == "linear_bias":
            heads = self.block_arguments["num_heads"]
            bias = LinearBias(heads, dtype=dtype, name="linear_bias")
        elif name == "relative_bias":
            bias = RelativeBias(
                self.block_arguments["num_heads"],
                bidirectional=not self.block_arguments["causal"],
                seed=seed,
                dtype=dtype,
                name="relative_bias",
            )
        elif name == "sinusoidal":
            at_input = SinusoidalPositions(dtype=dtype, name="sinusoidal")
        elif name == "learned":
            at_input = LearnedPositions(
                self.max_length, seed=seed, dtype=dtype, name="learned"
            )
        return rotary, bias, at_input

    def build_stack(self, x_shape, *memory_shape):
        if self.input_positions is not None:
            self.input_positions.build(x_shape)
        if self.position_bias is not None:
            self.position_bias.build()
        for block in self.blocks:
            block.build(x_shape, *memory_shape)
        if self.final_norm is not None:
            self.final_norm.build(x_shape)

    def add_positions(self, x, offset=0):
        if self.input_positions is None:
            return x
        return self.input_positions(x, offset=offset)

    def shared_bias(self, length, size, offset=0, attention_bias=None):
        """The bias of all blocks, positions and what the caller adds, or `None`."""
        if self.position_bias is None:
            return attention_bias
        bias = self.position_bias(length, size, offset=offset)
        if attention_bias is None:
            return bias
        return bias + ops.cast(attention_bias, "float32")

    def finish(self, x):
        return x if self.final_norm is None else self.final_norm(x)

    def make_cache(self, batch_size, max_length, beams=1):
        """Returns a list with the empty cache of every block."""
        return [
            block.make_cache(batch_size, max_length, beams) for block in self.blocks
        ]

    def begin_step(self, x, cache, position):
        """Adds positions to `x (B, N, E)`; returns it and the bias of all blocks."""
        x = ops.cast(x, self.compute_dtype)
        beams, width = x.shape[1:]
        if beams == 1:
            x = self.add_positions(x, offset=position)
        else:  # all at one position
            x = self.add_positions(ops.reshape(x, (-1, 1, width)), offset=position)
            x = ops.reshape(x, (-1, beams, width))
        length = ops.shape(cache[0][0])[2] // beams
        return x, repeat_keys(self.shared_bias(1, length, offset=position), beams)

    def get_config(self):
        config = {
            **super().get_config(),
            "num_layers": self.num_layers,
            "positions": self.positions,
            "max_length": self.max_length,
            "stochastic_depth": self.stochastic_depth,
            "seed": self.seed,
            **self.block_arguments,
        }
        activation = keras.activations.get(config["activation"])
        return {**config, "activation": keras.activations.serialize(activation)}
