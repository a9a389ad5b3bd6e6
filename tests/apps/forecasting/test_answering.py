"""Forecasts from new tables: clocks, frequencies, futures, categories."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from wave_tools import days, hours, make_small, make_waves, write_long, write_wide

from polyhead.apps.cli.main import main
from polyhead.apps.common.errors import PolyheadError, UsageError
from polyhead.apps.forecasting import load, train
from polyhead.apps.forecasting.answering import show_stamps

SAVED = Path(__file__).resolve().parents[3] / "saved_models"


def weekdays(count):
    found = days(2 * count)
    return found[(found.astype("datetime64[D]").astype(int) + 3) % 7 < 5][:count]


def write_kinds(path, numbers, kinds, stamps=None):
    stamps = hours(len(numbers)) if stamps is None else stamps
    rows = zip(stamps, numbers, kinds, strict=True)
    lines = [f"{stamp},{number:.6f},{kind}" for stamp, number, kind in rows]
    path.write_text("\n".join(["date,y,kind", *lines]) + "\n", encoding="utf-8")
    return str(path)


def test_a_new_file_by_another_clock_is_set_to_that_of_training(tmp_path):
    values, stamps = make_waves(300), hours(300)
    offsets = ["+01:00"] * 150 + ["+02:00"] * 150  # so training reads +02:00
    local = [
        f"{stamp + np.timedelta64(int(offset[2]), 'h')}{offset}"
        for stamp, offset in zip(stamps, offsets, strict=True)
    ]
    whole = write_wide(tmp_path / "a.csv", values, stamps=local)
    run = train(make_small(whole, tmp_path / "run"), quiet=True)
    (wanted,) = run.predict()
    last = write_wide(
        tmp_path / "b.csv", values[-40:], stamps=[f"{s}Z" for s in stamps[-40:]]
    )
    (found,) = run.predict(last)
    assert run.notes == ["time stamps are those of +02:00, the clock of training"]
    assert (found.stamps == wanted.stamps).all()
    np.testing.assert_array_equal(found.values, wanted.values)


def test_stamps_are_written_alike():
    stamps = hours(3, "2024-01-25T23")
    shown = [["2024-01-25 23:00:00", "2024-01-26 00:00:00", "2024-01-26 01:00:00"]]
    assert show_stamps([stamps]) == shown
    days = stamps[1:2]
    assert show_stamps([days, days]) == [["2024-01-26"]] * 2


def test_a_category_in_other_letters_is_another_one(tmp_path):
    lines = ["date,y,colour"]
    for place, stamp in enumerate(hours(200)):
        lines.append(f"{stamp},{place % 7},{('red', 'blue')[place % 2]}")
    path = tmp_path / "a.csv"
    path.write_text("\n".join(lines) + "\n")
    changes = {"target": ("y",), "future_covariates": ("colour",)}
    config = make_small(str(path), tmp_path / "run", categorical=("colour",), **changes)
    run = train(config, quiet=True)
    ahead = tmp_path / "b.csv"
    rows = [f"{stamp},RED" for stamp in hours(206)[200:]]
    ahead.write_text("\n".join(["date,colour", *rows]) + "\n")
    with pytest.raises(PolyheadError, match="row 2: 'RED' in column 'colour' is none"):
        run.predict(str(path), future=str(ahead))


@pytest.mark.parametrize(
    ("frequency", "stamps"), [("D", weekdays(150)), ("12h", days(150))]
)
def test_a_given_frequency_is_that_of_the_training_file(tmp_path, frequency, stamps):
    path = write_wide(tmp_path / "a.csv", make_waves(150), stamps=stamps)
    config = make_small(path, tmp_path / "run", frequency=frequency)
    run = train(config, quiet=True)
    found = load(run.path).predict(path)
    np.testing.assert_array_equal(found[0].values, run.predict()[0].values)
    # The baselines have numbers too, though no window is without a gap.
    assert np.isfinite(run.metrics["baselines"]["linear"]["mae"])


def test_a_future_of_five_business_days(tmp_path):
    stamps = weekdays(155)
    values = make_waves(155)
    path = write_wide(tmp_path / "a.csv", values[:150], ["y", "x"], stamps[:150])
    changes = {"target": ("y",), "future_covariates": ("x",), "horizon": 5}
    run = train(make_small(path, tmp_path / "run", **changes), quiet=True)
    ahead = write_wide(tmp_path / "b.csv", values[150:, 1:], ["x"], stamps[150:])
    (found,) = run.predict(path, future=ahead)
    assert (found.stamps == stamps[150:]).all()


def test_a_future_in_another_time_zone(tmp_path):
    values = make_waves(306, 2)
    stamps = np.array([f"{stamp}+00:00" for stamp in hours(306)])
    path = write_wide(tmp_path / "a.csv", values[:300], ["y", "x"], stamps[:300])
    changes = {"target": ("y",), "future_covariates": ("x",)}
    run = train(make_small(path, tmp_path / "run", **changes), quiet=True)
    ahead = write_wide(tmp_path / "b.csv", values[300:, 1:], ["x"], stamps[300:])
    (wanted,) = run.predict(path, future=ahead)
    other = np.array([f"{stamp}+02:00" for stamp in hours(308)[302:]])
    ahead = write_wide(tmp_path / "c.csv", values[300:, 1:], ["x"], other)
    (found,) = run.predict(path, future=ahead)
    np.testing.assert_array_equal(found.values, wanted.values)
    early = np.array([stamp.replace("+00:00", "+02:00") for stamp in stamps[300:]])
    ahead = write_wide(tmp_path / "d.csv", values[300:, 1:], ["x"], early)
    with pytest.raises(PolyheadError, match=r"d.csv: .* are missing for .*T16:00:00"):
        run.predict(path, future=ahead)


def test_a_category_ahead_that_training_never_saw(tmp_path):
    values, kinds = make_waves(300), ["b", "d"] * 150
    path = write_kinds(tmp_path / "a.csv", values[:, 0], kinds)
    config = make_small(
        path,
        tmp_path / "run",
        target=("y",),
        future_covariates=("kind",),
        categorical=("kind",),
    )
    run = train(config, quiet=True)
    lines = ["date,kind", *(f"{stamp},b" for stamp in hours(306)[300:])]
    ahead = tmp_path / "ahead.csv"
    ahead.write_text("\n".join(lines) + "\n")
    assert len(run.predict(path, future=ahead)[0].values) == 6
    ahead.write_text("\n".join([*lines[:3], lines[3][:-1] + "new", *lines[4:]]) + "\n")
    message = r"ahead.csv: row 4: 'new' in column 'kind' is none of .* on: b, d: give"
    with pytest.raises(PolyheadError, match=message):
        run.predict(path, future=ahead)


def test_only_the_covariates_that_are_missing_are_named(tmp_path):
    values = make_waves(306, 3)
    names, future = ["y", "p", "q"], ("p", "q")
    path = write_wide(tmp_path / "a.csv", values[:300], names)
    config = make_small(path, tmp_path / "run", target=("y",), future_covariates=future)
    run = train(config, quiet=True)
    values[303, 2] = np.nan
    ahead = write_wide(tmp_path / "b.csv", values[300:, 1:], future, hours(306)[300:])
    with pytest.raises(PolyheadError, match=r"covariates \(q\) are missing for 2024-"):
        run.predict(path, future=ahead)
    new = write_wide(tmp_path / "new.csv", make_waves(300, 2), ["y", "p"])
    more = make_small(
        new,
        tmp_path / "more",
        target=("y",),
        init_from=str(run.path),
        horizon=None,
        look_back=None,
    )
    with pytest.raises(UsageError, match="0 past and 2 known-future covariates, not 0"):
        train(more, quiet=True)


def test_the_series_that_are_long_enough_are_forecast(tmp_path, capsys):
    series = {"a": make_waves(200, 1), "b": make_waves(11, 1), "c": make_waves(90, 1)}
    path = write_long(tmp_path / "a.csv", series)
    run = train(make_small(path, tmp_path / "run"), quiet=True)
    assert main(["predict", str(run.path), path, "--format", "json"]) == 0
    printed = capsys.readouterr()
    assert [row["series"] for row in json.loads(printed.out)] == ["a", "c"]
    assert printed.err == (
        f"note: {path}: series b: fewer than 12 steps with a target, not forecast\n"
    )
    short = write_long(tmp_path / "b.csv", {"b": make_waves(11, 1)})
    with pytest.raises(PolyheadError, match="series 'b': 11 steps with a target"):
        run.predict(short)


def test_written_numbers_are_the_shortest_that_float32_reads_back(tmp_path, capsys):
    run = shutil.copytree(SAVED / "co2", tmp_path / "run")
    (forecast,) = load(run).predict(engine="tflite")
    numbers = np.concatenate([forecast.values[..., None], forecast.quantiles], -1)
    words = ["predict", str(run), "--engine", "tflite", "--format"]
    assert main([*words, "csv"]) == 0
    rows = [line.split(",")[1:] for line in capsys.readouterr().out.splitlines()[1:]]
    assert rows == [
        [np.format_float_positional(n, trim="-") for n in row] for row in numbers[:, 0]
    ]
    assert main([*words, "json"]) == 0
    (record,) = json.loads(capsys.readouterr().out)
    shown = record["targets"]["co2"]["forecast"]
    assert list(map(str, shown)) == [row[0] for row in rows]
    load(run).backtest()
    lines = (run / "backtest.csv").read_text().splitlines()[1:]
    assert ",367.8," in "".join(lines)
    fields = [field for line in lines for field in line.split(",")[4:]]
    assert fields == [f"{float(str(np.float32(field))):.9g}" for field in fields]
