"""Greedy decoding and sampling: pure functions of a step, for every backend.

Greedy decoding and `beam_search` also convert to TFLite with builtin operators; random
numbers are no builtin.

A step is a function `step(ids, state, position, ancestors) -> (logits, state)`:
    ids: `(B, N)` int32, the last symbol of each hypothesis, at first the start symbol;
    state: any nest of tensors whose shapes stay: the caches;
    position: int32 scalar, from 0;
    ancestors: boolean `(B, N, S * N)`, as `attention_mask` of the layers' `step`; with
        one hypothesis a sentence (N = 1) it is `None`;
    logits: `(B, N, V)`.

`max_steps` S is how often the step runs at the most, and what the caches must hold.
The last step can only give the end symbol, so at most S - 1 symbols come out. A limit L
of a sentence lets L symbols come out, at most S - 1. After them only the end symbol may
follow, and its log-probability counts as always. A sentence with limit 0 gives nothing,
scores 0 and needs no step.

A step costs what its caches hold, filled or not, and most sentences end long before S.
With `stages=(8, 16, 32)` and S = 64 the caches begin with room for 8 steps and grow to
16, 32 and 64 steps as long as a sentence goes on. The state is then a nest of caches
`(B, heads, slots, head_dim)`, and the step is traced once for each stage.
"""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import ops

from polyhead.layers import grow_cache

from .candidates import History, candidates, gather, largest
from .model import START

COLDEST = 1e-6  # temperature, and share: only the most probable is drawn
HOTTEST = 1e6  # temperature: all that may come are alike
Step = Callable[[Any, Any, Any, Any], tuple[Any, Any]]


def most_probable(values: Any, position: Any) -> Any:
    """The column `(B,)` of the largest of `values (B, C)`."""
    return largest(values, 1)[1][:, 0]


def greedy(
    step: Step,
    state: Any,
    batch_size: Any,
    max_steps: int,
    limits: Any = None,
    max_run: int | None = None,
    stages: Sequence[int] = (),
    choose: Callable[[Any, Any], Any] = most_probable,
    count: int | None = 1,
) -> tuple[Any, Any]:
    """Takes the most probable symbol each time; ties go to the end, then lowest id.

    Args:
        state: what the first step gets.
        batch_size: B, an int or an int32 scalar.
        max_steps: S, see above.
        limits: `(B,)` int32, how many symbols may come out; `None` for S - 1.
        max_run: the longest run of repetitions, see `candidates.endless`. A dozen
            zeros, "ha ha ha" and the like are below 24.
        stages: rising numbers of steps for which the caches have room before S.
        choose: another way to choose: log-probabilities `(B, C)` of the candidates, and
            the position, to a column `(B,)`. Column 0 is the end symbol.
        count: how many candidates there are beside the end symbol; all if `None`.

    Returns:
        Ids `(B, S)` int32 without the end symbol, zero-padded, and scores `(B,)`: the
        sum of the log-probabilities, that of the end included.
    """
    limits = make_limits(limits, batch_size, max_steps)
    written = History(max_steps, max_run)

    def advance(room: int, *variables: Any) -> tuple:
        position, last, history, score, done, state = variables
        logits, state = step(last, state, position, None)
        banned = written.banned(history, position)
        wanted = count or logits.shape[-1]
        values, ids = candidates(logits, banned, wanted)
        values, ids = values[:, 0], ids[:, 0]  # (B, C)
        # At the limit only the end may come, which is column 0.
        column = ops.where(position >= limits, 0, choose(values, position))
        value = gather(values, ops.expand_dims(column, 1))[:, 0]
        score = ops.where(done, score, score + value)
        done = ops.logical_or(done, ops.equal(column, 0))
        symbol = gather(ids, ops.expand_dims(column, 1))
        symbol = ops.where(ops.expand_dims(done, 1), 0, symbol)
        history = written.add(history, position, symbol)
        return position + 1, symbol, history, score, done, state

    start = (
        ops.zeros((), "int32"),
        ops.full((batch_size, 1), START, "int32"),
        written.start(batch_size, 1),
        ops.zeros((batch_size,), "float32"),
        limits <= 0,
        state,
    )
    _, _, history, score, _, _ = run_stages(advance, start, max_steps, stages, 1)
    return written.ids(history)[:, 0], score


