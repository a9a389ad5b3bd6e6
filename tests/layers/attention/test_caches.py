"""Caches: what a step writes, and what it must not."""

import keras
import numpy as np
import pytest
from keras import ops
from layer_tools import array, by_steps, call, flat, to_numpy

from polyhead.layers import (
    Decoder,
    Encoder,
    EncoderBlock,
    MultiHeadAttention,
    RotaryPositions,
)

X = array(2, 4, 8)


def position_tensor(position):
    return ops.convert_to_tensor(position, dtype="int32")


def attention_layer(**kwargs):
    layer = MultiHeadAttention(4, num_kv_heads=2, causal=True, **kwargs)
    call(layer, {"x": X})
    return layer


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_cache_shape_and_dtype(policy):
    layer = attention_layer(dtype=policy)
    cache = layer.make_cache(3, 7)
    assert len(cache) == 2
    for part in cache:
        assert tuple(part.shape) == (3, 2, 7, 2)
        assert keras.backend.standardize_dtype(part.dtype) == layer.compute_dtype
        assert (to_numpy(part) == 0).all()


def test_step_writes_one_position_only():
    layer = attention_layer()
    before = tuple(ops.convert_to_tensor(array(2, 2, 6, 2, seed=s)) for s in (1, 2))
    _, after = layer.step(ops.convert_to_tensor(X[:, :1]), before, 3)
    for old, new in zip(before, after, strict=True):
        changed = (to_numpy(old) != to_numpy(new)).any(axis=(0, 1, 3))
        np.testing.assert_array_equal(changed, np.arange(6) == 3)


def test_content_after_the_position_is_unseen():
    layer = attention_layer()
    query = ops.convert_to_tensor(X[:, :1])
    results = []
    for rest in (0.0, 300.0):
        cache = [array(2, 2, 6, 2, seed=s) for s in (1, 2)]
        for part in cache:
            part[:, :, 3:] = rest
        cache = tuple(ops.convert_to_tensor(part) for part in cache)
        results.append(to_numpy(layer.step(query, cache, 2)[0]))
    np.testing.assert_allclose(results[0], results[1], atol=1e-6)


@pytest.mark.parametrize("position", [4, 5, 100])
def test_write_past_the_end_is_refused_or_leaves_the_cache(position):
    layer = attention_layer(rotary=RotaryPositions())
    cache = tuple(ops.convert_to_tensor(array(2, 2, 4, 2, seed=s)) for s in (1, 2))
    query = ops.convert_to_tensor(X[:, :1])
    with pytest.raises(ValueError, match=rf"(?s){position}.*4|4.*{position}"):
        layer.step(query, cache, position)
    _, after = layer.step(query, cache, position_tensor(position))
    for old, new in zip(cache, after, strict=True):
        np.testing.assert_array_equal(to_numpy(new), to_numpy(old))


def test_negative_position_is_refused_or_leaves_the_cache():
    layer = attention_layer()
    cache = tuple(ops.convert_to_tensor(array(2, 2, 4, 2, seed=s)) for s in (1, 2))
    query = ops.convert_to_tensor(X[:, :1])
    with pytest.raises(ValueError, match="-1"):
        layer.step(query, cache, -1)
    _, after = layer.step(query, cache, position_tensor(-1))
    for old, new in zip(cache, after, strict=True):
        np.testing.assert_array_equal(to_numpy(new), to_numpy(old))


def test_position_may_be_a_tensor():
    layer = attention_layer(rotary=RotaryPositions())
    cache, other = layer.make_cache(2, 4), layer.make_cache(2, 4)
    for t in range(4):
        query = ops.convert_to_tensor(X[:, t : t + 1])
        a, cache = layer.step(query, cache, t)
        b, other = layer.step(query, other, position_tensor(t))
        np.testing.assert_allclose(to_numpy(a), to_numpy(b), atol=1e-6)


def test_step_honours_a_padding_mask_over_the_cache():
    layer = attention_layer()
    mask = np.array([[False, True, True, True], [True, True, True, True]])
    want = to_numpy(call(layer, {"x": X, "padding_mask": mask}))
    got = by_steps(layer, X, padding_mask=ops.convert_to_tensor(mask))
    np.testing.assert_allclose(got[:, 1:], want[:, 1:], atol=1e-5)


