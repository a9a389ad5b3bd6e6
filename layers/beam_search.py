"""Beam search: a pure function of a step, for every backend and for TFLite."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops

from .candidates import (
    END,
    NEVER,
    START,
    History,
    candidates,
    gather,
    largest,
    put,
)
from .decoding import Step, make_limits, run_stages


def beam_search(
    step: Step,
    state: Any,
    batch_size: Any,
    max_steps: int,
    limits: Any = None,
    start_id: int = START,
    end_id: int = END,
    max_run: int | None = None,
    stages: Sequence[int] = (),
    beam_size: int = 5,
    length_penalty: float = 1.0,
    n_best: int = 1,
    early_stopping: bool = True,
):
    """Follows the best hypotheses of each sentence side by side.

    The score of a finished hypothesis is the sum of its log-probabilities, that of the
    end symbol included, over `length ** length_penalty`; the length counts the end
    symbol.

    At every step, the extensions of a sentence's N live hypotheses are ranked by their
    log-probability. The best N that do not end stay alive. Those that end and are among
    the best N of all are finished: they are kept apart with their score and do not
    change any more. Among equals the earlier beam comes first, within a beam the end
    symbol and then the lowest id, and of finished ones that which finished earlier.

    A sentence is done at its limit; with `early_stopping`, when N hypotheses have
    finished; or when no live one can still beat the worst of the n best
    (log-probabilities only fall, and the limit bounds the length).

    Caches are never reordered: hypothesis n at position t always has the slot
    `t * N + n`, and `ancestors` says for each hypothesis which slots it descends from.

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
        beam_size: int, N. With 1, the ids are those of `greedy`. Defaults to `5`.
        length_penalty: float, 0 or more. Defaults to `1.0`.
        n_best: int, how many hypotheses to return, at most N. Defaults to `1`.
        early_stopping: bool, whether N finished hypotheses are enough, as in most
            toolkits; otherwise the search goes on until it is sure of its n best.
            Defaults to `True`.

    Returns:
        Ids `(B, n_best, S)` int32 without the end symbol, zero-padded, and scores
        `(B, n_best)`, best first. Where fewer have finished, the rest is empty with a
        score of minus infinity.

    Example:

    >>> table = ops.convert_to_tensor(
    ...     [[0.0] * 5, [0, 0, 0, 9, 8], [0.0] * 5, [0, 0, 9, 0, 0], [0, 0, 9, 0, 0]]
    ... )
    >>> def step(ids, state, position, ancestors):  # 3 or 4, then the end
    ...     return ops.take(table, ids, axis=0), state
    >>> ids, scores = beam_search(step, (), 1, 4, beam_size=2, n_best=2)
    >>> ids.numpy()
    array([[[3, 0, 0, 0],
            [4, 0, 0, 0]]], dtype=int32)
    """
    if not 1 <= n_best <= beam_size:
        raise ValueError(
            f"n_best {n_best} must be 1 or more and at most beam_size {beam_size}."
        )
    if length_penalty < 0:
        raise ValueError(f"length_penalty must be 0 or more, not {length_penalty}.")
    limits = make_limits(limits, batch_size, max_steps)
    written = History(max_steps, max_run)
    divisors = np.arange(1, max_steps + 1, dtype="float32") ** length_penalty
    divisors = ops.convert_to_tensor(divisors.astype("float32"))
    beams = ops.expand_dims(ops.arange(beam_size, dtype="int32"), 0)  # (1, N)

    def advance(
        room, position, last, history, slots, live, kept, ids, ended, done, state
    ):
        slots = put(slots, position, beams)
        ancestors = to_ancestors(slots[..., :room], beam_size)
        logits, state = step(last, state, position, ancestors)
        banned = written.banned(history, position)
        values, symbols = candidates(logits, banned, beam_size, start_id, end_id)
        count = values.shape[-1]
        values = ops.expand_dims(live, -1) + values  # (B, N, C)
        # At the limit only the end may come, which is column 0.
        closing = position >= limits
        is_end = ops.equal(ops.arange(count, dtype="int32"), 0)
        is_end = ops.reshape(is_end, (1, 1, count))
        may_come = ops.logical_or(
            is_end, ops.logical_not(ops.reshape(closing, (-1, 1, 1)))
        )
        values = ops.where(may_come, values, NEVER)

        # Of the best 2 N at most N end, so at least N go on. (B, 2 N)
        values, index = largest(
            ops.reshape(values, (-1, beam_size * count)), 2 * beam_size
        )
        symbols = gather(ops.reshape(symbols, (-1, beam_size * count)), index)
        parents = index // count
        ends = ops.equal(index - parents * count, 0)

        # The finished: those among the first N that end. (B, N)
        finished = ops.logical_and(ends, values > NEVER)[:, :beam_size]
        finished = ops.logical_and(finished, ops.expand_dims(ops.logical_not(done), 1))
        divisor = ops.take(divisors, position, axis=0)
        score = ops.where(finished, values[:, :beam_size] / divisor, NEVER)
        kept, best = largest(ops.concatenate([kept, score], axis=1), n_best)
        new_ids = gather(written.ids(history), parents[:, :beam_size])
        ids = gather(ops.concatenate([ids, new_ids], axis=1), best)
        ended = ended + ops.sum(ops.cast(finished, "int32"), axis=1)

        # The live: the first N that do not end.
        live, order = largest(ops.where(ends, NEVER, values), beam_size)
        parents, last = gather(parents, order), gather(symbols, order)
        history = written.add(gather(history, parents), position, last)
        slots = gather(slots, parents)

        hope = live[:, 0] / ops.take(divisors, limits, axis=0)
        stop = ops.logical_or(closing, kept[:, -1] >= hope)
        if early_stopping:
            stop = ops.logical_or(stop, ended >= beam_size)
        done = ops.logical_or(done, stop)
        position = position + 1
        return position, last, history, slots, live, kept, ids, ended, done, state

    done = limits <= 0
    # At first all hypotheses are the same, so only one is alive.
    first = ops.where(ops.equal(beams, 0), 0.0, NEVER)
    empty = ops.equal(ops.arange(n_best, dtype="int32"), 0)
    empty = ops.logical_and(ops.expand_dims(done, 1), ops.expand_dims(empty, 0))
    start = (
        ops.zeros((), "int32"),
        ops.full((batch_size, beam_size), start_id, "int32"),
        written.start(batch_size, beam_size),
        ops.full((batch_size, beam_size, max_steps), -1, "int32"),
        ops.zeros((batch_size, 1), "float32") + first,
        ops.where(empty, 0.0, NEVER),
        ops.zeros((batch_size, n_best, max_steps), "int32"),
        ops.zeros((batch_size,), "int32"),
        done,
        state,
    )
    outcome = run_stages(advance, start, max_steps, stages, beam_size)
    return outcome[6], outcome[5]


def to_ancestors(slots, beams: int):
    """The mask `(B, N, S * N)` of `slots (B, N, S)`: the beam at each step, or -1."""
    size = slots.shape[-1]
    numbers = ops.reshape(ops.arange(beams, dtype="int32"), (1, 1, 1, beams))
    mask = ops.equal(ops.expand_dims(slots, -1), numbers)  # (B, N, S, N)
    return ops.reshape(mask, (-1, beams, size * beams))
