"""Decoding on tables computed by hand, against brute force, and on a real decoder."""

import math

import keras
import numpy as np
import pytest
from decoding_tools import (
    END,
    PAD,
    START,
    A,
    B,
    C,
    markov_step,
    random_table,
    run,
    score_of,
    slow_beam,
    strip,
    table,
)
from keras import ops

from polyhead.layers import Decoder, TokenEmbedding
from polyhead.layers.beam_search import beam_search
from polyhead.layers.decoding import greedy, sample

BACKEND = keras.backend.backend()


# Greedy takes A (.5) and is left with poor choices: .5 * .4 = .20. The other way,
# B (.4) and then the end (.9), has .36.
GARDEN_PATH = table(
    6,
    {
        START: {A: 0.5, B: 0.4, END: 0.1},
        A: {C: 0.4, B: 0.3, END: 0.3},
        B: {END: 0.9, C: 0.1},
        C: {END: 1.0},
    },
)


def test_greedy_walks_into_the_garden_path_and_beam_does_not():
    ids, scores = run(greedy, [GARDEN_PATH])
    assert strip(ids[0]) == (A, C)
    assert scores[0] == pytest.approx(math.log(0.5 * 0.4), abs=1e-5)
    ids, scores = run(beam_search, [GARDEN_PATH], beam_size=2, length_penalty=0.0)
    assert strip(ids[0, 0]) == (B,)
    assert scores[0, 0] == pytest.approx(math.log(0.4 * 0.9), abs=1e-5)


@pytest.mark.parametrize(
    ("decode", "kwargs"),
    [
        (greedy, {}),
        (greedy, {"max_run": 3}),
        (beam_search, {"beam_size": 3, "n_best": 3}),
        (beam_search, {"beam_size": 3, "early_stopping": False, "max_run": 3}),
    ],
)
def test_sentences_of_a_batch_are_independent(decode, kwargs):
    tables = [random_table(seed, size=8) for seed in range(8)]
    limits = [9, 0, 1, 2, 9, 5, 9, 3]
    together, scores = run(decode, tables, 10, limits, **kwargs)
    for row, log_table in enumerate(tables):
        ids, score = run(decode, [log_table], 10, limits[row : row + 1], **kwargs)
        np.testing.assert_array_equal(ids[0], together[row])
        np.testing.assert_allclose(score[0], scores[row], rtol=1e-6)


def test_limits_bound_the_symbols_and_the_end_still_counts():
    endless_a = table(6, {START: {A: 0.9, END: 0.1}, A: {A: 0.8, END: 0.2}})
    limits = [0, 1, 3, 5, 99, -1]
    ids, scores = run(greedy, [endless_a] * 6, 6, limits)
    assert [(row > 0).sum() for row in ids] == [0, 1, 3, 5, 5, 0]
    beam, beam_scores = run(
        beam_search, [endless_a] * 6, 6, limits, beam_size=1, length_penalty=0.0
    )
    np.testing.assert_array_equal(beam[:, 0], ids)
    for row, count in enumerate([0, 1, 3, 5, 5, 0]):
        want = score_of(endless_a, (A,) * count, 0) if count else 0.0
        assert scores[row] == pytest.approx(want, abs=1e-5)
        assert beam_scores[row, 0] == pytest.approx(want, abs=1e-5)


def positions_run(decode, limit, **kwargs):
    """The positions of the steps that ran (on JAX, which traces, of the traced)."""
    positions = []
    step = markov_step([GARDEN_PATH])

    def spy(ids, state, position, ancestors):
        positions.append(0 if BACKEND == "jax" else int(position))
        return step(ids, state, position, ancestors)

    limits = ops.convert_to_tensor([limit], dtype="int32")
    decode(spy, (), 1, 50, limits, **kwargs)
    return positions


@pytest.mark.skipif(BACKEND == "jax", reason="JAX traces the step whatever comes")
def test_no_step_runs_that_nothing_needs():
    assert positions_run(greedy, 0) == []
    assert positions_run(beam_search, 0) == []
    assert positions_run(greedy, 40) == [0, 1, 2]
    # B with .36 is found at the second step; A C and A B have .20 and .15 by then.
    exact = {"beam_size": 2, "length_penalty": 0.0, "early_stopping": False}
    assert positions_run(beam_search, 40, **exact) == [0, 1]


