"""Forecasting from a table to a run that forecasts, and to its files."""

import csv
import io
import json
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from cut_tools import Cut, CutAt
from review_tools import contents
from wave_tools import hours, make_config, make_waves, write_long, write_wide

import polyhead.apps
from polyhead.apps import forecasting
from polyhead.apps.cli.main import main
from polyhead.apps.common.errors import UsageError
from polyhead.apps.common.export.litert import TFLitePredictor
from polyhead.apps.common.run import loop as loop
from polyhead.apps.forecasting import train
from polyhead.apps.forecasting.data import load_data
from polyhead.runtime.model import read_facts

MODELS = ("periodic", "patch", "encoder-decoder", "linear")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("waves")


@pytest.fixture(scope="module")
def table(folder):
    return write_wide(folder / "waves.csv", make_waves())


@pytest.fixture(scope="module")
def run(folder, table):
    return train(make_config(table, folder / "run", epochs=12), quiet=True)


@pytest.fixture(scope="module")
def exported(run):
    run.export()
    return run


@pytest.fixture(scope="module")
def windy(folder):
    """A run whose target follows a covariate that is known before."""
    generator = np.random.default_rng(0)
    wind = generator.normal(0, 1, 600)
    past = generator.normal(0, 1, 600)
    values = np.stack([20 + 5 * wind, past, wind], axis=1)
    path = write_wide(folder / "windy.csv", values, ["power", "noise", "wind"])
    config = make_config(
        path,
        folder / "windy",
        target=("power",),
        past_covariates=("noise",),
        future_covariates=("wind",),
        epochs=30,
    )
    return train(config, quiet=True)


# Training.


def test_it_learns_to_forecast(run):
    test, naive = run.metrics["test"], run.metrics["baselines"]["seasonal-naive"]
    assert test["windows"] == 120 - 12 + 1
    assert test["mae"] < naive["mae"]
    assert test["mse"] < naive["mse"]
    assert set(run.metrics["baselines"]) == {"last-value", "seasonal-naive", "linear"}
    for text in ("look-back 48", "horizon 12", "all 109 windows of test scored"):
        assert text in run.metrics["protocol"]


@pytest.mark.parametrize("model", MODELS)
def test_every_model_trains_and_converts(model, folder, table):
    config = make_config(table, folder / model, model=model, epochs=1)
    run = train(config, quiet=True)
    assert np.isfinite(run.metrics["test"]["mse"])
    report = run.export(variants=["float32", "int8"])
    exact = report["files"]["model_float32.tflite"]
    assert exact["disagreements"] == 0 and exact["largest_difference"] < 1e-4


def test_auto_takes_the_best_on_validation(folder, table):
    config = make_config(table, folder / "auto", model="auto", epochs=2)
    run = train(config, quiet=True)
    facts = run.metrics["train"]
    assert facts["model"] == min(facts["candidates"], key=facts["candidates"].get)
    assert facts["chosen_by"] == "validation mae"
    assert run.model.settings["model"] == facts["model"]
    assert len((run.path / "history.csv").read_text().splitlines()) == 3
    assert "Chosen by validation mae" in (run.path / "README.md").read_text()


@pytest.mark.parametrize("loss", ["mse", "huber"])
def test_other_losses(folder, table, loss):
    config = make_config(table, folder / loss, loss=loss, epochs=1, model="linear")
    run = train(config, quiet=True)
    (answer,) = run.predict()
    assert answer.quantiles.shape == (12, 2, 3)
    assert (np.diff(answer.quantiles, axis=2) >= 0).all()
    assert run.metrics["test"]["coverage"]["found"] > 0.5


def test_calibration_brings_coverage_closer(run):
    coverage = run.metrics["test"]["coverage"]
    assert coverage["wanted"] == 0.8
    assert abs(coverage["found"] - 0.8) < 0.1


def test_no_quantiles(folder, table):
    config = make_config(
        table, folder / "point", quantiles=(), epochs=1, model="linear"
    )
    run = train(config, quiet=True)
    (answer,) = run.predict()
    assert answer.quantiles is None and answer.levels == ()
    assert "coverage" not in run.metrics["test"]
    run.export(variants=["float32"], formats=["tflite"])


