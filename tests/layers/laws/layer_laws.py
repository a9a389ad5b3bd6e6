"""The laws that every public layer keeps: `check_layer(case, law)`.

A law is a function of a `LayerCase`. `applies` tells which laws concern which case.
"""

import contextlib
import functools
import os
import tempfile

import keras
import numpy as np
import tflite_tools
from cache_laws import prefill_equals_full_pass, steps_equal_full_pass
from keras import ops
from layer_tools import (
    BACKEND,
    constructor_arguments,
    flat,
    gradients,
    to_numpy,
)
from mask_laws import (
    future_is_unseen,
    keras_mask_travels,
    padding_content_is_unseen,
    wrong_masks_are_refused,
)

TOLERANCE = {"mixed_bfloat16": 0.06, "mixed_float16": 0.008}


def symbolic_equals_eager(case):
    layer = case.built()
    eager = keras.tree.flatten(case.run(layer))

    symbols = {
        name: keras.KerasTensor(np.shape(x), str(np.asarray(x).dtype))
        for name, x in case.inputs.items()
    }
    main, *others = symbols.values()
    named = dict(zip(list(symbols)[1:], others, strict=True))
    symbolic = keras.tree.flatten(layer(main, **named, **case.arguments))
    assert [tuple(x.shape) for x in symbolic] == [tuple(x.shape) for x in eager]
    assert [x.dtype for x in symbolic] == [
        keras.backend.standardize_dtype(x.dtype) for x in eager
    ]

    inputs, outputs = _functional(case, layer)
    model = keras.Model(inputs, keras.tree.flatten(outputs))
    _assert_same(model(_tensors(case.inputs)), eager, 1e-5)


def config_round_trip(case):
    layer = case.built(name="copied")
    config = layer.get_config()
    missing = set(constructor_arguments(type(layer))) - set(config)
    assert not missing, f"{type(layer).__name__}.get_config() lacks {missing}"

    copy = type(layer).from_config(config)
    assert copy.name == "copied"
    case.run(copy)
    copy.set_weights(layer.get_weights())
    _assert_same(case.run(copy), case.run(layer), 0)

    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(layer)
    )
    assert _described(again.get_config()) == _described(config)


def file_round_trip(case):
    layer = case.built()
    inputs, outputs = _functional(case, layer)
    model = keras.Model(inputs, outputs)
    expected = model(_tensors(case.inputs))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.keras")
        model.save(path)
        loaded = keras.saving.load_model(path)
    _assert_same(loaded(_tensors(case.inputs)), expected, 0)
    assert len(loaded.weights) == len(model.weights)


def mixed_precision(case):
    full = case.built(dtype="float32")
    expected = flat(case.run(full))
    for policy, tolerance in TOLERANCE.items():
        layer = case.make(dtype=policy)
        case.run(layer)
        layer.set_weights(full.get_weights())
        assert all(v.dtype == "float32" for v in layer.trainable_variables)
        for got, want in zip(flat(case.run(layer)), expected, strict=True):
            assert np.isfinite(got).all(), policy
            limit = tolerance * max(1.0, np.abs(want).max())
            np.testing.assert_allclose(got, want, rtol=0, atol=limit, err_msg=policy)


def rematerialized_is_the_same(case):
    """Under JAX only: on TensorFlow Keras's own Dense fails in a RematScope."""
    noise = case.noise or {}
    results = []
    for scope in (contextlib.nullcontext, functools.partial(keras.RematScope, "full")):
        with scope():
            layer = case.make(seed=3, **noise)
        case.run(layer)
        results.append(gradients(layer, case.inputs, **case.arguments, training=True))
    for got, want in zip(*results, strict=True):
        np.testing.assert_allclose(got, want, rtol=0, atol=1e-5)


def seed_determines_all(case):
    noise = case.noise or {}
    one, same, other = (case.make(seed=s, **noise) for s in (7, 7, 8))
    training = {"training": True} if noise else {}
    results = [
        flat(case.run(layer, **training)) + [to_numpy(w) for w in layer.weights]
        for layer in (one, same, other)
    ]
    for a, b in zip(results[0], results[1], strict=True):
        np.testing.assert_array_equal(a, b)
    if noise or _is_random(case):
        pairs = zip(results[0], results[2], strict=True)
        assert any(not np.array_equal(a, b) for a, b in pairs)
    if noise:
        again = flat(case.run(one, **training))
        assert not np.array_equal(again[0], results[0][0]), "noise repeats"
        quiet = [flat(case.run(one))[0] for _ in range(2)]
        np.testing.assert_array_equal(*quiet)


