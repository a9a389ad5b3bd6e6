"""The model of a run: saved, loaded, and begun with."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from polyhead.apps.common.errors import PolyheadError, UsageError
from polyhead.apps.common.run.saving import (
    copy_matching_weights,
    load_model,
    save_model,
)


def make_model(outputs=3, layers=1):
    keras.utils.set_random_seed(outputs)
    parts = [keras.layers.Dense(4) for _ in range(layers)]
    model = keras.Sequential(
        [keras.Input((2,)), *parts, keras.layers.Dense(outputs, name="head")]
    )
    model.compile("adam", "mse")
    return model


def test_it_is_saved_without_its_optimizer(tmp_path):
    model = make_model()
    model.fit(np.zeros((4, 2)), np.zeros((4, 3)), verbose=0)
    save_model(tmp_path, model, {"train": {"epochs": 1}})
    again = load_model(tmp_path / "model.keras")
    for one, other in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert model.optimizer is None
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert metrics == {"train": {"epochs": 1}}


def test_a_broken_model_is_one_clear_line(tmp_path):
    path = tmp_path / "model.keras"
    path.write_bytes(b"no zip")
    with pytest.raises(PolyheadError, match=r"model\.keras: cannot be loaded"):
        load_model(path)


def test_weights_are_copied_where_their_shapes_agree():
    older, model = make_model(outputs=3), make_model(outputs=5)
    head = model.get_layer("head").kernel.numpy().copy()
    copy_matching_weights(model, older, Path("older"))
    np.testing.assert_array_equal(model.layers[0].kernel, older.layers[0].kernel)
    np.testing.assert_array_equal(model.get_layer("head").kernel, head)


def test_another_architecture_is_refused():
    with pytest.raises(UsageError, match="older: its model has 6 weights, the new"):
        copy_matching_weights(make_model(), make_model(layers=2), Path("older"))
