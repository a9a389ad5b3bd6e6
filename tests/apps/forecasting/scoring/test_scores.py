"""Scores against numbers worked out by hand."""

import numpy as np
import pytest
from wave_tools import make_config, make_waves, write_wide

from polyhead.apps.forecasting.data import load_data
from polyhead.apps.forecasting.scoring.scores import Scores, seasonal_errors
from polyhead.apps.forecasting.series.windows import Window


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
