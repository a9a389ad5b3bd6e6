"""The table of scores."""

import numpy as np
import pytest
from wave_tools import make_config, make_waves, write_wide

from polyhead.apps.forecasting.data import load_data
from polyhead.apps.forecasting.scoring.comparison import format_metrics
from polyhead.apps.forecasting.scoring.scores import Scores
from polyhead.apps.forecasting.series.windows import Window, Windows


def window(truth, series=None):
    truth = np.asarray(truth, np.float32)
    series = np.zeros(len(truth), int) if series is None else np.asarray(series)
    return Window({}, truth, series, np.arange(len(truth)), np.ones((1, 1, 1)))


@pytest.fixture
def windows(tmp_path):
    values = make_waves(400, 2)
    dataset = load_data(make_config(write_wide(tmp_path / "a.csv", values)))
    return Windows(dataset, 48, 30)


def test_a_baseline_without_an_error_is_not_beaten():
    scores = {"mse": 0.1, "mae": 0.1, "windows": 5}
    exact = {"mse": 0.0, "mae": 0.0}
    metrics = {"test": scores, "baselines": {"seasonal-naive": exact}, "protocol": ""}
    text = format_metrics(metrics)
    assert "seasonal-naive makes no error here: use seasonal-naive" in text


def test_mase_is_unknown_where_the_naive_forecast_never_errs():
    scores = Scores(np.ones((1, 1)), np.zeros((1, 1)), 1)
    scores.add(window([[1.0]]), np.array([[[1.5]]]))
    summary = scores.summary()
    assert summary["mase"] is None and summary["mae"] == 0.5
    metrics = {"test": {**summary, "windows": 1}, "protocol": ""}
    assert format_metrics(metrics).splitlines()[2].split()[-1] == "-"