def test_step_scores_are_the_rows_of_the_full_scores():
    layer = attention_layer()
    _, full = call(layer, {"x": X}, return_scores=True)
    cache = layer.make_cache(2, 4)
    for t in range(4):
        query = ops.convert_to_tensor(X[:, t : t + 1])
        output, scores, cache = _with_scores(layer, query, cache, t)
        np.testing.assert_allclose(scores, to_numpy(full)[:, :, t : t + 1], atol=1e-5)


def _with_scores(layer, query, cache, position):
    outputs, cache = layer.step(query, cache, position, return_scores=True)
    output, scores = outputs
    return output, to_numpy(scores), cache


def test_window_steps_equal_the_full_pass_beyond_the_window():
    layer = MultiHeadAttention(2, causal=True, sliding_window=3)
    x = array(1, 11, 8)
    want = to_numpy(call(layer, {"x": x}))
    np.testing.assert_allclose(by_steps(layer, x), want, atol=1e-5)


@pytest.mark.parametrize(
    "layer", [MultiHeadAttention(2), EncoderBlock(2, 16), Encoder(1, 2, 16)]
)
def test_steps_need_a_causal_layer(layer):
    call(layer, {"x": X})
    with pytest.raises(ValueError, match="causal"):
        layer.step(ops.convert_to_tensor(X[:, :1]), layer.make_cache(2, 4), 0)


def test_stack_caches_are_lists_with_one_entry_a_layer():
    encoder = Encoder(3, 2, 16, causal=True, positions="rotary")
    call(encoder, {"x": X})
    assert len(encoder.make_cache(2, 5)) == 3
    decoder = Decoder(3, 2, 16)
    call(decoder, {"x": X, "memory": array(2, 5, 8)})
    assert len(decoder.make_cache(2, 5)) == 3
    assert len(decoder.project_memory(ops.convert_to_tensor(array(2, 5, 8)))) == 3


def test_decoder_step_scores():
    decoder = Decoder(2, 2, 16, positions="rotary")
    memory = array(2, 5, 8, seed=1)
    output, scores = call(decoder, {"x": X, "memory": memory}, return_scores=True)
    cache = decoder.make_cache(2, 4)
    projected = decoder.project_memory(ops.convert_to_tensor(memory))
    (last, step_scores), _ = decoder.step(
        ops.convert_to_tensor(X[:, :1]),
        cache,
        0,
        memory_cache=projected,
        return_scores=True,
    )
    np.testing.assert_allclose(to_numpy(last), to_numpy(output)[:, :1], atol=1e-5)
    full, step = flat(scores), flat(step_scores)
    assert len(full) == len(step) == 4  # self and cross of two layers
    for a, b in zip(full, step, strict=True):
        np.testing.assert_allclose(a[:, :, :1], b, atol=1e-5)


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    "positions", ["rotary", "sinusoidal", "learned", "linear_bias"]
)
def test_prefill_and_steps_of_unknown_length_in_a_graph(positions):
    import tensorflow as tf

    encoder = Encoder(2, 2, 16, causal=True, positions=positions, max_length=6)
    x = array(2, 6, 8)
    want = to_numpy(encoder(x))

    @tf.function(
        input_signature=[tf.TensorSpec((2, None, 8)), tf.TensorSpec((2, 6, 8))]
    )
    def run(prompt, x):
        output, cache = encoder.prefill(prompt, encoder.make_cache(2, 6))
        length = tf.shape(prompt)[1]
        outputs = tf.TensorArray(tf.float32, 0, dynamic_size=True)
        for position in tf.range(length, 6):
            part = x[:, position : position + 1]  # of unknown length
            step, cache = encoder.step(part, cache, position)
            outputs = outputs.write(position - length, step[:, 0])
        return tf.concat([output, tf.transpose(outputs.stack(), (1, 0, 2))], axis=1)

    for length in (1, 4):
        got = to_numpy(run(x[:, :length], x))
        np.testing.assert_allclose(got, want, atol=2e-5)


def test_prefill_says_what_does_not_fit():
    encoder = Encoder(1, 2, 16, causal=True)
    x = ops.convert_to_tensor(array(2, 4, 8))
    encoder(x)
    with pytest.raises(ValueError, match="positions 3 to 6 into a cache of length 6"):
        encoder.prefill(x, encoder.make_cache(2, 6), 3)
    with pytest.raises(ValueError, match="mask must be"):
        encoder.prefill(x, encoder.make_cache(2, 6), padding_mask=np.ones((2, 4), bool))
    with pytest.raises(ValueError, match="is not causal"):
        Encoder(1, 2, 16).prefill(x, encoder.make_cache(2, 6))
