"""The parts that encoder and decoder stacks have in common."""

import numbers

import keras
import numpy as np
from keras import ops

from .biases import LinearBias, RelativeBias, combine_biases
from .blocks import with_scores
from .caches import count_beams
from .lora import LoraMethods
from .masks import repeat_keys
from .norms import make_norm
from .parts import check_count, check_share, serialize_part
from .positions import LearnedPositions, SinusoidalPositions
from .rematerialization import RematMethods
from .rotary import RotaryPositions
from .seeds import split_seed
from .tensors import Tensor

POSITIONS = ("rotary", "linear_bias", "relative_bias", "sinusoidal", "learned")
POSITION_LAYERS = (
    RotaryPositions,
    LinearBias,
    RelativeBias,
    SinusoidalPositions,
    LearnedPositions,
)


class TransformerStack(LoraMethods, RematMethods, keras.layers.Layer):
    """Has the positions, the blocks and the final normalisation of a stack.

    A subclass passes the class of its blocks, and their arguments as a dictionary.
    """

    def __init__(
        self,
        block_class,
        block_arguments,
        num_layers,
        positions,
        max_length,
        share_weights,
        stochastic_depth,
        seed,
        **kwargs,
    ):
        super().__init__(autocast=False, **kwargs)
        check_count("num_layers", num_layers)
        check_share("stochastic_depth", stochastic_depth)
        is_layer = isinstance(positions, POSITION_LAYERS)
        is_name = isinstance(positions, str) and positions in POSITIONS
        if positions is not None and not is_layer and not is_name:
            raise ValueError(
                f"positions must be None, one of {POSITIONS} or a layer of one of "
                f"their classes, not {positions!r}."
            )
        if positions == "learned" and max_length is None:
            raise ValueError('positions="learned" needs max_length.')
        self.num_layers = num_layers
        self.positions = positions
        self.max_length = max_length
        self.share_weights = share_weights
        self.stochastic_depth = stochastic_depth
        self.seed = seed
        self.block_arguments = block_arguments
        self.supports_masking = True
        self.final_norm = None
        if block_arguments["norm_position"] == "pre":
            self.final_norm = make_norm(
                block_arguments["norm"],
                block_arguments["epsilon"],
                self.dtype_policy,
                "final_norm",
            )
        *block_seeds, positions_seed = split_seed(seed, num_layers + 1)
        rotary, bias, self.input_positions = self._make_positions(positions_seed)
        # Without a window, the stack computes the bias once for all blocks. With one,
        # each block computes the bias of the few keys in its window.
        windowed = block_arguments["sliding_window"] is not None
        self.position_bias = None if windowed else bias
        depths = [
            stochastic_depth * i / max(1, num_layers - 1) for i in range(num_layers)
        ]
        if share_weights:
            block_seeds, depths = block_seeds[:1], [stochastic_depth]
        blocks = [
            block_class(
                **block_arguments,
                rotary=rotary,
                position_bias=bias if windowed else None,
                stochastic_depth=depths[i],
                seed=block_seed,
                dtype=self.dtype_policy,
                name=f"block_{i}",
            )
            for i, block_seed in enumerate(block_seeds)
        ]
        self.blocks = blocks * num_layers if share_weights else blocks

    def _make_positions(self, seed):
        """Returns the layers for rotary, bias and input positions, at most one set."""
        name, dtype = self.positions, self.dtype_policy
        rotary = bias = input_positions = None
        if isinstance(name, RotaryPositions):
            rotary = name
        elif isinstance(name, (LinearBias, RelativeBias)):
            bias = name
        elif isinstance(name, keras.layers.Layer):
            input_positions = name
        elif name == "rotary":
            rotary = RotaryPositions(dtype=dtype, name="rotary")
        elif name == "linear_bias":
            num_heads = self.block_arguments["num_heads"]
            bias = LinearBias(num_heads, dtype=dtype, name="linear_bias")
        elif name == "relative_bias":
            bias = RelativeBias(
                self.block_arguments["num_heads"],
                bidirectional=not self.block_arguments["causal"],
                seed=seed,
                dtype=dtype,
                name="relative_bias",
            )
        elif name == "sinusoidal":
            input_positions = SinusoidalPositions(dtype=dtype, name="sinusoidal")
        elif name == "learned":
            input_positions = LearnedPositions(
                self.max_length, seed=seed, dtype=dtype, name="learned"
            )
        return rotary, bias, input_positions

    def build_stack(self, x_shape, *memory_shape):
        if self.input_positions is not None and not self.input_positions.built:
            self.input_positions.build(x_shape)
        if self.position_bias is not None and not self.position_bias.built:
            self.position_bias.build()
        for block in self.blocks:
            if not block.built:
                block.build(x_shape, *memory_shape)
        if self.final_norm is not None:
            self.final_norm.build(x_shape)

    def begin(self, x, attention_bias):
        """Returns `x` with positions and the attention bias of all blocks."""
        x = ops.cast(x, self.compute_dtype)
        length = ops.shape(x)[1]
        bias = combine_biases(self._shared_bias(length, length), attention_bias)
        return self._add_positions(x), bias

    def begin_step(self, x, cache, position, attention_mask):
        """As `begin`, for one position `x (B, N, E)` of N hypotheses."""
        x = ops.cast(x, self.compute_dtype)
        beams, width = count_beams(x, cache[0][0], attention_mask), x.shape[2]
        x = ops.reshape(x, (-1, beams, width))
        if beams == 1:
            x = self._add_positions(x, offset=position)
        else:  # N hypotheses at the same position
            x = self._add_positions(ops.reshape(x, (-1, 1, width)), offset=position)
            x = ops.reshape(x, (-1, beams, width))
        length = ops.shape(cache[0][0])[2] // beams
        return x, repeat_keys(self._shared_bias(1, length, offset=position), beams)

    def begin_prefill(self, x, cache, positions):
        """As `begin`, for many positions that fill the cache."""
        x = ops.cast(x, self.compute_dtype)
        length, slots = ops.shape(x)[1], ops.shape(cache[0][0])[2]
        positions = ops.reshape(
            ops.cast(positions, "int32"), (-1,)
        )  # by row, or of all
        bias = self._shared_bias(length, slots, offset=positions)
        return self._add_positions(x, offset=positions), bias

    def run_blocks(
        self,
        method,
        x,
        caches,
        positions,
        return_scores,
        memories=None,
        attention_mask=None,
        **masks,
    ):
        """Runs `"step"` or `"prefill"` of each block on its cache, and the final norm.

        `memories` has, for each block, what `project_memory` returned.
        """
        if method == "step":
            x, bias = self.begin_step(x, caches, positions, attention_mask)
        else:
            x, bias = self.begin_prefill(x, caches, positions)
        masks |= {"attention_mask": attention_mask, "attention_bias": bias}
        chosen = self.choose_blocks(return_scores)
        scores, new_caches = {}, []
        for i, (block, cache) in enumerate(zip(self.blocks, caches, strict=True)):
            memory = {} if memories is None else {"memory_cache": memories[i]}
            result, cache = getattr(block, method)(
                x, cache, positions, return_scores=i in chosen, **memory, **masks
            )
            x, scores[i] = with_scores(result, i in chosen)
            new_caches.append(cache)
        x = self.finish(x)
        return ((x, [scores[i] for i in chosen]) if chosen else x), new_caches

    def call_blocks(self, x, *memory, return_scores, **masks):
        """Runs all blocks and the final norm."""
        chosen, scores = self.choose_blocks(return_scores), {}
        for i, block in enumerate(self.blocks):
            result = block(x, *memory, return_scores=i in chosen, **masks)
            x, scores[i] = with_scores(result, i in chosen)
        x = self.finish(x)
        return (x, [scores[i] for i in chosen]) if chosen else x

    def spec_of_blocks(self, x, *memory, return_scores, **masks):
        """What `call_blocks` returns, without the arithmetic."""
        output = keras.KerasTensor(x.shape, dtype=self.compute_dtype)
        specs = [
            block.compute_output_spec(x, *memory, return_scores=True, **masks)
            for block in self.blocks
        ]
        chosen = self.choose_blocks(return_scores)
        return (output, [specs[i][1] for i in chosen]) if chosen else output

    def choose_blocks(self, return_scores):
        """The numbers of the blocks whose attention weights are returned."""
        if isinstance(return_scores, (bool, np.bool_)) or return_scores is None:
            return range(self.num_layers) if return_scores else ()
        is_list = isinstance(return_scores, (list, tuple))
        if not (is_list and all(map(_is_int, return_scores))):
            raise ValueError(
                f"return_scores must be a bool or a list of numbers of blocks, not "
                f"{return_scores!r}."
            )
        chosen = [i + self.num_layers if i < 0 else i for i in return_scores]
        if not all(0 <= i < self.num_layers for i in chosen):
            raise ValueError(
                "return_scores must be a bool or numbers of blocks from "
                f"{-self.num_layers} to {self.num_layers - 1}, not {return_scores}."
            )
        return chosen

    def _add_positions(self, x, offset=0):
        if self.input_positions is None:
            return x
        return self.input_positions(x, offset=offset)

    def _shared_bias(self, query_length, key_length, offset=0):
        if self.position_bias is None:
            return None
        return self.position_bias(query_length, key_length, offset=offset)

    def finish(self, x):
        return x if self.final_norm is None else self.final_norm(x)

    def make_cache(
        self, batch_size: int, max_length: int, beams: int = 1
    ) -> list[tuple[Tensor, Tensor]]:
        """Returns a list with the empty cache of each block for the first `step`.

        See `MultiHeadAttention.make_cache`.
        """
        return [
            block.make_cache(batch_size, max_length, beams) for block in self.blocks
        ]

    def get_config(self):
        config = {
            **super().get_config(),
            "num_layers": self.num_layers,
            "positions": (
                serialize_part(self.positions)
                if isinstance(self.positions, keras.layers.Layer)
                else self.positions
            ),
            "max_length": self.max_length,
            "share_weights": self.share_weights,
            "stochastic_depth": self.stochastic_depth,
            "seed": self.seed,
            **self.block_arguments,
        }
        activation = keras.activations.get(config["activation"])
        return {**config, "activation": keras.activations.serialize(activation)}

    @classmethod
    def from_config(cls, config):
        positions = config["positions"]
        if isinstance(positions, dict):
            positions = keras.saving.deserialize_keras_object(positions)
        return cls(**{**config, "positions": positions})


def _is_int(number):
    return isinstance(number, numbers.Integral)
