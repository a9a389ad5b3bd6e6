"""Calibration: quantiles hold what they say."""

import doctest

import numpy as np
import pytest
from wave_tools import make_small, make_waves, write_wide

from polyhead.apps.common.run.settings import resolve
from polyhead.apps.forecasting import TASK
from polyhead.apps.forecasting.config import fit_lengths
from polyhead.apps.forecasting.data import load_data
from polyhead.apps.forecasting.networks import conformal
from polyhead.apps.forecasting.networks.conformal import calibrate, conformal_offsets
from polyhead.apps.forecasting.networks.model import build_model
from polyhead.apps.forecasting.series import frequency
from polyhead.apps.forecasting.series.windows import Windows
from polyhead.apps.forecasting.serving import Serving


def prepare(config):
    """The resolved configuration, and the windows of its data."""
    dataset = load_data(config)
    config = fit_lengths(resolve(TASK, config), dataset.season)
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
    np.testing.assert_allclose(np.asarray(model.offsets), wanted, rtol=1e-5)


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
