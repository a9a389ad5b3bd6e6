"""How the next symbol is drawn: pure functions of logits and random numbers."""

import math
import numbers
from collections.abc import Sequence

import keras
from keras import ops

from .candidates import NEVER, largest
from .tensors import Tensor

COLDEST = 1e-6  # temperature, and share: only the most probable symbol is drawn
HOTTEST = 1e6  # temperature: all symbols that may come are equally probable


def keep_probable(
    logits: Tensor,
    top_k: int | Tensor | None = None,
    top_p: float | Tensor = 1.0,
    min_p: float | Tensor = 0.0,
) -> Tensor:
    """Gives minus infinity to the symbols that are not to be drawn.

    A symbol is kept if all three keep it; the most probable one always is. Of equally
    probable symbols those with the lowest ids are kept first. KerasHub has
    `keras_hub.samplers.TopKSampler` and `TopPSampler`, and no minimal probability.

    Args:
        logits: Tensor `(B, V)`.
        top_k: int or int32 tensor `()` or `(B,)`. The k most probable symbols are kept.
            Defaults to `None`, which keeps all, as does 0 in a tensor.
        top_p: float, or tensor `()` or `(B,)`. Of these, the most probable that
            together reach this share are kept. Defaults to `1.0`.
        min_p: float, or tensor `()` or `(B,)`. Symbols are kept whose probability is at
            least this share of that of the most probable one. Defaults to `0.0`.

    Returns:
        Float32 tensor `(B, V)`.

    Raises:
        ValueError: If a number is impossible.

    Example:

    >>> logits = np.log([[0.5, 0.3, 0.15, 0.05]])
    >>> np.isfinite(keep_probable(logits, top_k=3)).astype(int)
    array([[1, 1, 1, 0]])
    >>> np.isfinite(keep_probable(logits, top_p=0.7)).astype(int)
    array([[1, 1, 0, 0]])
    >>> np.isfinite(keep_probable(logits, min_p=0.2)).astype(int)
    array([[1, 1, 1, 0]])

    Reference:
        Holtzman et al., The Curious Case of Neural Text Degeneration,
        https://arxiv.org/abs/1904.09751
        Nguyen et al., Turning Up the Heat: Min-p Sampling,
        https://arxiv.org/abs/2407.01082
    """
    check_sampling(1.0, top_k, top_p, min_p)
    logits = ops.cast(logits, "float32")
    size = logits.shape[-1]
    sorted_logits, columns = largest(logits, size)
    weights = ops.exp(sorted_logits - sorted_logits[:, :1])
    weights = keep_weights(weights, top_k, top_p, min_p)
    # The rank of each symbol: where the sorted columns would be sorted to.
    ranks = ops.argsort(columns, axis=-1)
    kept = ops.take_along_axis(weights, ops.cast(ranks, "int32"), axis=-1) > 0
    return ops.where(kept, logits, NEVER)


def keep_weights(weights, top_k, top_p, min_p):
    """Zeros for the weights `(B, C)`, from the largest 1 down, that are not kept."""
    if top_k is not None:
        places = ops.arange(weights.shape[-1], dtype="int32")
        asked = ops.reshape(ops.cast(top_k, "int32"), (-1, 1))
        kept = ops.logical_or(ops.expand_dims(places, 0) < asked, asked < 1)
        weights = ops.where(kept, weights, 0.0)
    if not _is_number(min_p) or min_p > 0:
        least = ops.reshape(ops.convert_to_tensor(min_p, "float32"), (-1, 1))
        weights = ops.where(weights >= ops.minimum(least, 1.0), weights, 0.0)
    if _is_number(top_p) and top_p == 1:
        return weights
    before = ops.cumsum(weights, axis=-1) - weights
    share = at_least_coldest(top_p)
    enough = share * ops.sum(weights, axis=-1, keepdims=True)
    # Sums round: beside a weight of 1, one of 1e-9 adds nothing.
    kept = ops.logical_or(before < enough, share >= 1.0)
    return ops.where(kept, weights, 0.0)