def test_a_limit_of_zero_gives_the_empty_sentence_alone():
    ids, scores = run(beam_search, [GARDEN_PATH], 9, [0], beam_size=2, n_best=2)
    assert not ids.any() and scores.tolist() == [[0.0, -np.inf]]


def test_ties_go_to_the_end_then_the_lowest_id_then_the_earlier_beam():
    flat = table(6, {START: {A: 0.3, B: 0.3, C: 0.3, END: 0.1}})
    ids, _ = run(greedy, [flat])
    assert strip(ids[0]) == (A,)
    ids, scores = run(beam_search, [flat], beam_size=3, n_best=3)
    assert [strip(row) for row in ids[0]] == [(A,), (B,), (C,)]
    even = table(6, {START: {A: 0.5, END: 0.5}})
    assert strip(run(greedy, [even])[0][0]) == ()
    assert strip(run(beam_search, [even], beam_size=1)[0][0, 0]) == ()
    # Four sentences are equal; the earlier beam is that of A.
    last = {C: 0.5, C + 1: 0.5}
    late = table(7, {START: {A: 0.5, B: 0.5}, A: last, B: last})
    ids, _ = run(beam_search, [late], max_steps=4, beam_size=2, n_best=2)
    assert [strip(row) for row in ids[0]] == [(A, C), (A, C + 1)]


def test_padding_and_start_never_come():
    likely = table(6, {START: {PAD: 0.5, START: 0.4, A: 0.06, END: 0.04}})
    ids, scores = run(greedy, [likely])
    assert strip(ids[0]) == (A,)
    assert scores[0] == pytest.approx(math.log(0.06), abs=1e-5)  # the model's own
    ids, _ = run(beam_search, [likely], beam_size=2, n_best=2)
    assert [strip(row) for row in ids[0]] == [(A,), ()]


def test_the_guard_ends_a_loop():
    # A, B, A, B without end, but for 2 %.
    loop = table(
        6,
        {START: {A: 1.0}, A: {B: 0.98, END: 0.02}, B: {A: 0.98, C: 0.02}},
    )
    for decode, kwargs in ((greedy, {}), (beam_search, {"beam_size": 1})):
        ids, _ = run(decode, [loop], max_steps=30, **kwargs)
        assert strip(ids.reshape(-1)) == (A, B) * 14 + (A,)
        ids, _ = run(decode, [loop], max_steps=30, max_run=8, **kwargs)
        assert strip(ids.reshape(-1)) == (A, B) * 4 + (C,)


def test_the_guard_in_a_beam_equals_a_slow_one():
    def too_long(symbols):  # the same symbol, or the same two, over 6 in a row
        return any(
            len(symbols) > 6 and symbols[-7 + p :] == symbols[-7:-p] for p in (1, 2)
        )

    guarded_differs = 0
    for seed in range(12):
        # One table for each position: otherwise many paths have the same sum.
        rows = np.concatenate([random_table(12 * seed + t, size=5) for t in range(12)])
        rows[:, END] -= 4  # long sentences of two symbols, that tend to repeat
        rows[A::5, B if seed % 2 else A] += 3
        rows[B::5, A] += 3
        flat = ops.convert_to_tensor(rows)

        def step(ids, state, position, ancestors, flat=flat):
            return ops.take(flat, ids + 5 * position, axis=0), state

        def next_logp(symbols, rows=rows):
            row = rows[5 * len(symbols) + (symbols[-1] if symbols else START)].copy()
            total = np.log(np.exp(row).sum())
            for symbol in range(5):
                if symbol != END and too_long((*symbols, symbol)):
                    row[symbol] = -np.inf
            return row - total

        want = slow_beam(next_logp, 11, 3, 1.0, 3, True)
        kwargs = {"beam_size": 3, "n_best": 3}
        ids, scores = beam_search(step, (), 1, 12, max_run=6, **kwargs)
        ids = ops.convert_to_numpy(ids)
        assert [strip(row) for row in ids[0]] == [symbols for _, symbols in want]
        np.testing.assert_allclose(
            ops.convert_to_numpy(scores)[0], [s for s, _ in want], atol=1e-5
        )
        plain, _ = beam_search(step, (), 1, 12, **kwargs)
        guarded_differs += bool((ops.convert_to_numpy(plain) != ids).any())
    assert guarded_differs > 3


