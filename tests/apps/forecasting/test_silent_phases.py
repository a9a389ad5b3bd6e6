"""Weekdays, hours and months at which a target never has a value in training."""

import numpy as np
import pytest
from wave_tools import days, hours, make_small, write_wide

from polyhead import runtime
from polyhead.apps.common.export.litert import TFLitePredictor
from polyhead.apps.common.export.tflite import export_tflite
from polyhead.apps.forecasting import train
from polyhead.apps.forecasting.data import load_data
from polyhead.apps.forecasting.page import page_facts
from polyhead.apps.forecasting.series import NAMES
from polyhead.apps.forecasting.series.phases import phases_of


def months(count):
    return (np.datetime64("2000-01", "M") + np.arange(count)).astype("M8[s]")


def write(path, stamps, is_open, drop=False, columns=2):
    """A table whose first column is empty, or lacks its rows, where it is closed."""
    generator = np.random.default_rng(0)
    values = generator.normal(50, 5, (len(stamps), columns))
    values[~is_open, 0] = np.nan
    if drop:
        values, stamps = values[is_open], stamps[is_open]
    return write_wide(path, values, stamps=stamps)


CASES = {  # stamps, unit, closed phases, names
    "sunday": (days(150), "weekday", [6], ["Sunday"]),
    "weekend": (days(200), "weekday", [5, 6], ["Saturday", "Sunday"]),
    "night": (hours(480), "hour", [0, 1, 2, 3], NAMES["hour"][:4]),
    "winter": (months(180), "month", [0, 11], ["January", "December"]),
}


@pytest.mark.parametrize("drop", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_the_report_names_them_and_the_forecast_leaves_them_out(tmp_path, name, drop):
    stamps, unit, closed, names = CASES[name]
    if drop and name == "weekend":  # is a grid of business days, which has no weekend
        return
    is_open = ~np.isin(phases_of(stamps, unit), closed)
    table = write(tmp_path / "a.csv", stamps, is_open, drop, 1 if drop else 2)
    horizon = 30 if unit == "hour" else 14
    config = make_small(table, tmp_path / "run", horizon=horizon, look_back=15)
    dataset = load_data(config)
    told = [w for w in dataset.report["warnings"] if "never has a value at" in w]
    assert len(told) == 1 and told[0].startswith("column 'y0' ")
    assert all(word in told[0] for word in names[:3])
    run = train(config, quiet=True)
    assert np.isfinite(run.metrics["test"]["mae"])
    assert "y0 not scored on" in run.metrics["protocol"]
    assert "beyond them, 0.5 is the forecast; crps" in run.metrics["protocol"]
    (found,) = run.predict()
    is_closed = np.isin(phases_of(found.stamps, unit), closed)
    assert is_closed.any() and not is_closed.all()
    assert (np.isnan(found.values[:, 0]) == is_closed).all()
    assert (np.isnan(found.quantiles[:, 0]).all(axis=1) == is_closed).all()
    assert np.isfinite(found.values[:, 1:]).all()
    why = f"y0: no forecast at {', '.join(names)}: training never has a value there"
    assert run.notes == [why]
    assert page_facts(run.path, {"quantiles": []})["silent"] == {"y0": names}


def test_the_file_leaves_them_out_too(tmp_path):
    stamps, unit, closed, _ = CASES["sunday"]
    table = write(tmp_path / "a.csv", stamps, phases_of(stamps, unit) != 6)
    run = train(make_small(table, tmp_path / "run", horizon=9), quiet=True)
    inputs = {
        "history": np.full((1, 12, 2), 50, np.float32),
        "start": np.array([[19787, 0]], np.int32),  # 2024-03-05, a Tuesday
    }
    wanted = run.serving.predict(inputs)
    for variant in ("float32", "float16", "int8"):
        path = tmp_path / f"{variant}.tflite"
        export_tflite(run.serving, run.serving.weights, {}, inputs, path, variant)
        found = TFLitePredictor(path)(**inputs)
        is_missing = np.isnan(found["forecast"][0])
        assert np.flatnonzero(is_missing[:, 0]).tolist() == [5]
        assert not is_missing[:, 1].any()
        for key, values in found.items():
            np.testing.assert_allclose(values, wanted[key], atol=1.0)


def test_an_exported_run_says_why(tmp_path):
    stamps, unit, closed, _ = CASES["sunday"]
    table = write(tmp_path / "a.csv", stamps, phases_of(stamps, unit) != 6)
    run = train(make_small(table, tmp_path / "run", horizon=9), quiet=True)
    run.export(formats=["tflite"], variants=["float32", "int8"])
    model = runtime.load(run.path / "export/model_float32.tflite")
    found = model.predict(np.full((12, 2), 50.0), "2024-03-05")
    why = "y0: no forecast at Sunday: training never has a value there"
    assert found.notes == (why,)
    assert np.isnan(found.values[5, 0]) and np.isfinite(found.values[5, 1])
    # It explains the NaN of that step alone.
    for name in ("float32", "int8"):
        model = runtime.load(run.path / f"export/model_{name}.tflite")
        for place in (0, 1):
            history = np.full((12, 2), 50.0)
            history[:, place] = 3e38  # all of its forecast is NaN, none is infinite
            with pytest.raises(runtime.PolyheadError, match="beyond float32"):
                model.predict(history, "2024-03-05")
        history[:, 1] = np.nan
        found = model.predict(history, "2024-03-05")
        assert len(found.notes) == 2 and np.isnan(found.values).sum() == 1 + 9
    (answer,) = run.predict(engine="tflite")
    assert run.notes == [why] and np.isnan(answer.values[:, 0]).any()
    values = np.tile([3e38, 50.0], (12, 1))
    run.predict(write_wide(tmp_path / "b.csv", values, stamps=days(12)))
    (line,) = run.notes
    assert line.startswith("y0: no forecast: it is beyond float32")


@pytest.mark.parametrize(
    ("count", "share"),
    [
        (40, 0.9),  # too few weeks to tell
        (150, 0.05),  # values so seldom that a weekday lacks them by chance
    ],
)
def test_chance_closes_no_weekday(tmp_path, count, share):
    generator = np.random.default_rng(1)
    stamps = days(count)
    is_open = generator.random(count) < share
    if share > 0.5:
        is_open = (phases_of(stamps, "weekday") != 6) | (np.arange(count) > 20)
    dataset = load_data(make_small(write(tmp_path / "a.csv", stamps, is_open)))
    assert dataset.silent == []


def test_a_value_at_a_silent_phase_is_not_scored(tmp_path):
    stamps = days(200)
    is_open = (phases_of(stamps, "weekday") != 6) | (np.arange(200) > 180)
    run = train(
        make_small(write(tmp_path / "a.csv", stamps, is_open), tmp_path / "run"),
        quiet=True,
    )
    assert np.isfinite(run.metrics["test"]["mae"])
    rows = run.backtest()
    assert np.isfinite(rows["mean"]["this run"])


def test_a_run_without_such_phases_has_no_table(tmp_path):
    stamps = days(150)
    config = make_small(write(tmp_path / "a.csv", stamps, np.ones(150, bool)))
    assert load_data(config).silent == []
