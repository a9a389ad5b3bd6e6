"""The forecaster and its cores: shapes, laws, and the file it is kept in."""

import keras
import numpy as np
import pytest
from keras import ops
from wave_tools import make_small, make_waves, write_wide

from polyhead.apps.common.run.settings import resolve
from polyhead.apps.forecasting import TASK
from polyhead.apps.forecasting.data import load_data
from polyhead.apps.forecasting.defaults.lengths import fit_lengths
from polyhead.apps.forecasting.networks.building import build_model
from polyhead.apps.forecasting.networks.model import Forecaster
from polyhead.apps.forecasting.networks.quantiles import POINT, central
from polyhead.apps.forecasting.series.frequency import (
    split_stamps,
)
from polyhead.apps.forecasting.series.windows import Windows


def prepare(config):
    """The resolved configuration, and the windows of its data."""
    dataset = load_data(config)
    config = fit_lengths(resolve(TASK, config), dataset)
    return config, Windows(dataset, config.look_back, config.horizon)


MODELS = ("periodic", "patch", "encoder-decoder", "linear")


LEVELS = [0.1, 0.5, 0.9]


def make_model(model="periodic", **changes):
    settings = {
        "model": model,
        "look_back": 24,
        "horizon": 10,
        "num_targets": 2,
        "num_past": 0,
        "num_future": 0,
        "categories": [],
        "frequency": ["second", 3600],
        "cycle": 24,
        "calendar": ["day", "week"],
        "levels": LEVELS,
        "quantiles": [0.1, 0.9],
        "epsilon": 1e-5,
        "hidden_dim": 8,
        "num_layers": 1,
        "num_heads": 2,
        "patch_length": 8,
        "dropout": 0.0,
        "seed": 0,
    }
    made = Forecaster(**(settings | changes))
    made.build()
    for weight in made.trainable_variables:  # the cycle begins with zeros
        noise = np.random.default_rng(1).normal(0, 0.1, weight.shape)
        weight.assign(ops.convert_to_numpy(weight.value) + noise)
    return made


def make_inputs(rows=3, columns=2, future=0, seed=0):
    generator = np.random.default_rng(seed)
    inputs = {
        "history": generator.normal(50, 9, (rows, 24, columns)).astype("float32"),
        "start": np.repeat(
            split_stamps(np.array(["2024-05-01T07"], "datetime64[s]")), rows, axis=0
        ),
    }
    if future:
        shape = rows, 10, future
        inputs["future"] = generator.normal(0, 1, shape).astype("float32")
    return inputs


def run(model, inputs):
    found = model({name: ops.convert_to_tensor(x) for name, x in inputs.items()})
    return ops.convert_to_numpy(found)


def forecast(model, inputs):
    found = model.forecast({n: ops.convert_to_tensor(x) for n, x in inputs.items()})
    return {name: ops.convert_to_numpy(value) for name, value in found.items()}


def test_an_encoder_and_decoder_with_nothing_known_ahead(tmp_path):
    path = write_wide(tmp_path / "a.csv", make_waves(200))
    changes = {"model": "encoder-decoder", "calendar": False}
    config, windows = prepare(make_small(path, **changes))
    model = build_model(config, windows.dataset)
    window = windows.take(windows.find("test")[:3])
    assert model.forecast(window.inputs)["forecast"].shape == (3, 6, 2)


@pytest.mark.parametrize("model", MODELS)
def test_shapes_and_order(model):
    made = make_model(model)
    inputs = make_inputs()
    found = run(made, inputs)
    assert found.shape == (3, 10, 2, 3)
    assert (np.diff(found, axis=3) > 0).all()
    answer = forecast(made, inputs)
    expected = central(ops.convert_to_tensor(found.transpose(0, 3, 2, 1)), LEVELS)
    expected = ops.transpose(expected, (0, 2, 1))
    np.testing.assert_allclose(answer["forecast"], expected, rtol=1e-5)
    np.testing.assert_allclose(answer["quantiles"], found[..., [0, 2]], rtol=1e-5)


@pytest.mark.parametrize("model", MODELS)
def test_units_do_not_matter(model):
    made = make_model(model)
    inputs = make_inputs()
    scaled = inputs | {"history": inputs["history"] * 3 - 1000}
    np.testing.assert_allclose(
        run(made, scaled), run(made, inputs) * 3 - 1000, rtol=1e-4, atol=1e-2
    )


@pytest.mark.parametrize("model", MODELS)
def test_targets_are_scaled_by_their_own_statistics(model):
    made = make_model(model)
    inputs = make_inputs()
    before = run(made, inputs)
    made.mean.assign([50.0, 40.0])
    made.scale.assign([9.0, 3.0])
    np.testing.assert_allclose(run(made, inputs), before, rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("model", MODELS)
def test_missing_values_give_numbers(model):
    made = make_model(model)
    inputs = make_inputs()
    inputs["history"][0, 3:9] = np.nan
    inputs["history"][1, :, 1] = np.nan
    found = run(made, inputs)
    assert np.isfinite(found).all()
    whole = run(made, make_inputs())
    np.testing.assert_allclose(found[2], whole[2], rtol=1e-5)


@pytest.mark.parametrize("model", MODELS)
def test_constant_history_gives_numbers(model):
    inputs = make_inputs()
    inputs["history"][:] = 7.0
    found = run(make_model(model), inputs)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found, 7.0, atol=0.1)