def test_a_known_future_is_used(windy):
    test = windy.metrics["test"]
    baselines = windy.metrics["baselines"]
    assert test["mae"] < 0.3 * baselines["seasonal-naive"]["mae"]
    assert baselines["linear"]["mae"] < 0.01  # it reads the wind too


def test_several_series_of_different_lengths(folder):
    series = {
        name: (make_waves(steps, 1, seed) - 100) * size + 100 * size
        for seed, (name, steps, size) in enumerate(
            [("small", 400, 1e-3), ("large", 500, 1e3), ("short", 90, 1.0)]
        )
    }
    path = write_long(folder / "series.csv", series)
    run = train(make_config(path, folder / "series", epochs=6), quiet=True)
    assert run.metrics["test"]["mase"] < 1.0
    by_series = run.metrics["test"]["by_series"]
    assert set(by_series) == {"small", "large", "short"}
    floor = run.metrics["baselines"]["linear"]
    assert by_series["large"].keys() == floor["by_series"]["large"].keys()
    mean = np.mean([row["mase"] for row in by_series.values()])
    assert mean == pytest.approx(run.metrics["test"]["mase"], rel=1e-5)
    steps = np.mean(floor["by_step"]["mae"])
    assert steps == pytest.approx(floor["mae"], rel=1e-5)
    assert floor["crps"] > run.metrics["test"]["crps"] > 0
    found = {answer.series: answer for answer in run.predict()}
    for name, values in series.items():
        middle = float(np.median(found[name].values))
        assert values[-48:].min() < middle < values[-48:].max()


