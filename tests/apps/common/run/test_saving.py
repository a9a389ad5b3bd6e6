"""A run's model: written, read, and begun with by another run."""

import json
import zipfile

import keras
import numpy as np
import pytest

from polyhead.apps.common.errors import PolyheadError, UsageError
from polyhead.apps.common.files import read_json
from polyhead.apps.common.run.saving import (
    copy_matching_weights,
    load_model,
    save_model,
)


def make_model(width=3, layers=1, seed=0):
    keras.utils.set_random_seed(seed)
    x = inputs = keras.Input((4,))
    for _ in range(layers):
        x = keras.layers.Dense(width)(x)
        x = keras.layers.BatchNormalization()(x)
    return keras.Model(inputs, x)


def test_a_saved_model_comes_back_without_its_optimizer(tmp_path):
    model = make_model(width=200)
    model.compile("adam", "mse")
    model.train_on_batch(np.ones((8, 4)), np.ones((8, 200)))
    save_model(tmp_path, model, {"train": {"epochs": 3}})
    assert read_json(tmp_path / "metrics.json", "") == {"train": {"epochs": 3}}
    assert {file.name for file in tmp_path.iterdir()} == {"model.keras", "metrics.json"}
    loaded = load_model(tmp_path / "model.keras")
    assert getattr(loaded, "optimizer", None) is None
    for one, other in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    model.save(tmp_path / "plain.keras")
    sizes = [
        (tmp_path / name).stat().st_size for name in ("model.keras", "plain.keras")
    ]
    assert sizes[0] < sizes[1]


@pytest.mark.parametrize("content", [b"", b"PK\3\4", b"no model" * 99])
def test_a_broken_model_is_one_line_with_its_remedy(tmp_path, content):
    path = tmp_path / "model.keras"
    path.write_bytes(content)
    with pytest.raises(PolyheadError, match="cannot be loaded") as caught:
        load_model(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ") and "--overwrite" in message


def test_weights_of_like_shape_are_taken_over():
    older, model = make_model(seed=1), make_model(seed=2)
    fixed = [weight.numpy() for weight in model.non_trainable_weights]
    older.layers[2].moving_mean.assign([7.0, 7.0, 7.0])
    copy_matching_weights(model, older, "older")
    pairs = zip(model.trainable_weights, older.trainable_weights, strict=True)
    assert all(np.array_equal(one, other) for one, other in pairs)
    kept = [weight.numpy() for weight in model.non_trainable_weights]
    assert all(map(np.array_equal, kept, fixed))
    wider = make_model(width=5, seed=3)
    before = wider.layers[1].kernel.numpy()
    copy_matching_weights(wider, older, "older")
    np.testing.assert_array_equal(wider.layers[1].kernel, before)


def test_a_model_with_another_number_of_weights_is_refused():
    message = "runs/a: its model has 6 weights, the new one 12: use the settings"
    with pytest.raises(UsageError, match=message):
        copy_matching_weights(make_model(layers=2), make_model(), "runs/a")


def test_a_model_of_a_newer_keras_names_it(tmp_path, monkeypatch):
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "9.1.0"}))
        archive.writestr("config.json", json.dumps({"module": "keras.of_tomorrow"}))
    with pytest.raises(PolyheadError) as error:
        load_model(path)
    assert str(error.value) == (
        f"{path}: cannot be loaded (it was saved by Keras 9.1.0; here is "
        f"{keras.__version__}): pip install 'keras>=9.1.0'"
    )
    monkeypatch.setattr(keras, "__version__", "10.0.0")
    with pytest.raises(PolyheadError, match="train the run again"):
        load_model(path)
