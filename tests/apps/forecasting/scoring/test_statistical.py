"""ETS and Theta beside a run: on a drawn sample of the windows, the run on the same."""

import sys
import warnings

import numpy as np
import pytest
from wave_tools import make_config, make_small, make_waves, write_long, write_wide

from polyhead.apps.forecasting import train
from polyhead.apps.forecasting.data import load_data
from polyhead.apps.forecasting.scoring import statistical
from polyhead.apps.forecasting.scoring.comparison import format_metrics
from polyhead.apps.forecasting.scoring.statistical import Sample, forecast_sample
from polyhead.apps.forecasting.series.windows import Windows


class Last:
    """A model that repeats the last value, but refuses histories of two steps."""

    histories: list = []

    def __init__(self, season_length):
        self.season = season_length

    def forecast(self, y, h):
        self.histories.append((self.season, y))
        if len(y) == 2:
            raise NotImplementedError("tiny datasets")
        return {"mean": np.full(h, y[-1] + 1.0)}


@pytest.fixture
def last(monkeypatch):
    """`Last` in place of both models, for where statsforecast is not installed."""
    models = {"ets": Last, "theta": Last}
    monkeypatch.setattr(statistical, "load_models", lambda: models)
    monkeypatch.setattr(Last, "histories", [])
    return Last.histories


def make_windows(path, values, look_back=12, horizon=6):
    dataset = load_data(make_config(write_wide(path / "a.csv", values)))
    return Windows(dataset, look_back, horizon)


def test_a_history_is_all_of_the_series_before_without_gaps(tmp_path, last):
    values = make_waves(200, 2)
    values[:3, 0] = values[50:60, 0] = values[:, 1][100:110] = np.nan
    windows = make_windows(tmp_path, values)
    sample = forecast_sample(windows, seed=3)
    assert isinstance(sample, Sample) and len(sample.windows) == 35
    assert set(sample.targets) == {0, 1}
    filled = np.array(values)
    filled[50:60, 0], filled[100:110, 1] = values[49, 0], values[99, 1]
    rows = zip(sample.windows, sample.targets, last[::2], strict=True)
    for (_, place), target, (season, history) in rows:
        assert season == 24 and history.dtype == np.float64
        expected = filled[3 if target == 0 else 0 : place, target]
        np.testing.assert_allclose(history, expected, rtol=1e-6)
    ahead = sample.forecasts["theta"]
    assert ahead.shape == (35, 6)
    assert (ahead[0] == last[0][1][-1] + 1.0).all()
    again = forecast_sample(windows, seed=3)
    assert (again.windows == sample.windows).all()
    assert (forecast_sample(windows, seed=4).windows != sample.windows).any()


def test_a_long_history_is_cut(tmp_path, last, monkeypatch):
    monkeypatch.setattr(statistical, "MOST_STEPS", 40)
    monkeypatch.setattr(statistical, "MOST_WINDOWS", 5)
    forecast_sample(make_windows(tmp_path, make_waves(200)), 0)
    assert [len(history) for _, history in last] == [40] * 10
    last.clear()
    forecast_sample(make_windows(tmp_path, make_waves(200), look_back=60), 0)
    assert [len(history) for _, history in last] == [60] * 10


def test_a_history_that_a_model_refuses_has_its_last_value_repeated(last):
    assert statistical._forecast(Last, np.array([5.0, 7.0]), 1, 3).tolist() == [7.0] * 3
    assert statistical._forecast(Last, np.full(3, 5.0), 1, 2).tolist() == [6.0] * 2


def test_the_time_is_kept(tmp_path, last, monkeypatch):
    windows, told = make_windows(tmp_path, make_waves(200)), []
    monkeypatch.setattr(statistical, "SECONDS", -1.0)
    assert forecast_sample(windows, 0, told.append) is None
    assert told == ["fitting ETS and Theta to up to 35 windows, -1 s at most"]
    # The clock runs on by one at each look: two looks a window.
    clock = iter(range(10**6))
    monkeypatch.setattr(statistical.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(statistical, "SECONDS", 10.0)
    sample = forecast_sample(windows, 0)
    assert len(sample.windows) == len(sample.forecasts["ets"]) == 5


def test_without_statsforecast_a_table_is_without_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "statsforecast", None)
    monkeypatch.setitem(sys.modules, "statsforecast.models", None)
    assert statistical.load_models() == {}
    assert forecast_sample(make_windows(tmp_path, make_waves(200)), 0) is None


def test_the_run_is_scored_on_the_same_windows(tmp_path, last, monkeypatch):
    monkeypatch.setattr(statistical, "MOST_WINDOWS", 7)
    series = {name: make_waves(120, 1, seed) for seed, name in enumerate("abc")}
    path = write_long(tmp_path / "a.csv", series)
    run = train(make_small(path, tmp_path / "run"), quiet=True)
    metrics, baselines = run.metrics, run.metrics["baselines"]
    names = ["last-value", "seasonal-naive", "linear", "ets", "theta"]
    assert list(baselines) == names
    windows = run.load_data()
    sample = forecast_sample(windows, run.config.seed)
    window = windows.take(sample.windows)
    answers = {"run": run.answer(window.inputs)["forecast"]}
    answers["ets"] = sample.forecasts["ets"][..., None]
    found = {name: float(window.errors(each).mean()) for name, each in answers.items()}
    assert baselines["ets"]["mae"] == pytest.approx(found["ets"], rel=1e-5)
    assert baselines["ets"]["run"]["mae"] == pytest.approx(found["run"], rel=1e-5)
    assert baselines["ets"]["run"]["windows"] == baselines["ets"]["windows"] == 7
    assert metrics["test"]["windows"] > 7 and metrics["test"]["mae"] != found["run"]
    table = format_metrics(metrics).splitlines()
    starts = [line.split("  ")[0] for line in table[2:8]]
    assert starts == ["this run", *names[:3], "this run, 7 windows", "ets, 7 windows"]
    change = 100 * (1 - found["run"] / found["ets"])
    side = "less" if change > 0 else "more"
    assert f"{abs(change):.1f}% {side} absolute error than ets" in "\n".join(table)
    assert "drawn sample of 7 windows" in metrics["protocol"]
    again = run.evaluate()
    assert again["baselines"] == baselines


@pytest.mark.parametrize("scale", [1.0, 1e-6, 1e9])
def test_statsforecast_itself(tmp_path, monkeypatch, scale):
    pytest.importorskip("statsforecast")
    values = make_waves(300, 2) * scale
    monkeypatch.setattr(statistical, "MOST_WINDOWS", 3)
    windows = make_windows(tmp_path, values)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sample = forecast_sample(windows, 0)
    assert list(sample.forecasts) == ["ets", "theta"]
    truth = np.nanmean(sample.take(windows).truth, axis=2)
    for forecast in sample.forecasts.values():
        assert np.abs(forecast - truth).mean() < 3 * values.std(axis=0).mean()
    for history in ([1.0], [1.0, 2.0], [3.0] * 30, list(range(5))):
        for model in statistical.load_models().values():
            found = statistical._forecast(model, np.array(history, float), 12, 4)
            assert found.shape == (4,) and np.isfinite(found).all()
