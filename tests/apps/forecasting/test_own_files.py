"""People's own files from `train` to `predict`: what they lack, and their clocks."""

import csv
import io
import json

import numpy as np
import pytest
from wave_tools import days, hours, make_small, make_waves, write_wide

from polyhead.apps.cli.main import main
from polyhead.apps.common.run.config import load_config
from polyhead.apps.forecasting import Config, train
from polyhead.apps.forecasting.answering import format_answers

SMALL = ["--model", "linear", "--epochs", "1", "--look-back", "12", "--horizon", "6"]


def shown(run, style, forecasts):
    return format_answers(run, None, forecasts, style)


def stamps_in_csv(run, forecasts):
    rows = list(csv.reader(io.StringIO(shown(run, "csv", forecasts))))
    return [row[0] for row in rows[1:]]


@pytest.mark.parametrize("stores", [("north", "south"), (1, 2)])
def test_the_command_on_stores_without_their_column(tmp_path, capsys, stores):
    waves = make_waves(80, 2)
    lines = ["store,date,sales"] + [
        f"{store},{day},{waves[place, column]:.3f}"
        for place, day in enumerate(days(80).astype("M8[D]"))
        for column, store in enumerate(stores)
    ]
    path = tmp_path / "stores.csv"
    path.write_text("\n".join(lines) + "\n")
    words = ["train", "forecasting", "--train", path, "--run", tmp_path / "run"]
    words += ["--time-column", "date", "--target", "sales", *SMALL]
    assert main([str(word) for word in words]) == 0
    assert "as --series-column store would say" in capsys.readouterr().err
    config = load_config(Config, "forecasting", tmp_path / "run" / "config.json")
    assert config.series_column == "store"
    # The same command finds its run, and a file newest first is read the same way.
    assert main([str(word) for word in words]) == 0
    assert "is finished" in capsys.readouterr().err
    path.write_text("\n".join([lines[0], *lines[:0:-1]]) + "\n")
    for more in ([], [str(path)]):
        words = ["predict", str(tmp_path / "run"), *more, "--format", "json"]
        assert main(words) == 0
        found = json.loads(capsys.readouterr().out)
        assert {one["series"] for one in found} == set(map(str, stores))
        assert found[0]["stamps"][0] == "2024-03-21"


# Steps without a target at the end.


@pytest.fixture(scope="module")
def ahead(tmp_path_factory):
    """A run of a file whose last 6 rows have the covariate alone."""
    folder = tmp_path_factory.mktemp("ahead")
    values = make_waves(106, 2)
    values[100:, 0] = np.nan
    path = write_wide(folder / "a.csv", values, ["y", "x"])
    changes = {"target": ("y",), "future_covariates": ("x",)}
    return train(make_small(path, folder / "run", **changes), quiet=True), values


def test_rows_ahead_are_the_future_of_predict(ahead, tmp_path):
    run, values = ahead
    (found,) = run.predict()
    assert (found.stamps == hours(106)[100:]).all()
    assert not np.isnan(found.values).any()
    past = write_wide(tmp_path / "past.csv", values[:100], ["y", "x"])
    future = write_wide(tmp_path / "f.csv", values[100:, 1:], ["x"], hours(106)[100:])
    (apart,) = run.predict(past, future=future)
    np.testing.assert_array_equal(apart.values, found.values)
    # Newest first, in each of the files.
    for name in ("past", "f"):
        path = tmp_path / f"{name}.csv"
        header, *rows = path.read_text().splitlines()
        path.write_text("\n".join([header, *rows[::-1]]) + "\n")
    (turned,) = run.predict(past, future=future)
    np.testing.assert_array_equal(turned.values, found.values)
    assert (turned.stamps == found.stamps).all()
    assert f"{past}: its rows are not in time order: they are sorted" in run.notes


