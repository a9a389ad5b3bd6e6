"""Baselines against numbers worked out by hand."""

import numpy as np
import pytest
from wave_tools import days, make_config, make_waves, write_wide

from polyhead.apps.forecasting.data import load_data
from polyhead.apps.forecasting.scoring import baselines
from polyhead.apps.forecasting.series.windows import Windows


@pytest.fixture
def windows(tmp_path):
    values = make_waves(400, 2)
    dataset = load_data(make_config(write_wide(tmp_path / "a.csv", values)))
    return Windows(dataset, 48, 30)


def test_the_season_may_be_longer_than_the_look_back(tmp_path):
    weeks = days(260, step=7)
    wave = 50 + 10 * np.sin(2 * np.pi * np.arange(260) / 52)[:, None]
    config = make_config(write_wide(tmp_path / "a.csv", wave, stamps=weeks))
    windows = Windows(load_data(config), 12, 60)
    batch = windows.take(windows.find("train"))
    found = baselines.seasonal_naive(windows, windows.dataset.season)(batch)
    late = batch.places >= 52  # a whole season lies before
    assert late.any() and not late.all()
    np.testing.assert_allclose(found[late], batch.truth[late], atol=1e-3)
    first = batch.inputs["history"][~late][:, -1:]
    unknown = 52 - batch.places[~late]  # steps of no season before
    for row, count in enumerate(unknown):
        assert (found[~late][row, :count] == first[row]).all()


def test_last_value_and_seasonal_naive(windows):
    batch = windows.take(windows.find("test"))
    history = batch.inputs["history"]
    found = baselines.last_value(windows)(batch)
    assert (found == history[:, -1:]).all() and found.shape == batch.truth.shape
    found = baselines.seasonal_naive(windows, 24)(batch)
    assert (found[:, :24] == history[:, -24:]).all()
    assert (found[:, 24:] == history[:, -24:-18]).all()


def test_baselines_pass_over_what_is_missing(windows):
    batch = windows.take(windows.find("test")[:1])
    history = batch.inputs["history"]
    history[0, -1, 0] = np.nan
    assert baselines.last_value(windows)(batch)[0, 0, 0] == history[0, -2, 0]
    naive = baselines.seasonal_naive(windows, 24)(batch)
    assert naive[0, 23, 0] == history[0, -25, 0]
    assert np.isfinite(baselines.linear(windows)(batch)).all()


def test_linear_finds_a_linear_law(tmp_path):
    time = np.arange(600)
    values = np.stack([np.sin(time / 7) * 5 + 20, np.cos(time / 11) - 3], axis=1)
    dataset = load_data(make_config(write_wide(tmp_path / "a.csv", values)))
    windows = Windows(dataset, 48, 12)
    batch = windows.take(windows.find("test"))
    ours, naive = (
        np.abs(make(windows)(batch) - batch.truth).mean()
        for make in (baselines.linear, baselines.last_value)
    )
    assert ours < 0.05 < naive


def test_fill_forward():
    history = np.array([[[np.nan], [1.0], [np.nan], [4.0], [np.nan]]])
    assert baselines.fill_forward(history).ravel().tolist() == [1, 1, 1, 4, 4]
    assert (baselines.fill_forward(np.full((1, 3, 1), np.nan)) == 0).all()
