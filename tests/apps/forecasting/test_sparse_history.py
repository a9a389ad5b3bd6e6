"""Histories with nothing, or next to nothing, to go on."""

import csv
import io
import json

import numpy as np
import pytest
from wave_tools import hours, make_small, make_waves, write_long, write_wide

from polyhead import runtime
from polyhead.apps.cli.main import main
from polyhead.apps.forecasting import train

ENGINES = ("keras", "savedmodel", "tflite")
SPREAD = 7.0  # of the waves


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("sparse")


@pytest.fixture(scope="module")
def run(folder):
    table = write_wide(folder / "a.csv", make_waves(300))
    run = train(make_small(table, folder / "run", epochs=3), quiet=True)
    run.export(variants=["float32", "int8"])
    return run


def table_of(folder, first, second=None):
    """Twelve hours of two columns, None for an empty one."""
    whole = make_waves(312)[300:]
    columns = [whole[:, 0] if first is None else first]
    columns.append(whole[:, 1] if second is None else second)
    values = np.stack([np.asarray(column, float) for column in columns], axis=1)
    return write_wide(folder / "b.csv", values, stamps=hours(312)[300:])


def only(*values):
    """Twelve steps that end in some values, the others missing."""
    return [np.nan] * (12 - len(values)) + list(values)


def widths(forecast, place=0):
    return forecast.quantiles[:, place, -1] - forecast.quantiles[:, place, 0]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_target_without_a_history_has_no_forecast(run, tmp_path, engine):
    (found,) = run.predict(table_of(tmp_path, only()), engine=engine)
    assert np.isnan(found.values[:, 0]).all()
    assert np.isnan(found.quantiles[:, 0]).all()
    assert run.notes == [
        "y0: no forecast: the 12 steps that it is made from have no value"
    ]
    # The other one is forecast as ever.
    (whole,) = run.predict(table_of(tmp_path, None), engine=engine)
    assert not run.notes
    assert np.isfinite(whole.values).all()
    assert np.isfinite(found.values[:, 1]).all()
    np.testing.assert_allclose(found.values[:, 1], whole.values[:, 1], atol=1.0)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "values",
    [
        only(100.0),
        only(100.0, 101.0),
        only(100.0, np.nan, np.nan, 100.0),
        only(100.0, 100.0, 100.0, 100.0),
        [100.0, *only()[1:]],
        only(0.0),
        only(0.0, 0.0),
    ],
)
def test_a_fan_of_few_values_is_no_narrower_than_that_of_a_whole_history(
    run, tmp_path, engine, values
):
    (whole,) = run.predict(table_of(tmp_path, None), engine=engine)
    (found,) = run.predict(table_of(tmp_path, values), engine=engine)
    assert np.isfinite(found.values).all()
    assert (widths(found) >= 0.9 * widths(whole)).all()
    assert widths(found).mean() >= widths(whole).mean()
    np.testing.assert_array_equal(found.quantiles[:, :, 1], found.values)
    assert (np.diff(found.quantiles, axis=2) >= 0).all()


@pytest.mark.parametrize("value", [0.0, 100.0, -5.0])
def test_a_calm_history_has_the_fan_of_the_calmest_one_of_training(
    run, tmp_path, value
):
    (found,) = run.predict(table_of(tmp_path, [value] * 12))
    narrowest = run.model.settings["fan"]["narrowest"][0] * SPREAD
    assert widths(found).mean() > 0.1 * narrowest > 0.05


@pytest.mark.parametrize("name", ["float32", "int8"])
def test_the_file_answers_nan_without_a_history(run, name):
    model = runtime.load(run.path / f"export/model_{name}.tflite")
    history = make_waves(12)
    history[:, 1] = np.nan
    found = model.predict(history, "2024-01-20")
    assert np.isfinite(found.values[:, 0]).all()
    assert np.isnan(found.values[:, 1]).all() and np.isnan(found.quantiles[:, 1]).all()
    line = "no forecast: the 12 steps that it is made from have no value"
    assert found.notes == (f"y1: {line}",)
    found = model.predict(np.full((12, 2), np.nan), "2024-01-20")
    assert np.isnan(found.values).all()
    assert found.notes == (f"y0: {line}", f"y1: {line}")
    assert model.predict(make_waves(12), "2024-01-20").notes == ()


def test_every_form_of_the_answer_says_why(run, tmp_path, capsys):
    table = table_of(tmp_path, only())
    printed = {}
    for style in ("text", "json", "csv"):
        capsys.readouterr()
        assert main(["predict", str(run.path), "--format", style, table]) == 0
        printed[style], notes = capsys.readouterr()
        assert notes.count("y0: no forecast") == 1
    (record,) = json.loads(printed["json"])
    assert record["targets"]["y0"]["forecast"] == [None] * 6
    assert record["targets"]["y0"]["quantiles"]["0.1"] == [None] * 6
    assert None not in record["targets"]["y1"]["forecast"]
    rows = list(csv.DictReader(io.StringIO(printed["csv"])))
    assert [row["y0"] for row in rows] == [""] * 6 and rows[0]["y1"]
    assert printed["text"].splitlines()[1].split()[2] == "-"


def test_of_several_series_one_may_have_nothing(folder, tmp_path):
    """One target of one series; the fan of a single value is as its level says."""
    names = ("small", "large")
    rows = {name: make_waves(200, 2, seed) for seed, name in enumerate(names)}
    rows["large"] = 1000 * rows["large"]
    lines = ["unique_id,ds,y,z"]
    for name, values in rows.items():
        for stamp, pair in zip(hours(200), values, strict=True):
            lines.append(f"{name},{stamp},{pair[0]:.6f},{pair[1]:.6f}")
    table = folder / "long.csv"
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    run = train(make_small(str(table), tmp_path / "run", epochs=3), quiet=True)
    whole = run.predict()
    for at, line in enumerate(lines[1:], 1):
        name, stamp, y, z = line.split(",")
        late = stamp >= str(hours(200)[150])
        if late and name == "small":
            lines[at] = f"{name},{stamp},,{z}"
        elif late and stamp != str(hours(200)[199]):
            lines[at] = f"{name},{stamp},,{z}"
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    small, large = run.predict(str(table))
    assert run.notes == [
        "series 'small': y: no forecast: the 12 steps that it is made from have no "
        "value"
    ]
    assert np.isnan(small.values[:, 0]).all() and np.isfinite(small.values[:, 1]).all()
    assert np.isfinite(large.values).all()
    assert widths(large).mean() >= widths(whole[1]).mean()


def test_windows_without_a_history_are_neither_trained_on_nor_scored(tmp_path):
    values = make_waves(300)
    values[100:150, 0] = np.nan
    values[260:290, 0] = np.nan  # of the test rows
    table = write_wide(tmp_path / "a.csv", values)
    run = train(make_small(table, tmp_path / "run"), quiet=True)
    assert np.isfinite(run.metrics["test"]["mae"])
    windows = run.load_data()
    window = windows.take(windows.find("test"))
    is_empty = np.isnan(window.past[:, :, 0]).all(axis=1)
    assert is_empty.any() and np.isnan(window.truth[is_empty, :, 0]).all()
    assert np.isfinite(run.explain()["moves"]).all()


def test_explain_hides_the_only_target(tmp_path):
    series = {"a": make_waves(100, 1), "b": make_waves(100, 1, 1)}
    config = make_small(write_long(tmp_path / "a.csv", series), tmp_path / "run")
    found = train(config, quiet=True).explain()
    assert np.isfinite(found["moves"]).all() and np.isfinite(found["columns"]["y"])
