"""A training's whole state in one file: it comes back, and a broken one is named."""

import keras
import numpy as np
import pytest

from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.run.checkpoint import (
    load_arrays,
    read_values,
    save_arrays,
    state_variables,
    write_values,
)


def make_model():
    keras.utils.set_random_seed(0)
    x = keras.Input((3,))
    y = keras.layers.Dropout(0.5, seed=1)(keras.layers.Dense(4)(x))
    model = keras.Model(x, keras.layers.Dense(1)(y))
    model.compile("adam", loss="mse", metrics=["mae"])
    return model


def train(model, steps):
    rng = np.random.default_rng(0)
    for _ in range(steps):
        model.train_on_batch(rng.normal(size=(8, 3)), np.ones((8, 1)))


def test_arrays_and_state_come_back(tmp_path):
    arrays = [np.arange(6.0).reshape(2, 3), np.array(7), np.zeros(0, np.uint32)]
    save_arrays(tmp_path / "last.npz", arrays, {"epoch": 3, "history": [{"é": 0.5}]})
    loaded, state = load_arrays(tmp_path / "last.npz")
    assert state == {"epoch": 3, "history": [{"é": 0.5}]}
    for one, other in zip(loaded, arrays, strict=True):
        assert one.dtype == other.dtype and np.array_equal(one, other)
    assert [file.name for file in tmp_path.iterdir()] == ["last.npz"]


@pytest.mark.parametrize("length", [0, 100, -50])
def test_a_broken_file_is_one_line_with_its_remedy(tmp_path, length):
    path = tmp_path / "last.npz"
    save_arrays(path, [np.arange(100.0)], {"epoch": 1})
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(PolyheadError, match="not a readable checkpoint") as caught:
        load_arrays(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert str(caught.value).endswith("train again with --overwrite")


def test_the_state_holds_weights_seeds_and_the_optimizer():
    model = make_model()
    train(model, 3)
    values = read_values(state_variables(model))
    names = {variable.path for variable in state_variables(model)}
    assert any("seed_generator" in name for name in names)
    assert any("momentum" in name for name in names)
    assert not names & {variable.path for variable in model.metrics_variables}
    train(model, 3)
    changed = read_values(state_variables(model))
    assert not all(map(np.array_equal, values, changed))
    # Written back, the next steps are the same, with the same units dropped.
    write_values(state_variables(model), values)
    train(model, 3)
    for one, other in zip(read_values(state_variables(model)), changed, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_bfloat16_is_kept_as_float32():
    variable = keras.Variable([1.0, 0.1], dtype="bfloat16")
    (values,) = read_values([variable])
    assert values.dtype == np.float32
    before = values.copy()
    variable.assign([0.0, 0.0])
    write_values([variable], [values])
    np.testing.assert_array_equal(read_values([variable])[0], before)
