"""Two tasks on which Transformers fail at lengths that training did not show.

Copy: `| string | string |`, decoder only; the second string is to be predicted.
Find: a text with one marker in it; the class is the symbol after the marker.
The models are stock blocks alone: embedding, encoder stacks, pooling, dense.
"""

from collections.abc import Iterator

import keras
import numpy as np

from polyhead.layers import Encoder, MaskedPooling, TokenEmbedding

MARKER, SYMBOLS = 0, 64
FEWEST_SYMBOLS = 4  # of a training string
WIDTH, WINDOW = 64, 8
# Several heads gather what is near; one wide head compares what they gathered.
HEADS = (8, 1)
LONGEST_INPUT = 514  # a string of 256 twice, and two markers

# What the two blocks of a scheme are given. Absolute positions enter once, before the
# first block. In the last three the first block sees, by its window, only the symbols
# just before, and the second finds by content alone where the same ones stood before.
SCHEMES: dict[str, tuple[dict, dict]] = {
    "none": ({}, {}),
    "learned": ({"positions": "learned", "max_length": LONGEST_INPUT}, {}),
    "sinusoidal": ({"positions": "sinusoidal"}, {}),
}
for name in ("rotary", "linear_bias", "relative_bias"):
    SCHEMES[name] = ({"positions": name}, {"positions": name})
for name in ("rotary", "linear_bias", "relative_bias"):
    window = {"positions": name, "sliding_window": WINDOW}
    SCHEMES[f"{name} in a window, then none"] = (window, {})


def make_model(task: str, scheme: str, seed: int) -> keras.Model:
    ids = keras.Input((None,), dtype="int32")
    x = TokenEmbedding(SYMBOLS + 1, WIDTH, scale=True, seed=seed)(ids)  # (B, T, E)
    for number, (heads, arguments) in enumerate(
        zip(HEADS, SCHEMES[scheme], strict=True)
    ):
        x = Encoder(
            num_layers=1,
            num_heads=heads,
            feedforward_dim=2 * WIDTH,
            causal=task == "copy",
            seed=seed + number,
            **arguments,
        )(x)
    if task == "find":
        x = MaskedPooling("max")(x)  # (B, E)
    return keras.Model(ids, keras.layers.Dense(SYMBOLS + 1)(x))


def random_strings(rng, count: int, length: int, fewest: int = SYMBOLS) -> np.ndarray:
    """Strings `(count, length)`, each over `fewest` to all of the symbols."""
    alphabets = rng.permuted(np.tile(np.arange(1, SYMBOLS + 1), (count, 1)), axis=1)
    sizes = rng.integers(fewest, SYMBOLS + 1, size=(count, 1))
    chosen = rng.integers(0, np.broadcast_to(sizes, (count, length)))
    return np.take_along_axis(alphabets, chosen, axis=1).astype("int32")


def copy_batch(rng, count: int, length: int, fewest: int = SYMBOLS):
    """Inputs, next symbols and weights, each `(count, 2 * length + 2)`.

    The weights are 1 from the middle marker on: the copy and the marker that ends it.
    """
    strings = random_strings(rng, count, length, fewest)
    marker = np.full((count, 1), MARKER, "int32")
    text = np.concatenate([marker, strings, marker, strings, marker], axis=1)
    weights = np.zeros((count, 2 * length + 2), "float32")
    weights[:, length + 1 :] = 1.0
    return text[:, :-1], text[:, 1:], weights


def find_batch(rng, count: int, length: int, fewest: int = SYMBOLS):
    """Texts `(count, length)` with a marker each, labels and weights `(count,)`."""
    text = random_strings(rng, count, length, fewest)
    rows, places = np.arange(count), rng.integers(0, length - 1, size=count)
    text[rows, places] = MARKER
    return text, text[rows, places + 1], np.ones(count, "float32")


MAKE_BATCH = {"copy": copy_batch, "find": find_batch}


def training_batches(task: str, seed: int, size: int, steps: int, longest: int):
    """Endless batches, each of one length; the lengths start short and grow.

    The highest length rises from 6 to `longest` over the first 60% of the steps. The
    shorter a string, the sooner a model finds out where to look.
    """
    rng = np.random.default_rng(seed)
    yield MAKE_BATCH[task](rng, size, 2, FEWEST_SYMBOLS)
    for step in range(10**9):
        highest = min(longest, 6 + int(longest * step / (0.6 * steps)))
        length = int(rng.integers(max(3, 3 * highest // 10), highest + 1))
        yield MAKE_BATCH[task](rng, size, length, FEWEST_SYMBOLS)


def held_out_batches(task: str, length: int, count: int, size: int) -> Iterator[tuple]:
    """The same `count` new examples of one length for every model."""
    rng = np.random.default_rng((len(task), length))
    for start in range(0, count, size):
        yield MAKE_BATCH[task](rng, min(size, count - start), length)


def score(model: keras.Model, batches: Iterator[tuple]) -> dict[str, float]:
    """Share of examples that are right, and of single symbols.

    Greedy decoding copies a string exactly if and only if the highest logit is right
    at every position given the true symbols before it: up to the first mistake, both
    have read the same. So one pass over the true text decides it.
    """
    right_examples, right_symbols = [], []
    for inputs, targets, weights in batches:
        right = np.argmax(model.predict_on_batch(inputs), axis=-1) == targets
        right, counted = right.reshape(len(right), -1), weights.reshape(len(right), -1)
        right_examples.append(np.all(right | (counted == 0), axis=1))
        right_symbols.append(right[counted > 0])
    return {
        "examples": float(np.mean(np.concatenate(right_examples))),
        "symbols": float(np.mean(np.concatenate(right_symbols))),
    }
