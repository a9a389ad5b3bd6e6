"""Attention against numbers worked out by hand or by a loop in numpy."""

import keras
import numpy as np
import pytest
import reference_attention
from keras import ops
from layer_tools import (
    array,
    by_steps,
    call,
    flat,
    gradients,
    identity_weights,
    lengths_mask,
    to_numpy,
)

from polyhead.layers import (
    LinearBias,
    MultiHeadAttention,
    RelativeBias,
    RotaryPositions,
    attention,
)

X = array(2, 6, 8)
MASK = lengths_mask([4, 6], 6)


def attend(*arrays, **kwargs):
    named = {k: ops.convert_to_tensor(v) for k, v in kwargs.items()}
    output, scores = attention(*[ops.convert_to_tensor(x) for x in arrays], **named)
    return to_numpy(output), to_numpy(scores)


def test_two_keys_by_hand():
    query = np.array([[[[2.0, 0.0]]]], "float32")  # (1, 1, 1, 2)
    key = np.array([[[[1.0, 0.0], [0.0, 1.0]]]], "float32")  # (1, 1, 2, 2)
    value = np.array([[[[10.0, 0.0], [0.0, 20.0]]]], "float32")
    # The logits are 2/sqrt(2) and 0, so the first weight is sigmoid(sqrt(2)).
    first = 1 / (1 + np.exp(-np.sqrt(2)))
    output, scores = attend(query, key, value)
    np.testing.assert_allclose(scores, [[[[first, 1 - first]]]], atol=1e-6)
    np.testing.assert_allclose(output, [[[[10 * first, 20 * (1 - first)]]]], atol=1e-5)


def test_bias_scale_and_mask_by_hand():
    query = np.array([[[[2.0, 0.0]]]], "float32")
    key = np.array([[[[1.0, 0.0], [0.0, 1.0], [9.0, 9.0]]]], "float32")
    value = np.array([[[[1.0], [3.0], [1000.0]]]], "float32")
    # With scale 1 and a bias of 2 on the second key, both logits are 2.
    output, scores = attend(
        query,
        key,
        value,
        scale=np.float32(1.0),
        bias=np.array([[[[0.0, 2.0, 0.0]]]], "float32"),
        mask=np.array([[[[True, True, False]]]]),
    )
    np.testing.assert_allclose(scores, [[[[0.5, 0.5, 0.0]]]], atol=1e-6)
    assert scores[..., 2] == 0
    np.testing.assert_allclose(output, [[[[2.0]]]], atol=1e-5)


@pytest.mark.parametrize("groups", [4, 2, 1])
def test_attention_equals_the_loop(groups):
    query = array(2, 4, 5, 6)
    key, value = array(2, groups, 7, 6, seed=1), array(2, groups, 7, 6, seed=2)
    mask = np.random.default_rng(3).random((2, 1, 5, 7)) > 0.4
    mask[0, :, 2] = False  # a query that may attend to nothing
    bias = array(1, 4, 5, 7, seed=4)
    got = attend(query, key, value, mask=mask, bias=bias)
    want = reference_attention.attention(query, key, value, mask, bias)
    for a, b in zip(got, want, strict=True):
        np.testing.assert_allclose(a, b, atol=2e-6)
    assert (got[0][0, :, 2] == 0).all() and (got[1][0, :, 2] == 0).all()


@pytest.mark.parametrize("dtype, tolerance", [("bfloat16", 0.04), ("float16", 0.005)])
def test_attention_in_half_precision(dtype, tolerance):
    arrays = [array(2, 4, 5, 6), array(2, 2, 7, 6, seed=1), array(2, 2, 7, 6, seed=2)]
    mask = np.random.default_rng(3).random((2, 1, 5, 7)) > 0.4
    low = [ops.cast(ops.convert_to_tensor(x), dtype) for x in arrays]
    output, scores = attention(*low, mask=ops.convert_to_tensor(mask))
    assert keras.backend.standardize_dtype(output.dtype) == dtype
    want = reference_attention.attention(*arrays, mask)
    np.testing.assert_allclose(to_numpy(output), want[0], atol=tolerance)
    np.testing.assert_allclose(to_numpy(scores), want[1], atol=tolerance)