def gradients_are_finite(case):
    layer = case.built()
    inputs = dict(case.inputs)
    for mask_name in case.padding:  # one example is nothing but padding
        inputs[mask_name] = inputs[mask_name].copy()
        inputs[mask_name][0] = False
    assert all(np.isfinite(x).all() for x in flat(case.run(layer, inputs)))
    grads = gradients(layer, inputs, **case.arguments)
    assert all(g is not None and np.isfinite(g).all() for g in grads)
    assert any(np.abs(g).max() > 1e-6 for g in grads)


def tflite_static(case):
    layer = case.built()
    inputs = {name: x[:1] for name, x in case.inputs.items()}
    content = _to_tflite(case, layer, inputs, {})
    _assert_same(tflite_tools.run(content, inputs), case.run(layer, inputs), 1e-4)


def tflite_dynamic(case):
    layer = case.built()
    inputs = {name: x[:1] for name, x in case.inputs.items()}
    content = _to_tflite(case, layer, inputs, case.open_axes())
    _assert_same(tflite_tools.run(content, inputs), case.run(layer, inputs), 1e-4)
    shorter = dict(inputs)
    for name, axes in case.open_axes().items():
        for axis in axes:
            size = shorter[name].shape[axis]
            shorter[name] = shorter[name].take(range(size - size // 3), axis=axis)
    assert shorter[case.main].shape != inputs[case.main].shape
    _assert_same(tflite_tools.run(content, shorter), case.run(layer, shorter), 1e-4)


LAWS = {
    law.__name__: law
    for law in (
        symbolic_equals_eager,
        config_round_trip,
        file_round_trip,
        mixed_precision,
        padding_content_is_unseen,
        future_is_unseen,
        steps_equal_full_pass,
        prefill_equals_full_pass,
        keras_mask_travels,
        wrong_masks_are_refused,
        rematerialized_is_the_same,
        seed_determines_all,
        gradients_are_finite,
        tflite_static,
        tflite_dynamic,
    )
}


def applies(case, law):
    """Whether a law concerns a case."""
    if case.laws is not None and law not in case.laws:
        return False
    if law == "padding_content_is_unseen":
        return bool(case.padding)
    if law == "future_is_unseen":
        return case.causal
    if law in ("steps_equal_full_pass", "prefill_equals_full_pass"):
        return case.steps is not None
    if law == "keras_mask_travels":
        is_sequence = case.main == "x" and case.inputs["x"].ndim == 3
        return is_sequence and case.per_position and case.make().supports_masking
    if law == "wrong_masks_are_refused":
        return bool(case.padding)
    if law == "rematerialized_is_the_same":
        return BACKEND == "jax" and bool(case.noise)
    if law == "tflite_dynamic":
        return any(case.open_axes().values())
    return True


def check_layer(case, law):
    """Checks one law of `LAWS` on a case."""
    keras.utils.set_random_seed(1)
    LAWS[law](case)


def _functional(case, layer):
    inputs = {}
    for name, value in case.inputs.items():
        shape = [None, *np.shape(value)[1:]]
        for axis in case.open_axes().get(name, ()):
            shape[axis] = None
        dtype = str(np.asarray(value).dtype)
        inputs[name] = keras.Input(batch_shape=shape, dtype=dtype, name=name)
    main, *others = inputs.values()
    named = dict(zip(list(inputs)[1:], others, strict=True))
    return inputs, layer(main, **named, **case.arguments)


def _to_tflite(case, layer, inputs, dynamic_axes):
    def function(**tensors):
        main = tensors.pop(case.main)
        return layer(main, **tensors, **case.arguments)

    specs = tflite_tools.specs_of(inputs, dynamic_axes)
    return tflite_tools.convert(function, layer.variables, specs)


def _tensors(inputs):
    return {name: ops.convert_to_tensor(x) for name, x in inputs.items()}


def _assert_same(got, want, tolerance):
    got, want = flat(got), flat(want)
    assert len(got) == len(want)
    for a, b in zip(got, want, strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def _is_random(case):
    """Whether two unseeded layers start from different weights."""
    one, other = case.make(), case.make()
    case.run(one), case.run(other)
    pairs = zip(one.trainable_variables, other.trainable_variables, strict=True)
    return any(not np.array_equal(to_numpy(a), to_numpy(b)) for a, b in pairs)


def _described(config):
    """A config without what only says how far its nested layers are built."""
    if isinstance(config, dict):
        skipped = ("build_config", "shared_object_id")
        return {k: _described(v) for k, v in config.items() if k not in skipped}
    if isinstance(config, (list, tuple)):
        return [_described(part) for part in config]
    return config