def draw_symbols(
    logits: Tensor,
    seed: int | keras.random.SeedGenerator | None = None,
    temperature: float | Tensor = 1.0,
    top_k: int | Tensor | None = None,
    top_p: float | Tensor = 1.0,
    min_p: float | Tensor = 0.0,
) -> Tensor:
    """Draws a symbol for each row by its probability.

    `sample` does this at each step of a decoding loop.

    Args:
        logits: Tensor `(B, V)`.
        seed: int, or `keras.random.SeedGenerator`. With the same int the same symbols
            are drawn from the same logits. Defaults to `None`: other ones each time.
        temperature: float, or tensor `()` or `(B,)`. Divides the logits; below 1
            probable symbols become more probable. Defaults to `1.0`.
        top_k: int or tensor; see `keep_probable`. Defaults to `None`.
        top_p: float or tensor; see `keep_probable`. Defaults to `1.0`.
        min_p: float or tensor; see `keep_probable`. Defaults to `0.0`.

    Returns:
        Int32 tensor `(B,)` of ids.

    Raises:
        ValueError: If a number is impossible.

    Example:

    >>> logits = np.array([[0.0, 9.0, 0.0, 0.0]])
    >>> draw_symbols(logits, seed=0, temperature=0.5).numpy()
    array([1], dtype=int32)
    """
    check_sampling(temperature, top_k, top_p, min_p)
    logits = ops.cast(logits, "float32") / heat_of(temperature)
    logits = keep_probable(logits, top_k, top_p, min_p)
    ids = keras.random.categorical(logits, 1, dtype="int32", seed=seed)
    return ids[:, 0]


def has_stopped(ids: Tensor, stops: Sequence[Sequence[int] | int]) -> Tensor:
    """Tells which rows end with one of the sequences that stop a decoding.

    KerasHub takes single ids, as `stop_token_ids`.

    Args:
        ids: Integer tensor `(B, T)`, the symbols so far.
        stops: sequence of sequences of ints, or of ints. A row stops when its last
            symbols are one of them. None is empty.

    Returns:
        Boolean tensor `(B,)`.

    Raises:
        ValueError: If a sequence is empty.

    Example:

    >>> ids = np.array([[5, 6, 7], [5, 7, 6]])
    >>> has_stopped(ids, stops=[[2], [6, 7]]).numpy()
    array([ True, False])
    """
    endings = [tuple(x) if isinstance(x, Sequence) else (x,) for x in stops]
    if not all(endings):
        raise ValueError("A sequence that stops must have one symbol or more.")
    ids = ops.convert_to_tensor(ids)
    rows, longest = ops.shape(ids)[0], max(map(len, endings), default=0)
    nothing = ops.full((rows, longest), -1, dtype=ids.dtype)  # before the first symbol
    ids = ops.concatenate([nothing, ids], axis=1)
    stopped = ops.zeros((rows,), dtype="bool")
    for stop in endings:
        same = ops.equal(ids[:, -len(stop) :], ops.cast(stop, ids.dtype))
        stopped = ops.logical_or(stopped, ops.all(same, axis=1))
    return stopped


def check_sampling(temperature, top_k, top_p, min_p):
    """Refuses impossible numbers; the values of tensors are not known yet."""
    if _is_number(temperature) and not 0 < temperature < math.inf:
        raise ValueError(f"temperature must be above 0 and finite, not {temperature}.")
    if _is_number(top_p) and not 0 < top_p <= 1:
        raise ValueError(f"top_p must be above 0 and at most 1, not {top_p}.")
    if _is_number(min_p) and not 0 <= min_p <= 1:
        raise ValueError(f"min_p must be from 0 to 1, not {min_p}.")
    if top_k is not None and _is_number(top_k) and top_k < 1:
        raise ValueError(f"top_k must be 1 or more, not {top_k}.")


def _is_number(x):
    """A number of Python; tensors and arrays have one for each row."""
    return isinstance(x, numbers.Real)


def heat_of(temperature):
    """The temperature, `(1 or B, 1)`, neither 0 nor infinite."""
    return ops.minimum(at_least_coldest(temperature), HOTTEST)


def at_least_coldest(x):
    """A number for all sentences, or one for each, as `(1 or B, 1)`; no NaN."""
    x = ops.reshape(ops.convert_to_tensor(x, "float32"), (-1, 1))
    return ops.where(x > COLDEST, x, COLDEST)
