"""Token embedding, patches and pooling by hand."""

import keras
import numpy as np
import pytest
from keras import ops
from layer_tools import array, call, lengths_mask, to_numpy

from polyhead.layers import MaskedPooling, PatchEmbedding, TokenEmbedding

IDS = np.array([[3, 1, 0], [2, 0, 0]], "int32")


def test_embedding_rows_scale_and_tied_logits():
    table = array(5, 4)
    plain, scaled = TokenEmbedding(5, 4), TokenEmbedding(5, 4, scale=True)
    for layer, factor in ((plain, 1.0), (scaled, 2.0)):  # sqrt(4)
        layer(IDS)
        (variable,) = layer.trainable_variables
        variable.assign(table)
        got = to_numpy(layer(IDS))
        np.testing.assert_allclose(got, factor * table[IDS], rtol=1e-6)
        x = array(2, 3, 4, seed=1)
        logits = to_numpy(layer(ops.convert_to_tensor(x), reverse=True))
        np.testing.assert_allclose(logits, x @ table.T, rtol=1e-4, atol=1e-5)


def test_embedding_mask():
    for mask_zero in (True, False):
        layer = TokenEmbedding(5, 4, mask_zero=mask_zero)
        mask = keras.src.backend.get_keras_mask(layer(ops.convert_to_tensor(IDS)))
        if mask_zero:
            np.testing.assert_array_equal(to_numpy(mask), IDS != 0)
        else:
            assert mask is None


def test_embedding_in_half_precision_gives_float_logits_of_the_policy():
    layer = TokenEmbedding(5, 4, dtype="mixed_bfloat16")
    x = layer(ops.convert_to_tensor(IDS))
    assert "bfloat16" in str(x.dtype)
    assert tuple(layer(x, reverse=True).shape) == (2, 3, 5)


def kernel_and_bias(layer):
    for i, variable in enumerate(layer.trainable_variables):
        variable.assign(array(*variable.shape, seed=i))
    kernel, bias = sorted(layer.trainable_variables, key=lambda v: -len(v.shape))
    return to_numpy(kernel), to_numpy(bias)


@pytest.mark.parametrize(
    "length, stride, padding, count",
    [
        (12, None, None, 4),
        (13, None, None, 4),  # the rest is left out
        (13, None, "end", 5),  # the last value is repeated to fill the last patch
        (13, 2, None, 6),
        (12, 2, "end", 6),
    ],
)
def test_series_patches(length, stride, padding, count):
    x = array(2, length, 2)
    layer = PatchEmbedding(3, 8, stride=stride, padding=padding)
    got = to_numpy(call(layer, {"x": x}))
    assert got.shape == (2, count, 8)
    assert layer.compute_output_shape(x.shape) == (2, count, 8)
    kernel, bias = kernel_and_bias(layer)
    kernel = kernel.reshape(6, 8)  # (patch length x channels, E)
    step = stride or 3
    long = np.concatenate([x] + [x[:, -1:]] * 3, axis=1)
    want = np.stack(
        [long[:, i * step : i * step + 3].reshape(2, 6) for i in range(count)], axis=1
    )
    np.testing.assert_allclose(
        to_numpy(call(layer, {"x": x})), want @ kernel + bias, rtol=1e-4, atol=1e-4
    )


def test_image_patches_go_row_by_row():
    x = array(2, 4, 9, 2)
    layer = PatchEmbedding((2, 3), 8)
    call(layer, {"x": x})
    kernel, bias = kernel_and_bias(layer)
    patches = [
        x[:, i : i + 2, j : j + 3].reshape(2, 12) for i in (0, 2) for j in (0, 3, 6)
    ]
    want = np.stack(patches, axis=1) @ kernel.reshape(12, 8) + bias
    got = to_numpy(call(layer, {"x": x}))
    assert got.shape == (2, 6, 8)
    np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-4)


def test_series_shorter_than_a_patch_names_both_numbers():
    with pytest.raises(ValueError, match=r"(?s)3.*8|8.*3"):
        PatchEmbedding(8, 4, padding=None)(ops.convert_to_tensor(array(1, 3, 2)))


POOLED = np.array(
    [[[1.0, -5.0], [3.0, -7.0], [99.0, 99.0]], [[2.0, 4.0], [6.0, 8.0], [1.0, 0.0]]],
    "float32",
)
POOLING_MASK = lengths_mask([2, 3], 3)


@pytest.mark.parametrize(
    "mode, want",
    [
        ("mean", [[2, -6], [3, 4]]),
        ("max", [[3, -5], [6, 8]]),
        ("first", [[1, -5], [2, 4]]),
    ],
)
def test_pooling_by_hand(mode, want):
    inputs = {"x": POOLED, "padding_mask": POOLING_MASK}
    got = to_numpy(call(MaskedPooling(mode=mode), inputs))
    np.testing.assert_allclose(got, want, rtol=1e-6)


def test_first_is_the_first_that_is_there():
    mask = np.array([[False, True, True], [False, False, True]])
    inputs = {"x": POOLED, "padding_mask": mask}
    got = to_numpy(call(MaskedPooling(mode="first"), inputs))
    np.testing.assert_allclose(got, [[3, -7], [1, 0]], rtol=1e-6)


def test_attention_pooling_is_a_mean_weighted_by_a_softmax():
    layer = MaskedPooling(mode="attention")
    inputs = {"x": POOLED / 5, "padding_mask": POOLING_MASK}
    call(layer, inputs)
    kernel = next(v for v in layer.trainable_variables if 2 in v.shape)
    for variable in layer.trainable_variables:
        variable.assign(np.zeros(variable.shape))
    mean = to_numpy(call(layer, inputs))
    np.testing.assert_allclose(mean * 5, [[2, -6], [3, 4]], rtol=1e-5)
    kernel.assign(np.reshape([1.0, 0.0], kernel.shape))
    weights = np.exp(POOLED[..., 0] / 5) * POOLING_MASK
    weights /= weights.sum(axis=1, keepdims=True)
    want = (weights[..., None] * POOLED / 5).sum(axis=1)
    np.testing.assert_allclose(to_numpy(call(layer, inputs)), want, rtol=1e-4)


@pytest.mark.parametrize("mode", ["mean", "max", "attention", "first"])
def test_fully_masked_row_pools_to_zeros(mode):
    inputs = {"x": POOLED, "padding_mask": lengths_mask([0, 3], 3)}
    got = to_numpy(call(MaskedPooling(mode=mode), inputs))
    assert (got[0] == 0).all() and (got[1] != 0).any()


@pytest.mark.parametrize("mode", ["mean", "max", "attention", "first"])
def test_pooling_reads_the_keras_mask(mode):
    layer = MaskedPooling(mode=mode, seed=1)
    x = np.where(POOLING_MASK[..., None], POOLED, 0)
    want = to_numpy(call(layer, {"x": x, "padding_mask": POOLING_MASK}))
    pooled = layer(keras.layers.Masking()(x))
    np.testing.assert_allclose(to_numpy(pooled), want, rtol=1e-5)
    # What comes out has no time axis, and so no mask over one.
    assert keras.src.backend.get_keras_mask(pooled) is None


def test_unknown_pooling_mode_is_named():
    with pytest.raises(ValueError, match="median"):
        MaskedPooling(mode="median")