def test_masked_logits_of_any_size_change_nothing():
    query, value = array(1, 1, 2, 4), array(1, 1, 3, 4, seed=2)
    mask = np.array([True, True, False]).reshape(1, 1, 1, 3)
    results = []
    for size in (0.0, 300.0, -3e4):
        key = array(1, 1, 3, 4, seed=1)
        key[:, :, 2] = size
        results.append(attend(query, key, value, mask=mask)[0])
    np.testing.assert_allclose(results[1], results[0], atol=1e-7)
    np.testing.assert_allclose(results[2], results[0], atol=1e-7)


def test_dropout_is_applied_to_the_weights():
    arrays = [array(1, 2, 3, 4, seed=s) for s in range(3)]
    tensors = [ops.convert_to_tensor(x) for x in arrays]
    doubled, _ = attention(*tensors, dropout=lambda weights: 2 * weights)
    plain, _ = attention(*tensors)
    np.testing.assert_allclose(to_numpy(doubled), 2 * to_numpy(plain), rtol=1e-5)


def test_layer_with_identity_projections():
    layer = MultiHeadAttention(2, causal=True)
    call(layer, {"x": X})
    identity_weights(layer, 8)
    heads = X.reshape(2, 6, 2, 4).transpose(0, 2, 1, 3)
    causal = np.tril(np.ones((6, 6), bool))
    mask = causal & MASK[:, None, None, :]
    want, want_scores = reference_attention.attention(heads, heads, heads, mask)
    output, scores = call(layer, {"x": X, "padding_mask": MASK}, return_scores=True)
    want = want.transpose(0, 2, 1, 3).reshape(2, 6, 8)
    np.testing.assert_allclose(to_numpy(output), want, atol=1e-5)
    np.testing.assert_allclose(to_numpy(scores), want_scores, atol=1e-5)


def test_all_masks_are_combined():
    layer = MultiHeadAttention(2, causal=True)
    call(layer, {"x": X})
    free = np.random.default_rng(5).random((2, 6, 6)) > 0.3
    free[..., 0] = True
    inputs = {"x": X, "padding_mask": MASK, "attention_mask": free}
    _, scores = call(layer, inputs, return_scores=True)
    allowed = np.tril(np.ones((6, 6), bool)) & free & MASK[:, None, :]
    kept = np.broadcast_to(allowed[:, None], (2, 2, 6, 6))
    scores = to_numpy(scores)
    assert (scores[~kept] == 0).all() and (scores[kept] > 0).all()
    np.testing.assert_allclose(scores.sum(-1), kept.any(-1), atol=1e-6)


PATHS = {
    "plain": {},
    "dropout": {"dropout": 0.4},
    "grouped": {"num_kv_heads": 1},
    "rotary": {"rotary": RotaryPositions},
    "linear-bias": {"position_bias": lambda: LinearBias(2)},
    "relative-bias": {"position_bias": lambda: RelativeBias(2, 8, 12)},
    "window": {"sliding_window": 3},
    "everything": {
        "num_kv_heads": 1,
        "rotary": RotaryPositions,
        "position_bias": lambda: LinearBias(2),
        "sliding_window": 4,
        "dropout": 0.4,
    },
}


# In half precision only what has least and most on its way.
AGREEING = [(path, "float32", 1e-5) for path in PATHS] + [
    (path, policy, tolerance)
    for path in ("plain", "everything")
    for policy, tolerance in (("mixed_bfloat16", 0.05), ("mixed_float16", 0.005))
]


@pytest.mark.parametrize("path, policy, tolerance", AGREEING)
def test_all_paths_agree(path, policy, tolerance):
    def make(**kwargs):
        arguments = PATHS[path] | {"causal": True, "dtype": policy} | kwargs
        made = {k: v() if callable(v) else v for k, v in arguments.items()}
        layer = MultiHeadAttention(2, **made)
        call(layer, {"x": X})
        return layer

    layer = make()
    plain = to_numpy(call(layer, {"x": X}))
    scored, scores = call(layer, {"x": X}, return_scores=True)
    assert tuple(scores.shape) == (2, 2, 6, 6)
    quiet = to_numpy(call(layer, {"x": X}, training=False))
    cached = by_steps(layer, X, max_length=9)
    no_dropout = make(dropout=0.0)
    # The dropout's seed is a weight too: copy what is trained.
    for to, source in zip(
        no_dropout.trainable_variables, layer.trainable_variables, strict=True
    ):
        to.assign(source)
    for other in (to_numpy(scored), quiet, cached, to_numpy(no_dropout(X))):
        np.testing.assert_allclose(other, plain, atol=tolerance)