def draws(rows, steps, seed=1):
    numbers = np.random.default_rng(seed).random((rows, steps), np.float32)
    return ops.convert_to_tensor(numbers)


def test_sampling():
    tables = [random_table(seed, size=12) for seed in range(6)]
    best, best_scores = run(greedy, tables, max_steps=10)
    ids, scores = run(sample, tables, max_steps=10, top_k=1, draws=draws(6, 10, 5))
    np.testing.assert_array_equal(ids, best)
    np.testing.assert_allclose(scores, best_scores, rtol=1e-5)
    ids, _ = run(sample, tables, max_steps=10, temperature=1e-5, draws=draws(6, 10, 5))
    np.testing.assert_array_equal(ids, best)
    ids, _ = run(sample, tables, max_steps=10, top_p=1e-6, draws=draws(6, 10, 5))
    np.testing.assert_array_equal(ids, best)
    first, scores = run(sample, tables, max_steps=10, draws=draws(6, 10, 5))
    again, _ = run(sample, tables, max_steps=10, draws=draws(6, 10, 5))
    np.testing.assert_array_equal(first, again)
    other, _ = run(sample, tables, max_steps=10, draws=draws(6, 10, 6))
    assert (other != first).any()
    for row, log_table in enumerate(tables):
        symbols = strip(first[row])
        assert scores[row] == pytest.approx(score_of(log_table, symbols, 0), abs=1e-4)


def test_samples_follow_the_probabilities():
    chances = {A: 0.5, B: 0.3, C: 0.15, END: 0.05}
    tables = [table(6, {START: chances})] * 4000
    for kwargs, want in (
        ({}, chances),
        ({"top_k": 2}, {A: 0.625, B: 0.375}),
        ({"top_p": 0.7}, {A: 0.625, B: 0.375}),
        ({"temperature": 0.5}, {A: 0.6849, B: 0.2466, C: 0.0616, END: 0.0068}),
    ):
        ids, _ = run(sample, tables, max_steps=2, draws=draws(4000, 2), **kwargs)
        first = np.where(ids[:, 0] == 0, END, ids[:, 0])
        for symbol in (A, B, C, END):
            share = (first == symbol).mean()
            assert share == pytest.approx(want.get(symbol, 0), abs=0.03)


def test_each_sentence_may_be_drawn_by_settings_of_its_own():
    tables = [random_table(seed, size=12) for seed in range(6)]
    numbers = draws(6, 10, 5)
    settings = [(0.0, 0, 1.0), (1.0, 1, 1.0), (1.0, 0, 0.0)]  # all three: the best
    settings += [(0.7, 3, 1.0), (1.3, 0, 0.8), (1.0, -1, 1.0)]
    names = ("temperature", "top_k", "top_p")
    types = ("float32", "int32", "float32")
    columns = {
        name: ops.convert_to_tensor(column, dtype=dtype)
        for name, column, dtype in zip(
            names, zip(*settings, strict=True), types, strict=True
        )
    }
    ids, scores = run(sample, tables, max_steps=10, draws=numbers, **columns)
    for row, values in enumerate(settings):
        alone = dict(zip(names, values, strict=True))
        decode = greedy if row < 3 else sample
        if row < 3:
            alone = {}
        else:
            alone["top_k"] = alone["top_k"] if alone["top_k"] > 0 else None
            alone["draws"] = numbers[row : row + 1]
        want, score = run(decode, tables[row : row + 1], max_steps=10, **alone)
        np.testing.assert_array_equal(ids[row], want[0])
        np.testing.assert_allclose(scores[row], score[0], rtol=1e-5)


def test_settings_that_are_no_numbers_draw_the_most_probable():
    tables = [random_table(seed, size=12) for seed in range(6)]
    best, _ = run(greedy, tables, max_steps=10)
    for name in ("temperature", "top_p"):
        settings = {name: ops.convert_to_tensor([np.nan] * 6, dtype="float32")}
        ids, _ = run(sample, tables, max_steps=10, draws=draws(6, 10), **settings)
        np.testing.assert_array_equal(ids, best)


