"""Calibration: quantiles hold what they say."""

import doctest

import numpy as np
import pytest
from wave_tools import make_small, make_waves, write_wide

from polyhead.apps.common.run.settings import resolve
from polyhead.apps.forecasting import TASK
from polyhead.apps.forecasting.data import load_data
from polyhead.apps.forecasting.defaults.lengths import fit_lengths
from polyhead.apps.forecasting.networks import conformal
from polyhead.apps.forecasting.networks.building import build_model
from polyhead.apps.forecasting.networks.conformal import (
    calibrate,
    conformal_offsets,
    shares,
)
from polyhead.apps.forecasting.series import frequency
from polyhead.apps.forecasting.series.windows import Windows
from polyhead.apps.forecasting.serving import Serving


def prepare(config):
    """The resolved configuration, and the windows of its data."""
    dataset = load_data(config)
    config = fit_lengths(resolve(TASK, config), dataset)
    return config, Windows(dataset, config.look_back, config.horizon)


def test_one_number_is_calibrated_all_the_way(tmp_path):
    path = write_wide(tmp_path / "a.csv", make_waves(200))
    config, windows = prepare(make_small(path, loss="mse"))
    model = build_model(config, windows.dataset)
    calibrate(model, windows, 0)
    window = windows.take(windows.find("validation"))
    parts = Serving(model).predict_parts(window.inputs)
    mean, scale = np.asarray(model.mean)[:2], np.asarray(model.scale)[:2]
    truth = (window.truth - mean) / scale
    wanted = conformal_offsets(truth, parts["base"], parts["scale"], [0.1, 0.5, 0.9])
    found = np.asarray(model.offsets)
    np.testing.assert_allclose(found[..., [0, 2]], wanted[..., [0, 2]], rtol=1e-5)
    assert (found[..., 1] == 0).all()  # the median is the forecast


def test_documented_examples():
    for module in (conformal, frequency):
        result = doctest.testmod(module)
        assert result.attempted and not result.failed


@pytest.mark.parametrize("levels", [[0.1, 0.5, 0.9], [0.25], [0.05, 0.95]])
def test_calibrated_quantiles_hold_what_they_say(levels):
    generator = np.random.default_rng(0)
    scale = generator.uniform(1, 5, (4000, 1, 2))
    truth = generator.gumbel(size=(4000, 3, 2)) * scale
    base = np.zeros((4000, 3, 2, len(levels)))  # the model knows nothing
    seen, new = slice(0, 2000), slice(2000, 4000)
    offsets = conformal_offsets(truth[seen], base[seen], scale[seen], levels)
    assert offsets.shape == (3, 2, len(levels))
    below = truth[new][..., None] <= base[new] + scale[new][..., None] * offsets
    np.testing.assert_allclose(below.mean(axis=(0, 1, 2)), levels, atol=0.02)


def test_calibration_without_a_truth_changes_nothing():
    truth = np.full((5, 2, 1), np.nan)
    offsets = conformal_offsets(truth, np.ones((5, 2, 1, 1)), np.ones((5, 1, 1)), [0.9])
    assert (offsets == 0).all()


@pytest.mark.parametrize(
    ("level", "fewest"), [(0.5, 1), (0.2, 4), (0.9, 9), (0.1, 9), (0.05, 19)]
)
def test_a_quantile_moves_from_one_error_beyond_it_on(level, fewest):
    assert shares(np.array(fewest - 0.1), [level]) == 0
    assert shares(np.array(float(fewest)), [level]) == fewest / (fewest + 2)


@pytest.mark.parametrize("steps", [200, 1200])
def test_few_validation_blocks_move_nothing(tmp_path, steps):
    path = write_wide(tmp_path / "a.csv", make_waves(steps))
    config, windows = prepare(make_small(path, horizon=6))
    model = build_model(config, windows.dataset)
    calibrate(model, windows, 0)
    offsets = np.asarray(model.offsets)
    assert (offsets[..., 1] == 0).all()
    assert (offsets[..., [0, 2]] != 0).all() == (steps == 1200)  # 20 blocks, not 3.3
    assert offsets.any() == (steps == 1200)


@pytest.mark.parametrize("loss", ["mae", "mse", "huber"])
@pytest.mark.parametrize("steps", [200, 1200])
@pytest.mark.parametrize("quantiles", [(0.1, 0.5, 0.9), (0.5,), (0.3, 0.5), (0.2, 0.9)])
def test_the_median_is_the_forecast(tmp_path, loss, steps, quantiles):
    path = write_wide(tmp_path / "a.csv", make_waves(steps))
    config, windows = prepare(make_small(path, loss=loss, quantiles=quantiles))
    model = build_model(config, windows.dataset)
    calibrate(model, windows, 0)
    inputs = windows.take(windows.find("test")).inputs
    for outputs in (
        Serving(model).predict(inputs),
        Serving(model).predict_uncalibrated(inputs),
    ):
        found, forecast = outputs["quantiles"], outputs["forecast"][..., None]
        assert (np.diff(found, axis=3) >= 0).all()
        for place, level in enumerate(quantiles):
            value = found[..., place : place + 1]
            if level == 0.5:
                np.testing.assert_array_equal(value, forecast)
            else:
                assert ((value - forecast) * (level - 0.5) >= 0).all()