@pytest.mark.parametrize("training", [False, True])
def test_scores_do_not_change_the_output_or_the_dropout(training):
    results = []
    for return_scores in (False, True):
        layer = MultiHeadAttention(2, dropout=0.5, seed=3)
        output = call(
            layer,
            {"x": X, "padding_mask": MASK},
            return_scores=return_scores,
            training=training,
        )
        results.append(flat(output)[0])
    np.testing.assert_allclose(results[0], results[1], atol=1e-6)


def test_fully_masked_rows_have_exact_zero_scores_and_finite_gradients():
    layer = MultiHeadAttention(2)
    mask = lengths_mask([0, 3], 6)
    inputs = {"x": X, "padding_mask": mask}
    output, scores = call(layer, inputs, return_scores=True)
    assert (to_numpy(scores)[0] == 0).all()
    identity_weights(layer, 8)
    assert (flat(call(layer, inputs))[0][0] == 0).all()
    grads = gradients(layer, inputs)
    assert all(np.isfinite(g).all() for g in grads)
    assert (grads[-1][0] == 0).all(), "the masked row's input has a gradient"
    assert np.abs(grads[-1][1]).max() > 0


def test_hidden_size_that_does_not_divide_names_both_numbers():
    with pytest.raises(ValueError, match=r"(?s)10.*4|4.*10"):
        call(MultiHeadAttention(4), {"x": array(1, 3, 10)})
    with pytest.raises(ValueError, match=r"(?s)4.*3|3.*4"):
        MultiHeadAttention(4, num_kv_heads=3)(ops.convert_to_tensor(X))


def test_keras_masks_are_read_and_left_alone():
    layer = MultiHeadAttention(2)
    explicit = to_numpy(call(layer, {"x": X, "padding_mask": MASK}))
    for _ in range(2):
        masked = keras.layers.Masking()(np.where(MASK[..., None], X, 0))
        before = to_numpy(keras.src.backend.get_keras_mask(masked))
        output = layer(masked)
        np.testing.assert_allclose(to_numpy(output)[MASK], explicit[MASK], atol=1e-6)
        after = keras.src.backend.get_keras_mask(masked)
        np.testing.assert_array_equal(to_numpy(after), before)
        # The queries' mask goes on with the output.
        passed = keras.src.backend.get_keras_mask(output)
        np.testing.assert_array_equal(to_numpy(passed), before)


def test_explicit_masks_win_over_keras_masks():
    layer = MultiHeadAttention(2)
    x = np.where(MASK[..., None], X, 0)
    everything = np.ones_like(MASK)
    want = to_numpy(call(layer, {"x": x, "padding_mask": everything}))
    masked = keras.layers.Masking()(x)
    got = layer(masked, padding_mask=ops.convert_to_tensor(everything))
    np.testing.assert_allclose(to_numpy(got), want, atol=1e-6)
    assert np.abs(want - to_numpy(layer(masked))).max() > 1e-3


def test_keras_mask_of_the_memory_is_read():
    layer = MultiHeadAttention(2)
    memory_mask = lengths_mask([2, 5], 5)
    memory = np.where(memory_mask[..., None], array(2, 5, 7, seed=1), 0)
    inputs = {"x": X, "memory": memory, "padding_mask": memory_mask}
    want = to_numpy(call(layer, inputs))
    got = layer(ops.convert_to_tensor(X), keras.layers.Masking()(memory))
    np.testing.assert_allclose(to_numpy(got), want, atol=1e-6)


def test_projected_memory_is_the_memory():
    layer = MultiHeadAttention(4, num_kv_heads=2)
    memory, mask = array(2, 5, 7, seed=1), lengths_mask([2, 5], 5)
    want, want_scores = call(
        layer, {"x": X, "memory": memory, "padding_mask": mask}, return_scores=True
    )
    cache = layer.project_memory(ops.convert_to_tensor(memory))
    assert [tuple(part.shape) for part in cache] == [(2, 2, 5, 2)] * 2
    got, got_scores = layer.attend_memory(
        ops.convert_to_tensor(X),
        cache,
        padding_mask=ops.convert_to_tensor(mask),
        return_scores=True,
    )
    np.testing.assert_allclose(to_numpy(got), to_numpy(want), atol=1e-6)
    np.testing.assert_allclose(to_numpy(got_scores), to_numpy(want_scores), atol=1e-6)