def test_an_infinite_temperature_draws_of_all_that_may_come():
    tables = [table(6, {START: {A: 0.999, END: 0.001}})] * 4000
    heat = ops.convert_to_tensor([np.inf] * 4000, dtype="float32")
    ids, scores = run(
        sample, tables, max_steps=2, draws=draws(4000, 2), temperature=heat
    )
    assert np.isfinite(scores).all()
    counts = np.bincount(ids[:, 0], minlength=6) / 4000
    assert counts[[PAD, A, B, C]] == pytest.approx([0.25] * 4, abs=0.03)
    assert counts[[START, END]].tolist() == [0, 0]


def test_logits_that_are_no_numbers_give_an_id_that_exists():
    tables = np.full((1, 6, 6), np.nan, "float32")
    ids, _ = run(sample, tables, max_steps=4, draws=draws(1, 4))
    assert ((ids >= 0) & (ids < 6)).all()


@pytest.mark.parametrize(
    ("decode", "kwargs", "message"),
    [
        (greedy, {"max_steps": 0}, "max_steps must be 1 or more, not 0"),
        (greedy, {"max_run": 2}, "max_run must be 3 or more, not 2"),
        (beam_search, {"beam_size": 2, "n_best": 3}, "n_best 3 .* beam_size 2"),
        (beam_search, {"length_penalty": -1.0}, "length_penalty must be 0 or more"),
        (
            sample,
            {"temperature": 0.0, "draws": None},
            "temperature must be above 0 and finite, not 0.0",
        ),
        (sample, {"temperature": np.inf, "draws": None}, "and finite, not inf"),
        (sample, {"temperature": np.nan, "draws": None}, "and finite, not nan"),
        (sample, {"top_p": np.nan, "draws": None}, "top_p must be above 0 .* not nan"),
        (sample, {"top_p": 1.5, "draws": None}, "top_p must be above 0 .* not 1.5"),
        (sample, {"top_k": 0, "draws": None}, "top_k must be 1 or more, not 0"),
    ],
)
def test_wrong_arguments(decode, kwargs, message):
    with pytest.raises(ValueError, match=message):
        run(decode, [GARDEN_PATH], **kwargs)


class Translator:
    """A small decoder with random weights over a random memory."""

    def __init__(self, positions="rotary", size=40, width=16, steps=9):
        self.steps = steps
        self.embedding = TokenEmbedding(size, width, scale=True, seed=3)
        self.decoder = Decoder(2, 2, 32, positions=positions, max_length=steps, seed=4)
        memory = np.zeros((1, 3, width), "float32")
        self.decoder(self.embedding(np.ones((1, 2), "int32")), memory)
        self.variables = self.embedding.weights + self.decoder.weights

    def logits(self, vectors):
        return self.embedding(vectors, reverse=True) * 3.0

    def decode(self, memory, beam_size=None, stages=(), **kwargs):
        batch = ops.shape(memory)[0]
        projected = self.decoder.project_memory(memory)

        def step(ids, cache, position, ancestors):
            vectors, cache = self.decoder.step(
                self.embedding(ids),
                cache,
                position,
                projected,
                attention_mask=ancestors,
            )
            return self.logits(vectors), cache

        room = min((*stages, self.steps))
        cache = self.decoder.make_cache(batch, room, beams=beam_size or 1)
        kwargs["stages"] = stages
        if beam_size is None:
            return greedy(step, cache, batch, self.steps, **kwargs)
        kwargs["beam_size"] = beam_size
        return beam_search(step, cache, batch, self.steps, **kwargs)

    def next_logp(self, memory, symbols):
        ids = np.array([[START, *symbols]], "int32")
        vectors = self.decoder(self.embedding(ids), memory)[:, -1:]
        return ops.convert_to_numpy(ops.log_softmax(self.logits(vectors)))[0, 0]


def memories(count, width=16):
    rng = np.random.default_rng(8)
    return rng.normal(size=(count, 3, width)).astype("float32") * 2


