"""Adapters: what trains, what merges, what is saved."""

import keras
import numpy as np
import pytest
from layer_tools import array, call, gradients, to_numpy

from polyhead.layers import (
    Decoder,
    DecoderBlock,
    Encoder,
    EncoderBlock,
    FeedForward,
    MultiHeadAttention,
    enable_lora,
    merge_lora,
)

X = array(2, 5, 8)
LAYERS = {
    "attention": lambda: MultiHeadAttention(2, num_kv_heads=1),
    "feed-forward": lambda: FeedForward(16, gated=True),
    "encoder-block": lambda: EncoderBlock(2, 16),
    "decoder-block": lambda: DecoderBlock(2, 16, cross_attention=False),
    "encoder": lambda: Encoder(2, 2, 16, positions="learned", max_length=9),
    "decoder": lambda: Decoder(2, 2, 16, cross_attention=False),
}


def is_adapter(variable):
    return "lora" in variable.name


def one_step(layer, rate=0.05):
    grads = gradients(layer, {"x": X})[: len(layer.trainable_variables)]
    for variable, gradient in zip(layer.trainable_variables, grads, strict=True):
        variable.assign(to_numpy(variable) - rate * gradient)


@pytest.mark.parametrize("name", LAYERS)
def test_only_adapters_train_and_merging_changes_nothing(name):
    layer = LAYERS[name]()
    plain = to_numpy(call(layer, {"x": X}))
    paths = [(v.path, tuple(v.shape), v.trainable) for v in layer.variables]

    layer.enable_lora(2)
    np.testing.assert_allclose(to_numpy(call(layer, {"x": X})), plain, atol=1e-6)
    assert any(is_adapter(v) for v in layer.trainable_variables)
    before = {id(v): to_numpy(v) for v in layer.variables}
    for _ in range(2):  # the second factor starts at zero, so the first moves later
        one_step(layer)
    for variable in layer.variables:
        changed = not np.array_equal(before[id(variable)], to_numpy(variable))
        assert changed == is_adapter(variable), variable.path

    tuned = to_numpy(call(layer, {"x": X}))
    assert np.abs(tuned - plain).max() > 1e-3
    layer.merge_lora()
    np.testing.assert_allclose(to_numpy(call(layer, {"x": X})), tuned, atol=1e-5)
    after = [(v.path, tuple(v.shape), v.trainable) for v in layer.variables]
    assert sorted(after) == sorted(paths)


def test_every_kernel_has_an_adapter():
    layer = EncoderBlock(2, 16)
    call(layer, {"x": X})
    kernels = [v for v in layer.trainable_variables if v.path.endswith("kernel")]
    layer.enable_lora(2)
    adapters = [v for v in layer.trainable_variables if is_adapter(v)]
    assert len(kernels) == 6  # query, key, value, output; up, down
    assert len(adapters) == 2 * len(kernels)


def classifier():
    ids = keras.Input((5,), dtype="int32")
    x = keras.layers.Embedding(11, 8)(ids)
    x = Encoder(1, 2, 16, seed=1)(x)
    x = keras.layers.GlobalAveragePooling1D()(x)
    return keras.Model(ids, keras.layers.Dense(3)(x))


IDS = np.random.default_rng(0).integers(0, 11, (8, 5)).astype("int32")
LABELS = np.arange(8) % 3


def fit(model):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    # Eager, as tracing takes longer than these few steps; JAX has only graphs.
    eager = keras.backend.backend() != "jax"
    model.compile(keras.optimizers.Adam(0.02), loss, run_eagerly=eager)
    model.fit(IDS, LABELS, epochs=3, verbose=0)


def test_model_is_tuned_merged_saved_and_loaded(tmp_path):
    model = classifier()
    count = len(model.weights)
    enable_lora(model, 2)
    before = to_numpy(model(IDS))
    fit(model)
    tuned = to_numpy(model(IDS))
    assert np.abs(tuned - before).max() > 1e-3

    merge_lora(model)
    assert len(model.weights) == count
    np.testing.assert_allclose(to_numpy(model(IDS)), tuned, atol=1e-5)
    model.optimizer = None  # it belonged to the adapters
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", compile=False)
    np.testing.assert_allclose(to_numpy(loaded(IDS)), tuned, atol=1e-5)
    assert len(loaded.weights) == count
    # The merged model is as plain as a new one: it trains, and adapts again.
    fit(loaded)
    enable_lora(loaded, 3)
    fit(loaded)


def test_a_copy_of_all_variables_keeps_the_adapters():
    """What a checkpoint in the middle of tuning holds."""
    model, twin = classifier(), classifier()
    enable_lora(model, 2), enable_lora(twin, 2)
    for i, variable in enumerate(model.variables):
        variable.assign(to_numpy(variable) + 0.1 * array(*variable.shape, seed=i))
    for to, source in zip(twin.variables, model.variables, strict=True):
        assert tuple(to.shape) == tuple(source.shape)
        to.assign(source)
    np.testing.assert_allclose(to_numpy(twin(IDS)), to_numpy(model(IDS)), atol=1e-6)


def test_what_was_frozen_before_stays_frozen_after():
    layer = FeedForward(16)
    call(layer, {"x": X})
    layer.up.bias.trainable = False
    enable_lora(layer, 2)
    merge_lora(layer)
    assert not layer.up.bias.trainable
    assert layer.up.kernel.trainable and layer.down.bias.trainable


def test_merging_without_adapters_changes_nothing():
    layer = FeedForward(16)
    plain = to_numpy(call(layer, {"x": X}))
    merge_lora(layer)
    np.testing.assert_array_equal(to_numpy(call(layer, {"x": X})), plain)


def test_enabling_too_early_or_twice_is_an_error():
    layer = FeedForward(16, name="wide")
    with pytest.raises(ValueError, match="wide"):
        enable_lora(layer, 2)
    call(layer, {"x": X})
    enable_lora(layer, 2)
    with pytest.raises(ValueError, match="wide"):
        enable_lora(layer, 2)