def test_a_cut_run_ends_where_an_unbroken_one_does(folder, table, monkeypatch):
    changes = {"epochs": 3, "deterministic": True, "dropout": 0.2}
    whole = train(make_config(table, folder / "whole", **changes), quiet=True)
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0.0)
    config = make_config(table, folder / "cut", **changes)
    train_loop = loop.train

    def cut_short(*args, callbacks, **options):
        return train_loop(*args, callbacks=[*callbacks, CutAt(30)], **options)

    with monkeypatch.context() as patch, pytest.raises(Cut):
        patch.setattr(loop, "train", cut_short)
        train(config, quiet=True)
    run = train(config, quiet=True)
    for ours, theirs in zip(
        run.model.get_weights(), whole.model.get_weights(), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


@pytest.mark.slow
def test_deterministic_runs_are_bit_equal(table, tmp_path):
    command = [sys.executable, "-m", "polyhead.apps", "train", "forecasting", "-q"]
    command += ["--train", table, "--deterministic", "--epochs", "1"]
    command += ["--look-back", "48", "--horizon", "12", "--set", "hidden_dim=16"]
    weights = []
    for name in ("a", "b"):
        run = tmp_path / name
        subprocess.run([*command, "--run", str(run)], check=True)
        weights.append(polyhead.apps.load(run).model.get_weights())
    for ours, theirs in zip(*weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_begin_with_an_older_run(run, folder, table):
    config = forecasting.Config(
        train=table,
        run=str(folder / "again"),
        init_from=str(run.path),
        epochs=1,
        learning_rate=1e-9,
    )
    again = train(config, quiet=True)
    assert again.config.look_back == 48
    assert again.metrics["test"]["mae"] == pytest.approx(
        run.metrics["test"]["mae"], rel=0.01
    )
    with pytest.raises(UsageError, match="horizon"):
        train(make_config(table, folder / "b", init_from=str(run.path), horizon=9))


# A finished run.


def test_files_of_a_run(run):
    names = {path.name for path in run.path.iterdir()}
    wanted = {"config.json", "run.json", "model.keras", "metrics.json", "README.md"}
    assert wanted | {"columns.json", "history.csv", "predictions.csv"} <= names
    assert "checkpoint" not in names
    plots = {path.name for path in (run.path / "plots").iterdir()}
    assert {"forecasts.png", "horizon.png", "residuals.png", "coverage.png"} <= plots
    rows = list(csv.DictReader((run.path / "predictions.csv").open()))
    errors = [float(row["mae"]) for row in rows]
    assert errors == sorted(errors, reverse=True) and len(rows) == 2 * 109


def test_predict_a_new_file(run, folder):
    values = make_waves(700)
    path = write_wide(folder / "new.csv", values[:660], stamps=hours(660))
    (answer,) = run.predict(path)
    assert (answer.stamps == hours(672)[660:]).all()
    error = np.abs(answer.values - values[660:672])
    assert error.mean() < 3.0  # the wave is 20 high
    frame = pd.read_csv(path)
    np.testing.assert_array_equal(run.predict(frame)[0].values, answer.values)


def test_predict_needs_only_the_folder(run, folder, tmp_path):
    moved = tmp_path / "moved"
    shutil.copytree(run.path, moved)
    path = write_wide(tmp_path / "new.csv", make_waves(100))
    found = polyhead.apps.load(moved).predict(path)
    np.testing.assert_allclose(found[0].values, run.predict(path)[0].values)


def test_predict_with_known_future_rows_in_the_file_or_beside_it(windy, tmp_path):
    generator = np.random.default_rng(5)
    values = generator.normal(0, 1, (72, 3))
    values[:, 0] = 20 + 5 * values[:, 2]
    truth = values[60:, 0].copy()
    values[60:, :2] = np.nan
    names = ["power", "noise", "wind"]
    whole = write_wide(tmp_path / "whole.csv", values, names)
    past = write_wide(tmp_path / "past.csv", values[:60], names)
    ahead = write_wide(
        tmp_path / "ahead.csv", values[60:, 2:], ["wind"], hours(72)[60:]
    )
    (found,) = windy.predict(whole)
    assert np.abs(found.values[:, 0] - truth).mean() < 2.0
    (beside,) = windy.predict(past, future=ahead)
    np.testing.assert_array_equal(beside.values, found.values)


def test_evaluate_again_gives_the_same(run):
    before = json.loads((run.path / "metrics.json").read_text())
    again = polyhead.apps.load(run.path).evaluate()
    assert again["test"]["mae"] == pytest.approx(before["test"]["mae"], abs=1e-9)
    assert again["train"] == before["train"]


def test_evaluate_rows_that_follow(folder, table):
    config = make_config(table, folder / "split", split="400,100,100", epochs=1)
    run = train(config, quiet=True)
    assert run.metrics["test"]["windows"] == 100 - 12 + 1
    values = make_waves(700)[600:]
    later = write_wide(folder / "later.csv", values, stamps=hours(700)[600:])
    before, files = run.metrics["validation"]["mae"], contents(run.path)
    found = run.evaluate(test=later)
    assert found["test"]["windows"] == 100 - 12 + 1
    assert found["validation"]["mae"] == pytest.approx(before, abs=1e-9)
    assert contents(run.path) == files and found != run.metrics
    protocol = found["protocol"]
    assert "steps: train 400, validation 100, test 100" in protocol
    assert f"test is {later}, after all others" in protocol


def test_backtest(run):
    report = run.backtest()
    assert len(report["origins"]) == 10 and report["stride"] == 12
    assert report["mean"]["this run"] < report["mean"]["last-value"]
    rows = list(csv.DictReader((run.path / "backtest.csv").open()))
    assert len(rows) == 10 * 12 * 2
    data = load_data(run.config).series[0].values
    assert float(rows[0]["truth"]) == pytest.approx(float(data[480, 0]), abs=1e-3)
    assert len(run.backtest(stride=24)["origins"]) == 5


def test_explain(windy, run, tmp_path):
    found = windy.explain(output=tmp_path / "why.png")
    assert found["covariates"]["wind"] > 10 * abs(found["covariates"]["noise"])
    assert found["columns"]["wind"] > found["columns"]["noise"]
    assert (tmp_path / "why.png").stat().st_size > 10_000
    attention = np.array(run.explain()["attention"])
    assert attention.shape == (2, 2)
    np.testing.assert_allclose(attention.sum(axis=1), 1, atol=1e-5)


# Exported files.


def test_exported_files_agree(exported):
    report = json.loads((exported.path / "export/export_report.json").read_text())
    for name in ("savedmodel", "model_float32.tflite"):
        assert report["files"][name]["disagreements"] == 0
    assert report["files"]["model_int8.tflite"]["loss_points"] < 0.3
    facts = read_facts(exported.path / "export/model_int8.tflite")
    assert facts["history"] == facts["targets"] == ["y0", "y1"]
    assert facts["quantiles"] == [0.1, 0.5, 0.9]


def test_every_engine_gives_the_same(exported):
    wanted = exported.predict()[0].values
    for engine in ("savedmodel", "tflite"):
        found = exported.predict(engine=engine)[0].values
        np.testing.assert_allclose(found, wanted, atol=0.5)
    with pytest.raises(UsageError, match="engine 'other'"):
        exported.predict(engine="other")


def test_the_file_takes_missing_values(exported):
    predictor = TFLitePredictor(exported.path / "export/model_float32.tflite")
    assert {n: d["dtype"] for n, d in predictor.inputs.items()} == {
        "history": np.float32,
        "start": np.int32,
    }
    history = make_waves(48)[None].astype("float32")
    history[0, 10:20, 0] = np.nan
    start = np.array([[19725, 0]], np.int32)
    found = predictor(history=history, start=start)
    assert found["forecast"].shape == (1, 12, 2)
    assert found["quantiles"].shape == (1, 12, 2, 3)
    wanted = exported.answer({"history": history, "start": start})
    np.testing.assert_allclose(found["forecast"], wanted["forecast"], atol=1e-3)


def test_savedmodel_needs_tensorflow_alone(exported):
    code = (
        "import sys, tensorflow as tf, numpy as np\n"
        f"f = tf.saved_model.load({str(exported.path / 'export/savedmodel')!r})\n"
        "g = f.signatures['serving_default']\n"
        "h = tf.constant(np.ones((3, 48, 2), 'float32'))\n"
        "s = tf.constant(np.zeros((3, 2), 'int32'))\n"
        "print(g(history=h, start=s)['forecast'].shape)\n"
        "assert not {'polyhead', 'keras_hub'} & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-500:]
    assert "(3, 12, 2)" in done.stdout


def test_full_int8_is_refused(run):
    with pytest.raises(UsageError, match="full_int8"):
        run.export(variants=["full_int8"])


# The command.


def call(capsys, *words):
    capsys.readouterr()
    status = main([str(word) for word in words])
    printed = capsys.readouterr()
    assert status == 0, printed.err
    return printed.out


def test_the_command_from_a_table_to_a_forecast(folder, table, capsys, tmp_path):
    run = tmp_path / "run"
    settings = ["hidden_dim=16", "batch_size=64", "patience=2"]
    out = call(
        capsys,
        *("train", "forecasting", "--train", table, "--target", "y0", "y1"),
        *("--look-back", 48, "--horizon", 12, "--quantiles", 0.2, 0.8),
        *("--epochs", 1, "--run", run, "--set", *settings),
    )
    assert "seasonal-naive" in out and "the 60% interval holds" in out
    config = json.loads((run / "config.json").read_text())
    assert config["target"] == ["y0", "y1"] and config["quantiles"] == [0.2, 0.8]
    text = call(capsys, "predict", run, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 12
    assert list(rows[0]) == ["date", "y0", "y0_q0.2", "y0_q0.8"] + [
        "y1",
        "y1_q0.2",
        "y1_q0.8",
    ]
    assert rows[0]["date"] == "2024-01-26 00:00:00"
    records = json.loads(call(capsys, "predict", run, "--format", "json", table))
    assert float(rows[0]["y0"]) == records[0]["targets"]["y0"]["forecast"][0]
    assert len(call(capsys, "predict", run).splitlines()) == 13
    assert "last-value" in call(capsys, "evaluate", run)
    assert "mean" in call(capsys, "backtest", run, "--stride", 24)
    assert "wrote" in call(capsys, "explain", run, "--output", tmp_path / "a.png")
    assert "model_int8.tflite" in call(capsys, "export", run)
    assert call(capsys, "predict", run, "--engine", "tflite").count("\n") == 13


def test_dry_run_says_what_is_there(table, capsys, tmp_path):
    out = call(
        capsys,
        *("train", "forecasting", "--train", table, "--dry-run"),
        *("--look-back", 48, "--horizon", 12, "--run", tmp_path / "none"),
    )
    assert "season of 24 steps" in out and "estimated minutes at most" in out
    assert not (tmp_path / "none").exists()


def test_a_failed_run_leaves_the_older_one(run, table, capsys):
    before = contents(run.path)
    status = main(
        ["train", "forecasting", "--train", table, "--run", str(run.path), "-q"]
        + ["--overwrite", "--look-back", "5000"]
    )
    assert status == 1
    assert contents(run.path) == before
