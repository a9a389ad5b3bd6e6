"""Steps for several hypotheses a sentence: the same answers as separate sequences."""

import numpy as np
import pytest
from keras import ops
from layer_tools import array, call, to_numpy

from polyhead.layers import (
    Decoder,
    DecoderBlock,
    Encoder,
    EncoderBlock,
    LinearBias,
    MultiHeadAttention,
    RelativeBias,
    RotaryPositions,
    grow_cache,
)

BATCH, LENGTH, BEAMS, WIDTH = 2, 5, 3, 8
POSITIONS = [
    None,
    "rotary",
    "linear_bias",
    "relative_bias",
    "sinusoidal",
    "learned",
]


def random_tree(seed=0):
    """Parents `(T, B, N)`: hypothesis n at position t extends parent[t, b, n]."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, BEAMS, (LENGTH, BATCH, BEAMS))


def histories(parents, position):
    """`(B, N, position + 1)`: which hypothesis each one was at every position."""
    paths = np.zeros((BATCH, BEAMS, position + 1), int)
    for b in range(BATCH):
        for n in range(BEAMS):
            beam = n
            for t in range(position, -1, -1):
                paths[b, n, t] = beam
                beam = parents[t, b, beam]
    return paths


def ancestor_mask(parents, position, length=LENGTH):
    mask = np.zeros((BATCH, BEAMS, length, BEAMS), bool)
    paths = histories(parents, position)
    for (b, n, t), beam in np.ndenumerate(paths):
        mask[b, n, t, beam] = True
    return mask.reshape(BATCH, BEAMS, length * BEAMS)


def step_through(layer, x, parents, **kwargs):
    """Outputs `(T, B, N, E)` of steps for inputs `(T, B, N, E)`."""
    cache = layer.make_cache(BATCH, LENGTH, beams=BEAMS)
    outputs = []
    for t in range(LENGTH):
        mask = ops.convert_to_tensor(ancestor_mask(parents, t))
        position = ops.convert_to_tensor(t, dtype="int32")
        row = ops.convert_to_tensor(x[t])
        output, cache = layer.step(row, cache, position, attention_mask=mask, **kwargs)
        outputs.append(to_numpy(output))
    return np.stack(outputs)


def one_by_one(layer, x, parents, memory=None):
    """The same outputs from a full pass over the history of each hypothesis."""
    outputs = np.zeros((LENGTH, BATCH, BEAMS, WIDTH), "float32")
    for t in range(LENGTH):
        paths = histories(parents, t)
        for n in range(BEAMS):
            rows = [[x[s, b, paths[b, n, s]] for s in range(t + 1)] for b in range(2)]
            inputs = {"x": np.array(rows)}
            if memory is not None:
                inputs["memory"] = memory
            outputs[t, :, n] = to_numpy(call(layer, inputs))[:, -1]
    return outputs


def check(layer, memory=None):
    x = array(LENGTH, BATCH, BEAMS, WIDTH, seed=3)
    parents = random_tree()
    want = one_by_one(layer, x, parents, memory)  # builds the layer, too
    kwargs = {}
    if memory is not None:
        kwargs["memory_cache"] = layer.project_memory(ops.convert_to_tensor(memory))
    got = step_through(layer, x, parents, **kwargs)
    np.testing.assert_allclose(got, want, atol=1e-5)
    other = step_through(layer, x, random_tree(seed=1), **kwargs)
    assert np.abs(other - want).max() > 1e-3  # ancestors matter


@pytest.mark.parametrize("window", [None, 2])
@pytest.mark.parametrize("positions", POSITIONS)
def test_hypotheses_equal_separate_passes(positions, window):
    stack = Encoder(
        2,
        4,
        16,
        num_kv_heads=2,
        causal=True,
        positions=positions,
        max_length=LENGTH,
        sliding_window=window,
        seed=1,
    )
    check(stack)


@pytest.mark.parametrize("norm_position", ["pre", "post"])
def test_hypotheses_of_a_sentence_share_its_memory(norm_position):
    decoder = Decoder(
        2, 2, 16, positions="sinusoidal", norm_position=norm_position, seed=1
    )
    check(decoder, memory=array(BATCH, 7, WIDTH, seed=5))


@pytest.mark.parametrize(
    "make",
    [
        lambda: MultiHeadAttention(4, causal=True, rotary=RotaryPositions()),
        lambda: MultiHeadAttention(4, causal=True, position_bias=LinearBias(4)),
        lambda: EncoderBlock(
            2, 16, causal=True, position_bias=RelativeBias(2, bidirectional=False)
        ),
        lambda: DecoderBlock(2, 16, cross_attention=False),
    ],
)
def test_attention_and_blocks(make):
    check(make())


def test_one_hypothesis_needs_no_mask_and_changes_nothing_with_one():
    layer = Encoder(1, 2, 16, causal=True, positions="rotary")
    x = array(BATCH, LENGTH, WIDTH)
    call(layer, {"x": x})
    plain = layer.make_cache(BATCH, LENGTH)
    masked = layer.make_cache(BATCH, LENGTH, beams=1)
    for t in range(LENGTH):
        row = ops.convert_to_tensor(x[:, t : t + 1])
        mask = np.tile(np.arange(LENGTH) <= t, (BATCH, 1, 1))
        a, plain = layer.step(row, plain, t)
        b, masked = layer.step(
            row, masked, t, attention_mask=ops.convert_to_tensor(mask)
        )
        np.testing.assert_array_equal(to_numpy(a), to_numpy(b))


def test_scores_are_over_the_slots():
    layer = MultiHeadAttention(2, causal=True)
    parents = random_tree()
    x = array(LENGTH, BATCH, BEAMS, WIDTH)
    call(layer, {"x": x[0]})
    cache = layer.make_cache(BATCH, LENGTH, beams=BEAMS)
    for t in range(2):
        mask = ancestor_mask(parents, t)
        (_, scores), cache = layer.step(
            ops.convert_to_tensor(x[t]),
            cache,
            t,
            return_scores=True,
            attention_mask=ops.convert_to_tensor(mask),
        )
    scores = to_numpy(scores)
    assert scores.shape == (BATCH, 2, BEAMS, LENGTH * BEAMS)
    np.testing.assert_allclose(scores.sum(axis=-1), 1, atol=1e-6)
    assert (scores[:, 0][~mask] == 0).all()


def test_several_hypotheses_need_ancestors_and_a_cache_for_them():
    layer = MultiHeadAttention(2, causal=True)
    x = ops.convert_to_tensor(array(BATCH, BEAMS, WIDTH))
    layer(x)
    mask = ops.convert_to_tensor(ancestor_mask(random_tree(), 0))
    with pytest.raises(ValueError, match="3 hypotheses and no attention_mask"):
        layer.step(x, layer.make_cache(BATCH, LENGTH, beams=BEAMS), 0)
    with pytest.raises(ValueError, match="4 slots is not for 3 hypotheses"):
        layer.step(x, layer.make_cache(BATCH, 4), 0, attention_mask=mask)


def test_a_step_past_the_end_is_refused_or_leaves_the_cache():
    layer = MultiHeadAttention(2, causal=True)
    x = ops.convert_to_tensor(array(BATCH, BEAMS, WIDTH))
    layer(x)
    cache = layer.make_cache(BATCH, LENGTH, beams=BEAMS)
    mask = ops.convert_to_tensor(ancestor_mask(random_tree(), LENGTH - 1))
    with pytest.raises(ValueError, match=f"length {LENGTH * BEAMS}"):
        layer.step(x, cache, LENGTH, attention_mask=mask)
    position = ops.convert_to_tensor(LENGTH, dtype="int32")
    _, after = layer.step(x, cache, position, attention_mask=mask)
    for part in after:
        assert (to_numpy(part) == 0).all()


def test_a_cache_grows_at_its_end_and_never_shrinks():
    cache = ops.convert_to_tensor(array(2, 2, 6, 4))
    grown = to_numpy(grow_cache(cache, 10))
    assert grown.shape == (2, 2, 10, 4)
    np.testing.assert_array_equal(grown[:, :, :6], to_numpy(cache))
    assert (grown[:, :, 6:] == 0).all()
    assert grow_cache(cache, 6) is cache
    with pytest.raises(ValueError, match="6 slots cannot grow to 5"):
        grow_cache(cache, 5)


@pytest.mark.tensorflow
@pytest.mark.parametrize("positions", ["rotary", "relative_bias", "learned"])
def test_steps_convert_to_builtin_operators(positions):
    from tflite_tools import convert, run, specs_of

    layer = Encoder(
        1, 2, 16, causal=True, positions=positions, max_length=LENGTH, seed=1
    )
    call(layer, {"x": array(1, 2, WIDTH)})
    cache = layer.make_cache(1, LENGTH, beams=BEAMS)
    inputs = {
        "x": array(1, BEAMS, WIDTH),
        "key": array(*cache[0][0].shape, seed=1),
        "value": array(*cache[0][1].shape, seed=2),
        "position": np.array(2, "int32"),
        "mask": ancestor_mask(random_tree(), 2)[:1],
    }

    def step(x, key, value, position, mask):
        return layer.step(x, [(key, value)], position, attention_mask=mask)

    content = convert(step, layer.variables, specs_of(inputs))
    got = run(content, inputs)
    tensors = {name: ops.convert_to_tensor(value) for name, value in inputs.items()}
    output, ((key, value),) = step(**tensors)
    for a, b in zip(got, (output, key, value), strict=True):
        np.testing.assert_allclose(a, to_numpy(b), atol=1e-5)
