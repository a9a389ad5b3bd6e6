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
        "wape": [2.0, 0.0],
        "bias": [2.0, 0.0],
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


def test_bias_and_wape_are_shares_of_the_truth():
    scores = Scores([[1.0]], [[1.0]], 2)
    scores.add(window([[[10.0], [30.0]]]), np.array([[[14.0], [34.0]]]))
    found = scores.summary()
    assert found["bias"] == found["wape"] == pytest.approx(8 / 40)
    scores.add(window([[[10.0], [30.0]]]), np.array([[[6.0], [26.0]]]))
    assert scores.summary()["bias"] == pytest.approx(0)
    assert scores.summary()["wape"] == pytest.approx(16 / 80)
    negative = Scores([[1.0]], [[1.0]], 1)
    negative.add(window([[[-10.0]]]), np.array([[[-12.0]]]))
    assert negative.summary()["bias"] == pytest.approx(-0.2)  # forecasts are lower


@pytest.mark.parametrize("size", [1e-30, 1e-6, 1.0, 1e12])
def test_no_measure_depends_on_the_unit(size):
    scores = Scores([[size]], [[size]], 2, [0.1, 0.9])
    truth = size * np.array([[[1.0], [3.0]]])
    forecast = size * np.array([[[2.0], [2.0]]])
    scores.add(window(truth), forecast, np.repeat(forecast[..., None], 2, 3))
    found = scores.summary()
    assert found["smape"] == pytest.approx((2 / 3 + 2 / 5) / 2, rel=1e-5)
    assert found["wape"] == pytest.approx(0.5, rel=1e-5)
    assert found["crps"] == pytest.approx(0.5, rel=1e-5)


@pytest.mark.parametrize("near", [0.0, 1e-9, 0.5])
def test_a_series_of_zeros_rules_no_mean(near):
    """The truth of the second series is 0, and its forecast is near."""
    alone, both = Scores([[1.0]], [[1.0]], 1, [0.5]), None
    both = Scores([[1.0], [1.0]], [[1.0], [0.0]], 1, [0.5])
    one = np.array([[[11.0]]])
    alone.add(window([[[10.0]]]), one, one[..., None])
    pair = np.array([[[11.0]], [[near]]])
    both.add(window([[[10.0]], [[0.0]]], [0, 1]), pair, pair[..., None])
    for name in ("smape", "mase"):
        assert both.summary()[name] == pytest.approx(alone.summary()[name])
    for name in ("wape", "crps", "bias"):  # it adds its error, and no more
        assert both.summary()[name] == pytest.approx((1 + near) / 10)
    by_series = both.by("series")
    for name in ("smape", "wape", "bias", "crps", "mase"):
        assert by_series[name][1] is None
        assert by_series[name][0] is not None
    assert both.share("not_zero") == 0.5
    assert by_series["mae"][1] == pytest.approx(near)


def test_only_zeros_have_no_relative_measure():
    scores = Scores([[1.0]], [[1.0]], 1, [0.5])
    scores.add(window([[[0.0]]]), np.array([[[0.0]]]), np.zeros((1, 1, 1, 1)))
    found = scores.summary()
    assert [found[k] for k in ("smape", "wape", "bias", "crps")] == [None] * 4
    assert found["mae"] == 0