@pytest.mark.parametrize("positions", ["rotary", "relative_bias", "learned"])
def test_the_cached_decoder_equals_one_that_recomputes_everything(positions):
    model = Translator(positions)
    memory = memories(2)
    tensor = ops.convert_to_tensor(memory)
    ids, scores = model.decode(tensor, 3, n_best=2)
    greedy_ids, greedy_scores = model.decode(tensor)
    seen = set()
    for row in range(2):

        def next_logp(symbols, row=row):
            return model.next_logp(memory[row : row + 1], symbols)

        want = slow_beam(next_logp, 8, 3, 1.0, 2, True)
        got = [strip(r) for r in ops.convert_to_numpy(ids)[row]]
        assert got == [symbols for _, symbols in want]
        np.testing.assert_allclose(
            ops.convert_to_numpy(scores)[row], [s for s, _ in want], atol=1e-4
        )
        ((score, symbols),) = slow_beam(next_logp, 8, 1, 0.0, 1, True)
        assert strip(ops.convert_to_numpy(greedy_ids)[row]) == symbols
        found = ops.convert_to_numpy(greedy_scores)[row]
        assert found == pytest.approx(score, abs=1e-3)
        seen |= {*got, symbols}
    assert len(seen) > 2


@pytest.mark.parametrize("stages", [(2,), (1, 4, 5, 20)])
@pytest.mark.parametrize("beam_size", [None, 3])
def test_caches_that_grow_change_nothing(beam_size, stages):
    model = Translator()
    memory = ops.convert_to_tensor(memories(4))
    want = [ops.convert_to_numpy(x) for x in model.decode(memory, beam_size)]
    got = model.decode(memory, beam_size, stages=stages)
    np.testing.assert_array_equal(ops.convert_to_numpy(got[0]), want[0])
    np.testing.assert_allclose(ops.convert_to_numpy(got[1]), want[1], atol=1e-4)
    assert (want[0] > 0).sum(axis=-1).max() > 5  # into the last stage
    with pytest.raises(ValueError, match="rise"):
        model.decode(memory, beam_size, stages=(4, 2))


@pytest.mark.parametrize("beam_size", [None, 3])
def test_compiled_at_any_batch_size(beam_size):
    if BACKEND == "torch":
        pytest.skip("PyTorch runs it as it is")
    model = Translator()
    if BACKEND == "jax":
        import jax

        compiled = jax.jit(lambda memory: model.decode(memory, beam_size))
    else:
        import tensorflow as tf

        spec = tf.TensorSpec((None, None, 16), "float32")
        compiled = tf.function(
            lambda memory: model.decode(memory, beam_size, max_run=6),
            input_signature=[spec],
            autograph=False,
        )
    for count in (1, 3):
        memory = ops.convert_to_tensor(memories(count))
        got = [ops.convert_to_numpy(x) for x in compiled(memory)]
        kwargs = {"max_run": 6} if BACKEND == "tensorflow" else {}
        want = [
            ops.convert_to_numpy(x) for x in model.decode(memory, beam_size, **kwargs)
        ]
        np.testing.assert_array_equal(got[0], want[0])
        np.testing.assert_allclose(got[1], want[1], atol=1e-4)


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("beam_size", "size", "stages"),
    [(None, 40, ()), (None, 1000, (4,)), (3, 40, (4,)), (3, 1000, ())],
)
def test_tflite_gives_the_same_ids(beam_size, size, stages, tmp_path):
    from polyhead.apps.common.export.litert import TFLitePredictor
    from polyhead.apps.common.export.tflite import export_tflite

    model = Translator(size=size)
    weights = [ops.convert_to_numpy(variable) for variable in model.variables]

    def serve(weights, tables, memory, limit):
        state = list(zip(model.variables, weights, strict=True))
        with keras.StatelessScope(state_mapping=state):
            ids, scores = model.decode(
                memory, beam_size, stages=stages, limits=limit[:, 0], max_run=6
            )
        return {"ids": ids, "scores": scores}

    memory = memories(6)
    limit = np.array([[8], [8], [8], [8], [3], [0]], "int32")
    path = tmp_path / "decode.tflite"
    export_tflite(serve, weights, {}, {"memory": memory, "limit": limit}, path)
    predictor = TFLitePredictor(path)
    lengths = set()
    for row in range(6):
        inputs = {"memory": memory[row : row + 1], "limit": limit[row : row + 1]}
        got = predictor(**inputs)
        tensors = {name: ops.convert_to_tensor(x) for name, x in inputs.items()}
        want = serve(weights, {}, **tensors)
        np.testing.assert_array_equal(got["ids"], want["ids"])
        np.testing.assert_allclose(got["scores"], want["scores"], atol=1e-4)
        lengths.add(int((got["ids"] > 0).sum()))
    assert 0 in lengths and max(lengths) > 3