@pytest.mark.parametrize("model", MODELS)
def test_covariates_are_heard(model):
    made = make_model(model, num_past=1, num_future=2, categories=[[4, 3]], cycle=24)
    inputs = make_inputs(columns=5, future=2)
    inputs["history"][:, :, 4] = np.arange(24) % 3
    inputs["future"][:, :, 1] = 0
    before = run(made, inputs)
    for name, place in (("history", 2), ("history", 3), ("future", 0), ("future", 1)):
        changed = {key: value.copy() for key, value in inputs.items()}
        changed[name][:, ::2, place] = 2
        assert np.abs(run(made, changed) - before).max() > 1e-3, (name, place)
    changed = {key: value.copy() for key, value in inputs.items()}
    changed["future"][:] = np.nan
    assert np.isfinite(run(made, changed)).all()


def test_the_clock_is_heard():
    for model in ("periodic", "encoder-decoder"):
        made = make_model(model)
        inputs = make_inputs()
        later = inputs | {"start": inputs["start"] + np.array([0, 5 * 3600])}
        assert np.abs(run(made, later) - run(made, inputs)).max() > 1e-3


def test_a_target_of_patch_and_linear_is_on_its_own():
    for model in ("patch", "linear"):
        made = make_model(model)
        inputs = make_inputs()
        other = {key: value.copy() for key, value in inputs.items()}
        other["history"][:, :, 1] = np.arange(24)
        np.testing.assert_allclose(
            run(made, other)[:, :, 0], run(made, inputs)[:, :, 0], rtol=1e-5
        )


def test_offsets_move_quantiles_by_the_spread_of_the_history():
    made = make_model()
    inputs = make_inputs()
    before = forecast(made, inputs)["quantiles"]
    made.offsets.assign(np.stack([np.zeros((10, 2)), np.ones((10, 2))], axis=2))
    after = forecast(made, inputs)["quantiles"]
    spread = inputs["history"].std(axis=1)[:, None]
    np.testing.assert_allclose(after[..., 0], before[..., 0], rtol=1e-5)
    moved = after[..., 1] - before[..., 1]
    np.testing.assert_allclose(moved, np.repeat(spread, 10, axis=1), rtol=1e-2)
    made.offsets.assign(np.stack([np.ones((10, 2)) * 99, np.zeros((10, 2))], axis=2))
    crossed = forecast(made, inputs)["quantiles"]
    assert (crossed[..., 1] >= crossed[..., 0]).all()


def test_any_quantiles_stand_on_a_point_forecast():
    made = make_model(levels=[POINT], quantiles=[0.2])
    answer = forecast(made, make_inputs())
    assert answer["quantiles"].shape == (3, 10, 2, 1)
    np.testing.assert_allclose(
        answer["quantiles"][..., 0], answer["forecast"], rtol=1e-5
    )


@pytest.mark.parametrize("model", MODELS)
def test_saved_and_read(model, tmp_path):
    made = make_model(model)
    made.save(tmp_path / "model.keras")
    read = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(
        run(read, make_inputs()), run(made, make_inputs()), rtol=1e-6
    )


@pytest.mark.parametrize("model", MODELS)
def test_a_core_is_made_again_from_its_configuration(model):
    core = make_model(model, num_past=1).core
    config = core.get_config()
    assert {"num_targets": 2, "width": 30, "seed": 0}.items() <= config.items()
    assert type(core).from_config(config).get_config() == config


@pytest.mark.parametrize("model", MODELS)
def test_the_seed_decides_the_weights(model):
    def weights(seed):
        made = Forecaster(**(make_model(model).settings | {"seed": seed}))
        made.build()
        return [ops.convert_to_numpy(value) for value in made.trainable_variables]

    pairs = list(zip(weights(1), weights(1), weights(2), strict=True))
    assert all((a == b).all() for a, b, _ in pairs)
    assert any((a != c).any() for a, _, c in pairs)


@pytest.mark.parametrize("model", MODELS)
def test_a_category_is_heard_though_it_stays_the_same(model):
    made = make_model(
        model, num_targets=1, num_past=2, categories=[[2, 3]], hidden_dim=8
    )
    inputs = make_inputs(columns=3)
    outputs = []
    for kind in (0.0, 2.0, np.nan):
        inputs["history"][:, :, 2] = kind
        outputs.append(run(made, inputs))
    assert np.isfinite(outputs).all()
    assert not np.allclose(outputs[0], outputs[1], rtol=1e-4)
    # A number without a category beside it is normalised as ever.
    plain = make_model(model, num_targets=1, num_past=1, hidden_dim=8)
    inputs = make_inputs(columns=2)
    moved = {**inputs, "history": inputs["history"] + np.float32([0, 7])}
    np.testing.assert_allclose(run(plain, inputs), run(plain, moved), rtol=1e-3)
