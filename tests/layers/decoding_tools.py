"""Small language models as tables, and slow decoders that are plainly right."""

import itertools

import numpy as np
from keras import ops

PAD, START, END, A, B, C = range(6)


def table(size, rows):
    """`(V, V)` log-probabilities of the next symbol; `rows`: symbol -> {next: p}."""
    probabilities = np.zeros((size, size))
    probabilities[:, END] = 1
    for symbol, following in rows.items():
        probabilities[symbol] = 0
        for other, p in following.items():
            probabilities[symbol, other] = p
        assert abs(probabilities[symbol].sum() - 1) < 1e-9
    with np.errstate(divide="ignore"):
        return np.maximum(np.log(probabilities), -1e4).astype("float32")


def random_table(seed, size=6):
    """A table in which everything has a probability, padding and start as well."""
    logits = np.random.default_rng(seed).normal(size=(size, size)) * 2
    return (logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))).astype(
        "float32"
    )


def markov_step(tables):
    """A step by `tables (B, V, V)`, which adds a number to the logits: no matter."""
    tables = np.asarray(tables)
    flat = ops.convert_to_tensor(tables.reshape(-1, tables.shape[-1]))
    rows = np.arange(len(tables), dtype="int32")[:, None] * tables.shape[-1]
    rows = ops.convert_to_tensor(rows)

    def step(ids, state, position, ancestors):
        return ops.take(flat, ids + rows, axis=0) + 7.0, state

    return step


def run(decode, tables, max_steps=6, limits=None, **kwargs):
    """Ids and scores as arrays; `tables`: one for each sentence."""
    if limits is not None:
        limits = ops.convert_to_tensor(limits, dtype="int32")
    ids, scores = decode(
        markov_step(tables), (), len(tables), max_steps, limits, **kwargs
    )
    return ops.convert_to_numpy(ids), ops.convert_to_numpy(scores)


def score_of(log_table, symbols, penalty):
    path = [START, *symbols, END]
    logp = sum(log_table[a, b] for a, b in itertools.pairwise(path))
    return logp / (len(symbols) + 1) ** penalty


def brute_force(log_table, limit, penalty):
    """All sentences of up to `limit` symbols, best first: `[(score, symbols)]`."""
    real = [s for s in range(len(log_table)) if s not in (PAD, START, END)]
    every = [
        symbols
        for length in range(limit + 1)
        for symbols in itertools.product(real, repeat=length)
    ]
    return sorted(((score_of(log_table, s, penalty), s) for s in every), reverse=True)


def slow_beam(next_logp, limit, beam_size, penalty, n_best, early_stopping):
    """Beam search by lists; `next_logp(symbols)` gives the row `(V,)`."""
    live, finished = [(0.0, ())], []
    for length in range(limit + 1):
        ranked = []
        for beam, (logp, symbols) in enumerate(live):
            row = next_logp(symbols)
            for symbol in range(len(row)):
                if symbol in (PAD, START) or (length == limit and symbol != END):
                    continue
                order = -1 if symbol == END else symbol
                ranked.append((-(logp + row[symbol]), beam, order, symbol, symbols))
        ranked.sort()
        for rank, (cost, _, _, symbol, symbols) in enumerate(ranked):
            if symbol == END and rank < beam_size:
                finished.append((-cost / (length + 1) ** penalty, symbols))
        live = [(-c, (*old, s)) for c, _, _, s, old in ranked if s != END][:beam_size]
        finished.sort(key=lambda pair: -pair[0])
        if early_stopping and len(finished) >= beam_size or not live:
            break
        hope = live[0][0] / (limit + 1) ** penalty
        if len(finished) >= n_best and finished[n_best - 1][0] >= hope:
            break
    return finished[:n_best]


def strip(ids):
    """A row of ids as a tuple, without the padding."""
    return tuple(int(i) for i in ids if i)
