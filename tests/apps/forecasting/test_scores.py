"""Scores and baselines against numbers worked out by hand."""

import doctest

import numpy as np
import pytest
from wave_tools import make_config, make_waves, write_wide

from polyhead.apps.forecasting import baselines, conformal
from polyhead.apps.forecasting.comparison import format_table
from polyhead.apps.forecasting.conformal import conformal_offsets
from polyhead.apps.forecasting.data import load_data
from polyhead.apps.forecasting.scores import Scores, seasonal_errors
from polyhead.apps.forecasting.series import frequency
from polyhead.apps.forecasting.series.windows import Window, Windows


def window(truth, series=None):
    truth = np.asarray(truth, np.float32)
    series = np.zeros(len(truth), int) if series is None else np.asarray(series)
    return Window({}, truth, series, np.arange(len(truth)), np.ones((1, 1, 1)))


def test_measures_by_hand():
    scores = Scores([[2.0]], [[4.0]], 2)
    scores.add(window([[[1.0], [3.0]]]), np.array([[[3.0], [3.0]]]))
    found = scores.summary()
    assert found["mse"] == pytest.approx((2 / 2) ** 2 / 2)
    assert found["mae"] == pytest.approx(1 / 2)
    assert found["rmse"] == pytest.approx(np.sqrt(2))
    assert found["smape"] == pytest.approx((2 * 2 / 4 + 0) / 2)
    assert found["mase"] == pytest.approx(1 / 4)
    assert scores.by("step") == {
        "mse": [1.0, 0.0],
        "mae": [1.0, 0.0],
        "rmse": [2.0, 0.0],
        "smape": [1.0, 0.0],
        "mase": [0.5, 0.0],
    }


def test_measures_of_each_series_and_target_by_hand():
    scores = Scores([[1.0, 10.0], [1.0, 10.0]], [[2.0, 0.0], [1.0, 4.0]], 2, [0.5])
    truth = [[[1.0, 10.0], [1.0, np.nan]], [[4.0, 20.0], [4.0, 20.0]]]
    forecast = np.array([[[2.0, 10.0], [3.0, 10.0]], [[4.0, 30.0], [4.0, 10.0]]])
    scores.add(window(truth, [0, 1]), forecast, forecast[..., None])
    by_series = scores.by("series")
    assert by_series["mae"] == [1.0, 0.5]  # 3 of 3 values, and 2 of 4
    assert by_series["rmse"] == [1.29099, 7.07107]
    # A target that the naive forecast never errs on counts in no mean of mase.
    assert by_series["mase"] == [0.75, (0 / 1 + 10 / 4) / 2]
    assert by_series["crps"] == [0.25, round(20 / 48, 6)]
    by_target = scores.by("target")
    assert by_target["mae"] == [0.75, round(2 / 3, 6)]
    assert by_target["mase"] == [(1.5 / 2 + 0) / 2, 2.5]
    assert scores.by("step")["mase"] == [1.0, round((2 / 2 + 0 + 10 / 4) / 3, 5)]
    assert scores.summary()["mase"] == pytest.approx((0.75 + 0 + 2.5) / 3)


def test_missing_truth_counts_nowhere():
    whole = Scores([[1.0]], [[1.0]], 2)
    whole.add(window([[[1.0], [np.nan]]]), np.array([[[2.0], [99.0]]]))
    assert whole.summary()["mae"] == 1.0
    assert whole.sums["count"].sum() == 1


def test_batches_add_up():
    generator = np.random.default_rng(0)
    truth = generator.normal(size=(9, 3, 2))
    forecast = generator.normal(size=(9, 3, 2))
    quantiles = np.sort(generator.normal(size=(9, 3, 2, 2)), axis=-1)
    series = generator.integers(0, 3, 9)
    parts = Scores([[1.0, 2.0]] * 3, np.ones((3, 2)), 3, [0.1, 0.9])
    whole = Scores([[1.0, 2.0]] * 3, np.ones((3, 2)), 3, [0.1, 0.9])
    whole.add(window(truth, series), forecast, quantiles)
    for rows in (slice(0, 4), slice(4, 9)):
        parts.add(window(truth[rows], series[rows]), forecast[rows], quantiles[rows])
    ours, wanted = parts.summary(), whole.summary()
    assert parts.shares_below() == pytest.approx(whole.shares_below())
    assert ours == pytest.approx(wanted)
    assert parts.coverage() == whole.coverage()
    inside = (truth[..., None] > quantiles)[..., 0] & (truth <= quantiles[..., 1])
    assert whole.coverage() == pytest.approx(inside.mean())


def test_crps_is_the_mean_weighted_quantile_loss():
    scores = Scores([[1.0]], [[1.0]], 1, [0.1, 0.5, 0.9])
    scores.add(
        window([[[10.0]]]), np.array([[[8.0]]]), np.array([[[[6.0, 8.0, 11.0]]]])
    )
    loss = [0.1 * 4, 0.5 * 2, 0.1 * 1]
    assert scores.summary()["crps"] == pytest.approx(np.mean(loss) * 2 / 10)


def test_mase_divides_by_the_seasonal_naive_error_before_the_test(tmp_path):
    values = make_waves(200, 1)
    dataset = load_data(make_config(write_wide(tmp_path / "a.csv", values)))
    wanted = np.abs(values[24:160] - values[:136]).mean()
    assert seasonal_errors(dataset)[0, 0] == pytest.approx(wanted, abs=1e-4)


@pytest.fixture
def windows(tmp_path):
    values = make_waves(400, 2)
    dataset = load_data(make_config(write_wide(tmp_path / "a.csv", values)))
    return Windows(dataset, 48, 30)


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


# Calibration.


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


def test_mase_is_unknown_where_the_naive_forecast_never_errs():
    scores = Scores(np.ones((1, 1)), np.zeros((1, 1)), 1)
    scores.add(window([[1.0]]), np.array([[[1.5]]]))
    summary = scores.summary()
    assert summary["mase"] is None and summary["mae"] == 0.5
    metrics = {"test": {**summary, "windows": 1}, "protocol": ""}
    assert format_table(metrics).splitlines()[2].split()[-1] == "-"
