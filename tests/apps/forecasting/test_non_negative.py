"""Counts: no forecast is below 0, of the run, its files or its baselines."""

import numpy as np
import pytest
from wave_tools import days, make_small, write_long, write_wide

from polyhead.apps.cli.main import main
from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.forecasting import load, train
from polyhead.apps.forecasting.data import load_data
from polyhead.apps.forecasting.scoring.baselines import make_baselines

COUNTS = np.random.default_rng(0).poisson(0.4, (300, 2)).astype(float)


def fall(steps=300):
    """Counts that fall to 0, which a line would follow below it."""
    return np.round(np.maximum(0, 200 - np.arange(steps)))[:, None].repeat(2, 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("counts")


@pytest.fixture(scope="module")
def run(folder):
    table = write_wide(folder / "a.csv", COUNTS, stamps=days(300))
    return train(
        make_small(table, folder / "run", non_negative=True, horizon=7), quiet=True
    )


def test_nothing_is_below_0(run):
    (found,) = run.predict()
    assert (found.values >= 0).all() and (found.quantiles >= 0).all()
    assert (found.quantiles == 0).any()  # without it, the lowest would be below
    assert (np.diff(found.quantiles, axis=2) >= 0).all()
    np.testing.assert_array_equal(found.quantiles[:, :, 1], found.values)
    assert "no forecast is below 0, nor one of a baseline" in run.metrics["protocol"]
    assert "below_zero" not in run.metrics["test"]
    before = run.serving.predict_uncalibrated(
        run.load_data().take(run.load_data().find("test")).inputs
    )
    assert min(values.min() for values in before.values()) >= 0
    assert np.isfinite(run.backtest()["mean"]["this run"])
    assert "none below 0" in (run.path / "README.md").read_text()


def test_its_files_say_the_same(run, tmp_path):
    report = run.export(variants=["float32", "int8"])
    assert report["files"]["model_float32.tflite"]["disagreements"] == 0
    table = write_wide(tmp_path / "a.csv", 0 * COUNTS[:12], stamps=days(12))
    for engine in ("keras", "savedmodel", "tflite"):
        (found,) = load(run.path).predict(table, engine=engine)
        assert (found.values >= 0).all() and (found.quantiles >= 0).all()
        empty = np.full((12, 2), np.nan)
        empty[-1, 1] = 3
        other = write_wide(tmp_path / "b.csv", empty, stamps=days(12))
        (found,) = run.predict(other, engine=engine)
        assert np.isnan(found.values[:, 0]).all()  # still no forecast, not 0
        assert (found.quantiles[:, 1] >= 0).all()


def test_baselines_are_clipped_as_well(folder):
    table = write_wide(folder / "fall.csv", fall(), stamps=days(300))
    windows = load(train(make_small(table, folder / "fall"), quiet=True).path)
    windows = windows.load_data()
    window = windows.take(windows.find("validation"))
    free = make_baselines(windows)["linear"](window)
    clipped = make_baselines(windows, non_negative=True)["linear"](window)
    assert free.min() < 0
    np.testing.assert_array_equal(clipped, np.maximum(free, 0))


def test_counts_without_the_flag_are_noted(folder):
    table = write_wide(folder / "a.csv", COUNTS, stamps=days(300))
    values = COUNTS * 0
    values[:220] = fall()[:220]  # a model of lines goes on below 0
    table = write_wide(folder / "b.csv", values + (COUNTS > 2), stamps=days(300))
    run = train(make_small(table, folder / "free", epochs=3), quiet=True)
    if run.metrics["test"].get("below_zero"):
        assert "train with --non-negative" in (run.path / "README.md").read_text()
    windows = run.load_data()
    below = run.answer(windows.take(windows.find("test")).inputs)["forecast"] < 0
    assert bool(run.metrics["test"].get("below_zero")) == bool(below.any())


@pytest.mark.parametrize("series", [False, True])
def test_a_negative_training_value_is_refused(tmp_path, series):
    values = COUNTS[:, :1].copy()
    values[40] = -2
    if series:
        path = write_long(tmp_path / "a.csv", {"north": COUNTS[:, :1], "south": values})
        said = "-2 in column 'y' of series 'south' at 2024-01-02T16:00:00 is below 0"
    else:
        path = write_wide(tmp_path / "a.csv", values, stamps=days(300))
        said = "-2 in column 'y0' at 2024-02-10T00:00:00 is below 0"
    with pytest.raises(PolyheadError, match=said):
        load_data(make_small(path, non_negative=True))
    load_data(make_small(path))
    values[40] = 2
    values[290] = -2  # of the test rows, which are no choice of the user's
    path = write_wide(tmp_path / "b.csv", values, stamps=days(300))
    load_data(make_small(path, non_negative=True))


def test_the_flag_of_the_command(tmp_path, capsys):
    table = write_wide(tmp_path / "a.csv", COUNTS - 1, stamps=days(300))
    words = ["train", "forecasting", "--train", table, "--non-negative"]
    assert main([*words, "--run", str(tmp_path / "run")]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "train without --non-negative" in error
