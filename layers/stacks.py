"""What the encoder and decoder stacks have in common."""

import keras

from .biases import LinearBias, RelativeBias
from .lora import LoraMethods
from .positions import LearnedPositions, RotaryPositions, SinusoidalPositions
from .residual import make_norm
from .seeds import split_seed

POSITIONS = ("rotary", "linear_bias", "relative_bias", "sinusoidal", "learned")


class TransformerStack(LoraMethods, keras.layers.Layer):
    """Holds positions, blocks and the final norm of a stack.

    Args:
        block_class: The class of the blocks.
        block_arguments: What every block is made with, less seed and stochastic depth.
    """

    def __init__(
        self,
        block_class,
        num_layers,
        positions,
        max_length,
        stochastic_depth,
        seed,
        block_arguments,
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
        self.block_arguments = dict(block_arguments)
        self.supports_masking = True
        *block_seeds, positions_seed = split_seed(seed, num_layers + 1)
        windowed = block_arguments["sliding_window"] is not None
        rotary, bias, self.input_positions = self._make_positions(positions_seed)
        # In full, the stack computes the bias once for all blocks. Under a window,
        # every block computes the short band that it needs.
        self.position_bias = None if windowed else bias
        self.blocks = [
            block_class(
                **block_arguments,
                rotary=rotary,
                position_bias=bias if windowed else None,
                stochastic_depth=stochastic_depth * i / max(1, num_layers - 1),
                seed=block_seed,
                dtype=self.dtype_policy,
                name=f"block_{i}",
            )
            for i, block_seed in enumerate(block_seeds)
        ]
        self.final_norm = None
        if block_arguments["norm_position"] == "pre":
            self.final_norm = make_norm(
                block_arguments["norm"],
                block_arguments["epsilon"],
                self.dtype_policy,
                "final_norm",
            )

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
                bidirectional=not self.block_arguments.get("causal", True),
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

    def build_positions(self, x_shape):
        if self.input_positions is not None:
            self.input_positions.build(x_shape)
        if self.position_bias is not None:
            self.position_bias.build()

    def add_positions(self, x, offset=0):
        if self.input_positions is None:
            return x
        return self.input_positions(x, offset=offset)

    def shared_bias(self, length, size, offset=0):
        """Position bias of all blocks, `(1, H, T, S)`, or `None`."""
        if self.position_bias is None:
            return None
        return self.position_bias(length, size, offset=offset)

    def finish(self, x):
        return x if self.final_norm is None else self.final_norm(x)

    def make_cache(self, batch_size, max_length):
        """Returns a list with the empty cache of every block."""
        return [block.make_cache(batch_size, max_length) for block in self.blocks]

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
