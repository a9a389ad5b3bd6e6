"""What a model writes for a text: the text, its score, and whether it was cut."""

from typing import Any, NamedTuple

from keras import ops

from polyhead.runtime.translator import INPUT_CUT, OUTPUT_CUT


class Hypothesis(NamedTuple):
    """A text that a model wrote."""

    text: bytes  # UTF-8
    score: float  # log-probability over the pieces, the end symbol counted
    cut: bool  # whether it had as many pieces as it may have


def rate_hypotheses(
    ids: Any, scores: Any, limits: Any, length_penalty: float = 0.0
) -> tuple[Any, Any]:
    """The log-probabilities over the lengths, and which hypotheses are at their limit.

    Args:
        ids: `(B, S)`, or `(B, n_best, S)`, zero-padded, without the end symbol.
        scores: `(B,)` or `(B, n_best)`: log-probabilities over the length to the power
            of `length_penalty`, the end symbol counted.
        limits: `(B,)` int32, how many pieces may come out; 0 for an empty text.

    Returns:
        The scores, and booleans of their shape.
    """
    written = ops.sum(ops.cast(ids > 0, "int32"), axis=-1)
    if len(written.shape) == 2:
        limits = ops.expand_dims(limits, 1)
    cut = ops.logical_and(limits > 0, written >= limits)
    if length_penalty != 1:
        length = ops.cast(written + 1, "float32")
        scores = scores / length ** (1 - length_penalty)
    return scores, cut


def sum_cuts(input_cut: Any, output_cut: Any) -> Any:
    """`truncated (B,)` int32 of two booleans `(B,)`: 1, 2, or 3 for both."""
    read, written = (ops.cast(x, "int32") for x in (input_cut, output_cut))
    return INPUT_CUT * read + OUTPUT_CUT * written


def draw_numbers(seeds: Any, count: int) -> Any:
    """`(B, count)` float32 in [0, 1), each row from its own seed, in TensorFlow."""
    import tensorflow as tf

    def draw(seed: Any) -> Any:
        key = tf.stack([seed, 0])
        return tf.random.stateless_uniform([count], key, alg="philox")

    return tf.map_fn(draw, seeds, fn_output_signature=tf.float32)
