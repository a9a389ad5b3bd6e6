"""A week in the data, from the table to the exported file."""

import json
from dataclasses import replace

import numpy as np
import pytest
from wave_tools import hours, make_config, write_wide

import polyhead.apps
from polyhead.apps.common.folder.plan import FINISHED, make_plan
from polyhead.apps.common.run.settings import resolve
from polyhead.apps.forecasting import TASK, train
from polyhead.apps.forecasting.config import read_choice
from polyhead.apps.forecasting.data import load_data
from polyhead.apps.forecasting.networks.building import build_model, choose_clock
from polyhead.apps.forecasting.series.frequency import parse_frequency
from polyhead.apps.forecasting.steps import fit_config


def make_week(weeks=6):
    time = np.arange(weeks * 168)
    wave = 30 + 20 * np.sin(2 * np.pi * time / 24)
    wave = wave * np.where(time // 24 % 7 > 4, 0.4, 1.0)
    return (wave + np.random.default_rng(0).normal(0, 1, len(time)))[:, None]


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return write_wide(tmp_path_factory.mktemp("week") / "load.csv", make_week())


@pytest.fixture(scope="module")
def config(table, tmp_path_factory):
    lengths = {"look_back": None, "horizon": None, "model": "linear"}
    run = tmp_path_factory.mktemp("runs") / "load"
    return make_config(table, run, **lengths, epochs=25, batch_size=None)


@pytest.fixture(scope="module")
def run(config):
    return train(config, quiet=True)


def test_the_table_has_the_naive_forecast_of_both_seasons(run):
    baselines = run.metrics["baselines"]
    daily, weekly = baselines["seasonal-naive"], baselines["seasonal-naive-168"]
    assert weekly["mae"] < 0.5 * daily["mae"]
    assert run.metrics["test"]["mae"] < weekly["mae"]
    text = TASK.answering().format_metrics(run.metrics)
    assert "mase (season 24)" in text
    assert "less absolute error than seasonal-naive-168" in text
    assert "mase against the seasonal naive forecast (season 24)" in text
    older = {k: v for k, v in run.metrics.items() if k != "mase_season"}
    assert "(season 24)" not in TASK.answering().format_metrics(older).splitlines()[1]


def test_what_the_data_decided_is_stored_and_kept(run, config):
    kept = json.loads((run.path / "config.json").read_text())
    assert (kept["look_back"], kept["horizon"], kept["cycle"]) == (168, 24, 168)
    assert kept["clock"] == "day,week" and kept["mase_season"] is None
    plan = make_plan(TASK, resolve(TASK, config), run.path)
    assert plan.action == FINISHED and plan.config.look_back == 168


def test_an_exported_file_knows_the_week(run):
    run.export(formats=["tflite"], variants=["float32"])
    report = json.loads((run.path / "export/export_report.json").read_text())
    assert report["files"]["model_float32.tflite"]["disagreements"] == 0
    wanted = run.predict()[0].values
    found = run.predict(engine="tflite")[0].values
    np.testing.assert_allclose(found, wanted, atol=0.01)


def test_a_file_of_later_rows_is_measured_alone_with_both_seasons(run, tmp_path):
    later = make_week(8)[-336:]
    stamps = hours(8 * 168)[-336:]
    path = write_wide(tmp_path / "later.csv", later, stamps=stamps)
    found = polyhead.apps.load(run.path).evaluate(test=path)
    assert "seasonal-naive-168" in found["baselines"]


def test_another_season_for_mase(run, config, tmp_path):
    other = replace(config, mase_season=168, epochs=1, run=str(tmp_path / "run"))
    metrics = train(other, quiet=True).metrics
    assert "mase (season 168)" in TASK.answering().format_metrics(metrics)

    def unit(metrics):
        naive = metrics["baselines"]["seasonal-naive-168"]
        return naive["mae"] / naive["mase"]

    assert unit(metrics) < 0.6 * unit(run.metrics)  # the error of last week's hour


@pytest.mark.parametrize("model", ["periodic", "patch", "encoder-decoder", "linear"])
def test_every_model_knows_the_weekday(config, model):
    config = replace(config, model=model, look_back=24, cycle=24)
    dataset = load_data(config)
    config = fit_config(resolve(TASK, config), None, dataset)
    made = build_model(config, dataset)
    assert made.settings["clock"] == ["day", "week"]
    rng = np.random.default_rng(0)
    for weight in made.level.trainable_variables:  # it begins with zeros
        weight.assign(rng.normal(0, 0.3, weight.shape))
    history = np.repeat(make_week()[None, :24], 2, axis=0).astype("float32")
    inputs = {"history": history, "start": np.array([[19_724, 0], [19_728, 0]])}
    first, second = np.asarray(made.forecast(inputs)["forecast"])
    assert np.abs(first - second).max() > 0.1


def test_a_periodic_model_of_one_season_has_its_learned_cycle_alone(config):
    hourly = parse_frequency("h")

    def clock(**changes):
        return choose_clock(replace(config, **changes), hourly)

    assert clock(model="periodic", clock="day") == []
    assert clock(model="periodic", clock="day,week") == ["day", "week"]
    assert clock(model="linear", clock="day") == ["day"]
    assert clock(clock="day,week", calendar=False) == []
    assert clock(clock="") == clock(clock=None) == []


def test_an_older_run_has_no_clock_and_gets_none(config, run):
    older = replace(run.config, clock=None)
    assert read_choice(older, run.path).clock == ""
    known = type("Known", (), {"rows": None, "assets": run.assets})()
    dataset = load_data(older, known)
    assert dataset.cycles == () and dataset.seasons == [24]
    filled = fit_config(older, run.assets, dataset)
    assert filled.clock == "" and filled.look_back == 168
    assert build_model(filled, dataset).level is None
