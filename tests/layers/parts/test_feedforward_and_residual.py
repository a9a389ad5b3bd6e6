"""Feed-forward and residual branches by hand."""

import keras
import numpy as np
import pytest
from layer_tools import array, call, flat, to_numpy

from polyhead.layers import (
    Encoder,
    EncoderBlock,
    FeedForward,
    MultiHeadAttention,
    Residual,
)

X = array(2, 3, 4)


@keras.saving.register_keras_serializable("polyhead-tests")
class Twice(keras.layers.Layer):
    """Doubles its input and says how large it was."""

    def call(self, x):
        return 2 * x, keras.ops.max(keras.ops.abs(x))


@keras.saving.register_keras_serializable("polyhead-tests")
class Same(keras.layers.Layer):
    def call(self, x):
        return x


def weights_by_path(layer):
    """Weights by their last two names, such as `up/kernel`."""
    return {"/".join(v.path.split("/")[-2:]): to_numpy(v) for v in layer.weights}


def random_weights(layer):
    for i, variable in enumerate(layer.trainable_variables):
        variable.assign(array(*variable.shape, seed=i))
    return weights_by_path(layer)


def test_relu_by_hand():
    layer = FeedForward(2, activation="relu")
    x = np.array([[[1.0, -1.0]]], "float32")
    layer(x)
    for variable in layer.trainable_variables:
        kernel = [[1.0, 2.0], [3.0, -4.0]]
        variable.assign(kernel if len(variable.shape) == 2 else [0.5, 1.0])
    # up: (1 - 3 + .5, 2 + 4 + 1) = (-1.5, 7); relu (0, 7); down (21.5, -27)
    np.testing.assert_allclose(to_numpy(layer(x)), [[[21.5, -27.0]]], rtol=1e-6)


def test_swiglu():
    layer = FeedForward(6, activation="silu", gated=True)
    call(layer, {"x": X})
    weights = random_weights(layer)
    x = X.astype("float64")
    gate = x @ weights["gate/kernel"] + weights["gate/bias"]
    up = x @ weights["up/kernel"] + weights["up/bias"]
    hidden = gate / (1 + np.exp(-gate)) * up
    want = hidden @ weights["down/kernel"] + weights["down/bias"]
    np.testing.assert_allclose(to_numpy(layer(X)), want, rtol=1e-4, atol=1e-5)


def test_swiglu_without_bias_has_three_kernels():
    layer = FeedForward(6, activation="silu", gated=True, use_bias=False)
    call(layer, {"x": X})
    assert sorted(tuple(w.shape) for w in layer.weights) == [(4, 6), (4, 6), (6, 4)]


def layer_norm(x, epsilon=1e-5):
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + epsilon)


def rms_norm(x, epsilon=1e-5):
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + epsilon)


def test_rms_norm_by_hand():
    layer = Residual(Same(), norm="rms_norm", epsilon=0.0)
    got = to_numpy(layer(np.array([[[3.0, 4.0]]], "float32")))
    root = np.sqrt(12.5)
    np.testing.assert_allclose(got, [[[3 + 3 / root, 4 + 4 / root]]], rtol=1e-5)


@pytest.mark.parametrize(
    "norm, function", [("layer_norm", layer_norm), ("rms_norm", rms_norm)]
)
def test_pre_and_post_norm(norm, function):
    x = X.astype("float64")
    pre, largest = call(Residual(Twice(), norm=norm, norm_position="pre"), {"x": X})
    np.testing.assert_allclose(to_numpy(pre), x + 2 * function(x), atol=1e-5)
    np.testing.assert_allclose(to_numpy(largest), np.abs(function(x)).max(), atol=1e-5)
    post, largest = call(Residual(Twice(), norm=norm, norm_position="post"), {"x": X})
    np.testing.assert_allclose(to_numpy(post), function(3 * x), atol=1e-5)
    np.testing.assert_allclose(to_numpy(largest), np.abs(x).max(), atol=1e-5)


def test_residual_passes_arguments_to_its_layer():
    inner = MultiHeadAttention(2)
    layer = Residual(inner)
    output, scores = layer(X, return_scores=True)
    assert tuple(scores.shape) == (2, 2, 3, 3)
    mask = np.array([[True, False, False], [True, True, True]])
    _, scores = layer(X, padding_mask=mask, return_scores=True)
    assert (to_numpy(scores)[0, :, :, 1:] == 0).all()


def test_training_reaches_the_inner_layer():
    layer = Residual(FeedForward(32, dropout=0.9, seed=1))
    quiet = to_numpy(layer(X, training=False))
    assert np.abs(to_numpy(layer(X, training=True)) - quiet).max() > 1e-3
    np.testing.assert_array_equal(to_numpy(layer(X, training=False)), quiet)


def test_stochastic_depth_drops_whole_examples_and_keeps_the_mean():
    rate, examples = 0.25, 4000
    x = np.ones((examples, 2, 3), "float32") * np.array([1.0, 2.0, 4.0], "float32")
    layer = Residual(Same(), norm="rms_norm", stochastic_depth=rate, seed=5)
    branch = to_numpy(layer(x, training=True)) - x
    full = to_numpy(layer(x)) - x
    ratio = branch / full
    # All or nothing for an example, and the survivors stand in for the others.
    assert np.ptp(ratio, axis=(1, 2)).max() < 1e-5
    np.testing.assert_allclose(
        np.unique(ratio.round(4)), [0, round(1 / (1 - rate), 4)], atol=1e-4
    )
    # Standard error of the mean: sqrt(.25 / .75 / 4000) = .009
    assert abs(ratio.mean() - 1) < 0.04


def test_stochastic_depth_rises_linearly_over_the_layers():
    encoder = Encoder(5, 2, 8, stochastic_depth=0.4)
    call(encoder, {"x": X})
    blocks = [
        part for part in encoder._flatten_layers() if isinstance(part, EncoderBlock)
    ]
    rates = [block.stochastic_depth for block in blocks]
    np.testing.assert_allclose(rates, [0, 0.1, 0.2, 0.3, 0.4], atol=1e-7)


@pytest.mark.parametrize("norm_position", ["pre", "post"])
def test_encoder_output_is_normalised(norm_position):
    encoder = Encoder(2, 2, 8, norm_position=norm_position)
    output = flat(call(encoder, {"x": 100 * X}))[0]
    np.testing.assert_allclose(output.mean(-1), 0, atol=1e-4)
    np.testing.assert_allclose(output.std(-1), 1, atol=1e-2)


@pytest.mark.parametrize("arguments", [{"norm": "batch"}, {"norm_position": "mid"}])
def test_unknown_choices_are_named(arguments):
    (value,) = arguments.values()
    with pytest.raises(ValueError, match=value):
        Residual(Same(), **arguments)