def sample(
    step: Step,
    state: Any,
    batch_size: Any,
    max_steps: int,
    limits: Any = None,
    *,
    draws: Any,
    temperature: Any = 1.0,
    top_k: Any = None,
    top_p: Any = 1.0,
    **settings: Any,
) -> tuple[Any, Any]:
    """Draws each symbol by its probability; for Python and SavedModel.

    Args:
        draws: random numbers `(B, S)`, even over [0, 1). They come from outside, so
            that a sentence's result does not depend on the sentences beside it.
        temperature: divides the logits; below 1 the probable get more so.
        top_k: draws from the k most probable only; from all if `None`.
        top_p: draws from the most probable of these that together reach this share.
        The others: as in `greedy`. The last three may also be tensors, `(B,)` or
        scalars, for a graph that asks for them: there a temperature or a share that is
        0 or NaN draws the most probable, an infinite temperature draws as if all were
        alike, and a `top_k` of 0 draws from all.

    Returns:
        As `greedy`. The scores are of the model's own probabilities.
    """
    # Nothing is known yet of tensors.
    if not ops.is_tensor(temperature) and not 0 < temperature < math.inf:
        raise ValueError(f"temperature must be above 0 and finite, not {temperature}.")
    if not ops.is_tensor(top_p) and not 0 < top_p <= 1:
        raise ValueError(f"top_p must be above 0 and at most 1, not {top_p}.")
    if top_k is not None and not ops.is_tensor(top_k) and top_k < 1:
        raise ValueError(f"top_k must be 1 or more, not {top_k}.")
    most = None if ops.is_tensor(top_k) else top_k

    def choose(values: Any, position: Any) -> Any:
        count = min(most or values.shape[-1], values.shape[-1])
        values, columns = largest(values, count)
        heat = ops.minimum(_at_least_coldest(temperature), HOTTEST)
        weights = ops.exp((values - values[:, :1]) / heat)
        if ops.is_tensor(top_k):
            places = ops.expand_dims(ops.arange(count, dtype="int32"), 0)
            asked = ops.reshape(top_k, (-1, 1))
            kept = ops.logical_or(places < asked, asked < 1)
            weights = ops.where(kept, weights, 0.0)
        before = ops.cumsum(weights, axis=-1) - weights
        enough = _at_least_coldest(top_p) * ops.sum(weights, axis=-1, keepdims=True)
        weights = ops.where(before < enough, weights, 0.0)
        reached = ops.cumsum(weights, axis=-1)
        aim = ops.expand_dims(ops.take(draws, position, axis=1), 1) * reached[:, -1:]
        chosen = ops.sum(ops.cast(reached <= aim, "int32"), axis=-1, keepdims=True)
        # Rounding could point behind the last one that has a weight, and of logits that
        # are no numbers none has.
        possible = ops.sum(ops.cast(weights > 0, "int32"), axis=-1, keepdims=True)
        chosen = ops.maximum(ops.minimum(chosen, possible - 1), 0)
        return gather(columns, chosen)[:, 0]

    settings |= {"choose": choose, "count": most}
    return greedy(step, state, batch_size, max_steps, limits, **settings)


def _at_least_coldest(x: Any) -> Any:
    """A number for all sentences, or one for each, as `(1 or B, 1)`; no NaN."""
    x = ops.reshape(ops.convert_to_tensor(x, "float32"), (-1, 1))
    return ops.where(x > COLDEST, x, COLDEST)


def run_stages(
    advance: Callable, variables: tuple, max_steps: int, stages: Sequence, beams: int
) -> tuple:
    """Runs `advance(room, *variables)` until all are done or after `max_steps`.

    The first variable is the position, the last two are `done (B,)` and the state;
    `room` is the number of steps that the state has room for.
    """
    if list(stages) != sorted(set(stages)) or any(room < 1 for room in stages):
        raise ValueError(f"stages must be positive and rise: {tuple(stages)}.")
    shorter = [room for room in stages if room < max_steps]
    for room in (*shorter, max_steps):

        def unfinished(position: Any, *others: Any, room: int = room) -> Any:
            waiting = ops.logical_not(ops.all(others[-2], axis=0))
            return ops.logical_and(position < room, waiting)

        *others, state = variables
        if shorter:
            grow = functools.partial(grow_cache, slots=room * beams)
            state = keras.tree.map_structure(grow, state)
        body = functools.partial(advance, room)
        variables = ops.while_loop(unfinished, body, (*others, state))
    return variables


def make_limits(limits: Any, batch_size: Any, max_steps: int) -> Any:
    """`(B,)` int32 limits from 0 to S - 1."""
    if max_steps < 1:
        raise ValueError(f"max_steps must be 1 or more, not {max_steps}.")
    if limits is None:
        return ops.full((batch_size,), max_steps - 1, "int32")
    return ops.clip(ops.cast(limits, "int32"), 0, max_steps - 1)