def test_rows_ahead_are_not_scored(ahead, tmp_path):
    run, _ = ahead
    windows = run.load_data()
    assert windows.dataset.ends["test"].tolist() == [100]
    assert len(windows.dataset.series[0]) == 106
    values = make_waves(130, 2)[100:]
    values[24:, 0] = np.nan
    later = write_wide(tmp_path / "b.csv", values, ["y", "x"], hours(130)[100:])
    metrics = run.evaluate(later)
    assert "6 steps at the end have no target" in metrics["protocol"]
    assert metrics["test"]["windows"] == 24 - 6 + 1
    assert run.backtest(test=later)["origins"][-1]["origin"] == str(hours(119)[-1])


# The clock of the data.


def write_zoned(path, texts, count=80):
    return write_wide(path, make_waves(count, 1), ["y"], texts)


@pytest.mark.parametrize(
    ("zone", "wanted"),
    [("Z", "Z"), ("+01:00", "+01:00"), (" -0330", "-03:30"), ("", "")],
)
def test_the_forecast_has_the_zone_of_its_data(tmp_path, zone, wanted):
    path = write_zoned(tmp_path / "a.csv", [f"{stamp}{zone}" for stamp in hours(80)])
    run = train(make_small(path, tmp_path / "run"), quiet=True)
    wanted = [str(s).replace("T", " ") + wanted for s in hours(86)[80:]]
    for source in (None, path):
        found = run.predict(source)
        assert stamps_in_csv(run, found) == wanted
        assert json.loads(shown(run, "json", found))[0]["stamps"] == wanted
        text = shown(run, "text", found).splitlines()
        pairs = zip(text[1:], wanted, strict=True)
        assert all(line.startswith(stamp) for line, stamp in pairs)


def test_two_offsets_end_in_the_last_one(tmp_path):
    utc = hours(200, "2024-10-20T00")  # clocks are set back after 169 of them
    local = [
        f"{stamp + np.timedelta64(east, 'h')}+0{east}:00"
        for stamp, east in zip(utc, [2] * 169 + [1] * 31, strict=True)
    ]
    path = write_zoned(tmp_path / "a.csv", local, 200)
    run = train(make_small(path, tmp_path / "run"), quiet=True)
    assert run.load_data().dataset.series[0].gaps == 0
    found = run.predict()
    assert any("are by its last one, +01:00" in note for note in run.notes)
    assert stamps_in_csv(run, found)[0] == "2024-10-28 09:00:00+01:00"
    # Rows of the summer before, alone, are set to the same clock.
    early = write_zoned(tmp_path / "b.csv", local[:60], 60)
    assert stamps_in_csv(run, run.predict(early))[0] == "2024-10-22 13:00:00+01:00"
    # The file goes on into another offset, and the run is found again in it.
    later = hours(260, "2024-10-20T00")[200:]
    more = [f"{s + np.timedelta64(3, 'h')}+03:00" for s in later]
    write_zoned(tmp_path / "a.csv", [*local, *more], 260)
    (found,) = run.predict()
    assert str(found.stamps[0]) == "2024-10-30T21:00:00" and found.zone == "+01:00"


def test_steps_of_50_a_second_from_training_to_the_file(tmp_path):
    steps = np.datetime64("2024-01-01T00:00:59.020") + 20 * np.arange(206)
    values = make_waves(206, 2)
    values[200:, 0] = np.nan
    path = write_wide(tmp_path / "a.csv", values, ["y", "x"], steps)
    changes = {"target": ("y",), "future_covariates": ("x",), "model": "periodic"}
    config = make_small(path, tmp_path / "run", **changes)
    run = train(config, quiet=True)
    assert str(run.frequency) == "20ms"
    (found,) = run.predict()
    assert (found.stamps == steps[200:]).all()
    assert stamps_in_csv(run, [found])[0] == "2024-01-01 00:01:03.020"
    assert run.load_data().is_whole  # the steps of one second are told apart
    run.export(["tflite"], ["float32"])
    (again,) = run.predict(engine="tflite")
    np.testing.assert_allclose(again.values, found.values, rtol=1e-4)
