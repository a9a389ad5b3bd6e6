"""Greedy decoding and sampling: pure functions of a step, for every backend.

All of this traces under TensorFlow and JAX. Greedy decoding converts to TFLite with
builtin operators, and so does `beam_search` (a file of its own). Sampling does not:
TFLite has no builtin operator for random numbers.

A step is a function `step(ids, state, position, ancestors) -> (logits, state)`:
    ids: `(B, N)` int32, the last symbol of each hypothesis, at first the start symbol;
    state: any nest of tensors whose shapes do not change: the caches;
    position: int32 scalar, from 0;
    ancestors: boolean `(B, N, S * N)`, as `attention_mask` of the layers' `step`; with
        one hypothesis a sentence (N = 1) it is `None`;
    logits: `(B, N, V)`.

Lengths are counted in one way. The step runs at most `max_steps` times, S, and the
caches must hold S steps. The last step can only give the end symbol, so at most S - 1
symbols come out. A sentence may have a limit L, cut to S - 1: after L symbols only the
end symbol may follow, and its log-probability counts as always. A sentence with limit 0
gives nothing, scores 0 and needs no step.

A step costs as much as its caches have room for, filled or not, and most sentences end
long before S. `stages=(8, 16, 32)` with S = 64 begins with caches made for 8 steps and
lets them grow to 16, 32 and 64 steps as long as a sentence goes on. Then the state is a
nest of caches `(B, heads, slots, head_dim)`, and the step is traced once a stage.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import ops

from .caches import grow_cache
from .candidates import END, START, History, candidates, gather, largest
from .samplers import check_sampling, heat_of, keep_weights

Step = Callable[[Any, Any, Any, Any], tuple[Any, Any]]


def greedy(
    step: Step,
    state: Any,
    batch_size: Any,
    max_steps: int,
    limits: Any = None,
    start_id: int = START,
    end_id: int = END,
    max_run: int | None = None,
    stages: Sequence[int] = (),
):
    """Takes the most probable symbol; of equal ones the end, then the lowest id.

    Args:
        step: callable, see above.
        state: nest of tensors, that of the first step.
        batch_size: int or int32 scalar tensor, B.
        max_steps: int, S, see above.
        limits: int32 tensor `(B,)`, how many symbols may come out; `None` is S - 1.
            Defaults to `None`.
        start_id: int, the symbol before the first. Defaults to `1`.
        end_id: int, the symbol that ends a sentence. Defaults to `2`.
        max_run: int, how many symbols a run of repetitions may have; `None` is no
            limit, see `candidates.endless`. A dozen zeros, "ha ha ha" and the like are
            below 24. Defaults to `None`.
        stages: sequence of ints, numbers of steps, rising, for which the caches have
            room before they are made for S; see above. Defaults to `()`.

    Returns:
        Ids `(B, S)` int32 without the end symbol, zero-padded, and scores `(B,)`: the
        sum of the log-probabilities, that of the end included.

    Example:

    >>> table = ops.convert_to_tensor(
    ...     [[0.0] * 5, [0, 0, 0, 9, 0], [0.0] * 5, [0, 0, 0, 0, 9], [0, 0, 9, 0, 0]]
    ... )
    >>> def step(ids, state, position, ancestors):  # 1, then 3, 4 and the end
    ...     return ops.take(table, ids, axis=0), state
    >>> ids, score = greedy(step, (), batch_size=1, max_steps=6)
    >>> ids.numpy()
    array([[3, 4, 0, 0, 0, 0]], dtype=int32)
    """

    def best(values, position):
        return largest(values, 1)[1][:, 0]

    return _decode(
        step,
        state,
        batch_size,
        max_steps,
        limits,
        start_id,
        end_id,
        max_run,
        stages,
        best,
        1,
    )


def sample(
    step: Step,
    state: Any,
    batch_size: Any,
    max_steps: int,
    limits: Any = None,
    start_id: int = START,
    end_id: int = END,
    max_run: int | None = None,
    stages: Sequence[int] = (),
    *,
    draws: Any,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float = 1.0,
    min_p: float = 0.0,
):
    """Draws each symbol by its probability; for Python and SavedModel.

    Args:
        step: callable, as in `greedy`.
        state: nest of tensors, as in `greedy`.
        batch_size: int or int32 scalar tensor, B.
        max_steps: int, S.
        limits: int32 tensor `(B,)`, as in `greedy`. Defaults to `None`.
        start_id: int, as in `greedy`. Defaults to `1`.
        end_id: int, as in `greedy`. Defaults to `2`.
        max_run: int, as in `greedy`. Defaults to `None`.
        stages: sequence of ints, as in `greedy`. Defaults to `()`.
        draws: float tensor `(B, S)`, random numbers, uniform over [0, 1), one for each
            sentence and step. They are given, so that a sentence's symbols do not
            depend on the other sentences of its batch.
        temperature: float, divides the logits; below 1 probable symbols become more
            probable. Defaults to `1.0`.
        top_k: int, draws from the k most probable symbols only; from all if `None`.
            Defaults to `None`.
        top_p: float, draws, of these, from the most probable that together reach this
            share. Defaults to `1.0`.
        min_p: float, draws, of these, from those whose probability is at least this
            share of that of the most probable one. Defaults to `0.0`.

    The last four may also be tensors, `(B,)` or scalars, that are inputs of a graph.
    There a temperature or a share that is 0 or no number draws the most probable
    symbol, an infinite temperature makes all symbols equally probable, and a `top_k` of
    0 draws from all.

    Returns:
        As `greedy`. The scores are of the model's own probabilities.

    Example:

    >>> table = ops.convert_to_tensor(
    ...     [[0.0] * 5, [0, 0, 0, 9, 9], [0.0] * 5, [0, 0, 9, 0, 0], [0, 0, 9, 0, 0]]
    ... )
    >>> def step(ids, state, position, ancestors):  # 3 or 4, then the end
    ...     return ops.take(table, ids, axis=0), state
    >>> draws = np.array([[0.1] * 4, [0.9] * 4], "float32")
    >>> sample(step, (), batch_size=2, max_steps=4, draws=draws, top_k=2)[0].numpy()
    array([[3, 0, 0, 0],
           [4, 0, 0, 0]], dtype=int32)
    """
    check_sampling(temperature, top_k, top_p, min_p)
    most = None if ops.is_tensor(top_k) else top_k

    def draw(values, position):
        count = min(most or values.shape[-1], values.shape[-1])
        values, columns = largest(values, count)
        weights = ops.exp((values - values[:, :1]) / heat_of(temperature))
        asked = top_k if ops.is_tensor(top_k) else None  # an int is in `count`
        weights = keep_weights(weights, asked, top_p, min_p)
        reached = ops.cumsum(weights, axis=-1)
        aim = ops.expand_dims(ops.take(draws, position, axis=1), 1) * reached[:, -1:]
        chosen = ops.sum(ops.cast(reached <= aim, "int32"), axis=-1, keepdims=True)
        # Rounding could choose a column after the last that has a weight; where logits
        # are no numbers, no column has one.
        possible = ops.sum(ops.cast(weights > 0, "int32"), axis=-1, keepdims=True)
        chosen = ops.maximum(ops.minimum(chosen, possible - 1), 0)
        return gather(columns, chosen)[:, 0]

    return _decode(
        step,
        state,
        batch_size,
        max_steps,
        limits,
        start_id,
        end_id,
        max_run,
        stages,
        draw,
        most,
    )


def _decode(
    step,
    state,
    batch_size,
    max_steps,
    limits,
    start_id,
    end_id,
    max_run,
    stages,
    choose,
    count,
):
    """Decodes one hypothesis a sentence.

    `choose` gives its column among the candidates: the end symbol and the best `count`
    others, or all others where `count` is None.
    """
    limits = make_limits(limits, batch_size, max_steps)
    written = History(max_steps, max_run)

    def advance(room, position, last, history, score, done, state):
        logits, state = step(last, state, position, None)
        banned = written.banned(history, position)
        wanted = count or logits.shape[-1]
        values, ids = candidates(logits, banned, wanted, start_id, end_id)
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
        ops.full((batch_size, 1), start_id, "int32"),
        written.start(batch_size, 1),
        ops.zeros((batch_size,), "float32"),
        limits <= 0,
        state,
    )
    _, _, history, score, _, _ = run_stages(advance, start, max_steps, stages, 1)
    return written.ids(history)[:, 0], score


def run_stages(advance, variables, max_steps: int, stages: Sequence[int], beams: int):
    """Runs `advance(room, *variables)` until all are done or after `max_steps`.

    The first variable is the position, the last two are `done (B,)` and the state;
    `room` is the number of steps that the state has room for.
    """
    if list(stages) != sorted(set(stages)) or any(room < 1 for room in stages):
        raise ValueError(f"stages must be positive and rise: {tuple(stages)}.")
    shorter = [room for room in stages if room < max_steps]
    for room in (*shorter, max_steps):

        def unfinished(position, *others, room=room):
            waiting = ops.logical_not(ops.all(others[-2], axis=0))
            return ops.logical_and(position < room, waiting)

        *others, state = variables
        if shorter:
            state = keras.tree.map_structure(
                lambda cache, slots=room * beams: grow_cache(cache, slots), state
            )
        variables = ops.while_loop(
            unfinished, functools.partial(advance, room), (*others, state)
        )
    return variables


def make_limits(limits, batch_size, max_steps: int):
    """`(B,)` int32 limits from 0 to S - 1."""
    if max_steps < 1:
        raise ValueError(f"max_steps must be 1 or more, not {max_steps}.")
    if limits is None:
        return ops.full((batch_size,), max_steps - 1, "int32")
    return ops.clip(ops.cast(limits, "int32"), 0, max_steps - 1)
