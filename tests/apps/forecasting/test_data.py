"""From tables to series and their splits, and what is refused."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from wave_tools import (
    hours,
    make_config,
    make_small,
    make_waves,
    write_long,
    write_wide,
)

from polyhead.apps.common.errors import PolyheadError, UsageError
from polyhead.apps.common.run.settings import resolve
from polyhead.apps.forecasting import TASK
from polyhead.apps.forecasting.data import load_data
from polyhead.apps.forecasting.defaults.lengths import fit_lengths
from polyhead.apps.forecasting.series.report import format_report


def write_kinds(path, numbers, kinds, stamps=None):
    stamps = hours(len(numbers)) if stamps is None else stamps
    rows = zip(stamps, numbers, kinds, strict=True)
    lines = [f"{stamp},{number:.6f},{kind}" for stamp, number, kind in rows]
    path.write_text("\n".join(["date,y,kind", *lines]) + "\n", encoding="utf-8")
    return str(path)


def test_wide_table(tmp_path):
    values = make_waves(100)
    dataset = load_data(make_small(write_wide(tmp_path / "a.csv", values)))
    assert dataset.columns.targets == ("y0", "y1")
    assert str(dataset.frequency) == "h" and dataset.season == 24
    np.testing.assert_allclose(dataset.series[0].values, values, atol=1e-4)
    assert {part: int(end[0]) for part, end in dataset.ends.items()} == {
        "train": 70,
        "validation": 80,
        "test": 100,
    }


def test_missing_rows_and_values_stay_missing_and_are_counted(tmp_path):
    values = make_waves(100)
    values[10, 0] = np.nan
    kept = np.delete(np.arange(100), [40, 41])
    path = write_wide(tmp_path / "a.csv", values[kept], stamps=hours(100)[kept])
    dataset = load_data(make_config(path))
    found = dataset.series[0].values
    assert len(found) == 100 and np.isnan(found[[40, 41]]).all()
    assert np.isnan(found[10]).tolist() == [True, False]
    assert dataset.report["missing_stamps"] == 2
    assert dataset.report["missing_values"] == {"y0": 3, "y1": 2}
    text = format_report(dataset.report)
    assert "2 time stamps without a row" in text
    assert "missing, not zero" in text


@pytest.mark.parametrize(
    ("split", "ends"),
    [
        ("50,20,30", [50, 70, 100]),
        ("50,20,10", [50, 70, 80]),
        ("0.5,0.2,0.3", [50, 70, 100]),
        ("0.7,0.1,0.2", [70, 80, 100]),
        ("80,20", [80, 100]),
    ],
)
def test_split(tmp_path, split, ends):
    path = write_wide(tmp_path / "a.csv", make_waves(100))
    dataset = load_data(make_config(path, split=split))
    assert [int(end[0]) for end in dataset.ends.values()] == ends
    assert dataset.report["unused_steps"] == 100 - ends[-1]


@pytest.mark.parametrize("split", ["1", "a,b", "0.9,0.9,0.1", "50,0,50", "50.5,20,30"])
def test_wrong_split(tmp_path, split):
    path = write_wide(tmp_path / "a.csv", make_waves(100))
    with pytest.raises(UsageError, match="--split"):
        load_data(make_config(path, split=split))


def test_files_that_follow_each_other(tmp_path):
    values, stamps = make_waves(300), hours(300)
    for name, part in (("a", slice(0, 200)), ("b", slice(200, 300))):
        write_wide(tmp_path / f"{name}.csv", values[part], stamps=stamps[part])
    train, test = str(tmp_path / "a.csv"), str(tmp_path / "b.csv")
    dataset = load_data(make_config(train, test=test))
    assert [int(end[0]) for end in dataset.ends.values()] == [180, 200, 300]
    np.testing.assert_allclose(dataset.series[0].values, values, atol=1e-4)
    with pytest.raises(PolyheadError, match="a.csv: begins at 2024-01-01.* give rows"):
        load_data(make_config(test, test=train))


def test_covariates_and_categories(tmp_path):
    values = make_waves(100, 3)
    lines = ["date,y,wind,sky"]
    for number, (stamp, row) in enumerate(zip(hours(100), values, strict=True)):
        lines.append(f"{stamp},{row[0]},{row[1]},{('clear', 'rain')[number % 2]}")
    (tmp_path / "a.csv").write_text("\n".join(lines))
    config = make_config(
        str(tmp_path / "a.csv"),
        past_covariates=("wind",),
        future_covariates=("sky",),
        categorical=("sky",),
    )
    dataset = load_data(config)
    assert dataset.columns.values == ("y", "wind", "sky")
    assert dataset.categories == {"sky": ["clear", "rain"]}
    assert dataset.series[0].values[:4, 2].tolist() == [0, 1, 0, 1]


def test_a_constant_target_is_refused_and_a_constant_covariate_is_named(tmp_path):
    values = make_waves(100)
    values[:, 1] = 7.0
    config = make_config(write_wide(tmp_path / "a.csv", values))
    with pytest.raises(PolyheadError, match="'y1' never changes .* --target y0"):
        load_data(config)
    dataset = load_data(replace(config, past_covariates=("y1",)))
    assert dataset.report["warnings"] == ["column 'y1' never changes in training"]


def test_summer_time_in_a_file_is_a_regular_grid(tmp_path):
    local = pd.date_range("2024-03-30", periods=100, freq="h", tz="Europe/Berlin")
    frame = pd.DataFrame({"ds": local, "y": make_waves(100, 1)[:, 0]})
    frame.to_parquet(tmp_path / "a.parquet")
    series = load_data(make_config(str(tmp_path / "a.parquet"))).series[0]
    assert len(series) == 100 and series.gaps == 0
    assert series.zone == "+02:00" and "'ds' changes" in series.notes[0]


@pytest.mark.parametrize("step", ["h", "15min"])
def test_an_hour_that_autumn_repeats_is_told(tmp_path, step):
    local = pd.date_range("2024-10-26", periods=200, freq=step, tz="Europe/Berlin")
    stamps = local.tz_localize(None).to_numpy("datetime64[s]")
    path = write_wide(tmp_path / "a.csv", make_waves(200), stamps=stamps)
    with pytest.raises(PolyheadError, match="row.* clocks were set back.* write UTC"):
        load_data(make_config(path))


def test_a_test_file_in_another_time_zone_goes_by_the_clock_of_training(tmp_path):
    paths = []
    for name, first, zone in (("a", 0, "Z"), ("b", 200, "+02:00"), ("c", 200, "-01")):
        stamps = [f"{stamp}{zone}" for stamp in hours(300)[first : first + 200]]
        values = make_waves(len(stamps))
        paths.append(write_wide(tmp_path / f"{name}.csv", values, stamps=stamps))
    with pytest.raises(PolyheadError, match="b.csv: begins at 2024-01-09T06:00:00"):
        load_data(make_config(paths[0], test=paths[1]))
    dataset = load_data(make_config(paths[0], test=paths[2]))
    assert len(dataset.series[0]) == 301 and dataset.series[0].zone == "Z"
    assert "those of Z, the clock of training" in str(dataset.report["warnings"])


@pytest.mark.parametrize("part", ["test", "validation"])
@pytest.mark.parametrize(
    ("names", "time"), [(["y0", "other"], "date"), (["y0", "y1"], "Date")]
)
def test_a_part_without_a_column_of_training(tmp_path, part, names, time):
    path = write_wide(tmp_path / "a.csv", make_waves(200))
    stamps = hours(300)[200:]
    other = write_wide(tmp_path / "b.csv", make_waves(100), names, stamps, time)
    missing = "y1" if time == "date" else "date"
    with pytest.raises(PolyheadError, match=f"b.csv: no column '{missing}', which .*a"):
        load_data(make_small(path, **{part: other}))


def test_the_parts_of_training_are_those_of_evaluation(tmp_path):
    values = make_waves(1000, 1)
    path = write_long(tmp_path / "a.csv", {"long": values, "short": values[:150]})
    lines = (tmp_path / "a.csv").read_text().splitlines()
    later = [
        f"{name},{stamp},1.0"
        for name, length in (("long", 1000), ("short", 150))
        for stamp in hours(length + 50)[length:]
    ]
    test = tmp_path / "b.csv"
    test.write_text("\n".join([lines[0], *later]) + "\n")
    config = make_small(path, test=str(test), horizon=None, look_back=None)
    dataset = load_data(config)
    filled = fit_lengths(resolve(TASK, config), dataset)
    assert filled.horizon == 24
    again = load_data(filled)
    for part, ends in dataset.ends.items():
        assert ends.tolist() == again.ends[part].tolist()
    assert dataset.ends["train"].tolist() == [900, 126]


def test_categories_are_those_of_the_training_rows(tmp_path):
    kinds = ["b", "d"] * 150
    kinds[290] = "c"
    path = write_kinds(tmp_path / "a.csv", make_waves(300)[:, 0], kinds)
    config = make_small(
        path, None, target=("y",), future_covariates=("kind",), categorical=("kind",)
    )
    dataset = load_data(config)
    assert dataset.categories == {"kind": ["b", "d"]}
    values = dataset.series[0].values[:, 1]
    assert np.isnan(values[290])
    assert (np.delete(values, 290) == np.delete(np.arange(300) % 2, 290)).all()


@pytest.mark.parametrize(
    "gaps, told",
    [(1, "1 time stamp has no row; its"), (2, "2 time stamps have no row; their")],
)
def test_time_stamps_without_a_row_are_counted(tmp_path, gaps, told):
    stamps = pd.date_range("2024-01-01", periods=200, freq="h")
    stamps = stamps.delete(range(50, 50 + gaps))
    table = pd.DataFrame({"time": stamps, "y": np.arange(len(stamps)) % 24})
    table.to_csv(tmp_path / "y.csv", index=False)
    report = load_data(TASK.config(train=str(tmp_path / "y.csv"))).report
    assert f"{told} values are missing, not zero" in report["warnings"]


@pytest.mark.parametrize("name", ["Datum", "Tag der Messung", "fecha"])
@pytest.mark.parametrize("form", ["%d.%m.%Y", "%Y-%m-%d", "%d/%m/%Y %H:%M"])
def test_the_only_column_of_dates_is_the_time(tmp_path, name, form):
    stamps = pd.date_range("2024-01-01", periods=60).strftime(form)
    rows = [f"{stamp};2024;{n % 7},5" for n, stamp in enumerate(stamps)]
    path = tmp_path / "sales.csv"
    path.write_text("\n".join([f"{name};Year;Umsatz", *rows]), encoding="utf-8-sig")
    data = load_data(TASK.config(train=str(path), target=("Umsatz",)))
    assert data.columns.time == name and len(data.series[0]) == 60
    note = f"{path}: column '{name}' has the time stamps, as --time-column {name} would"
    assert any(told.startswith(note) for told in data.report["warnings"])


def test_a_column_that_goes_on_after_the_others_may_be_known_ahead(tmp_path):
    table = pd.DataFrame({"day": pd.date_range("2024-01-01", periods=120)})
    table["sales"], table["promotion"] = np.arange(120) % 7, np.arange(120) % 5
    table.loc[106:, "sales"] = np.nan
    for path, rows in (("one.csv", table), ("two.csv", None)):
        if rows is None:
            rows = pd.concat([table.assign(shop=shop) for shop in "ab"])
        rows.to_csv(tmp_path / path, index=False)
        config = TASK.config(train=str(tmp_path / path))
        note = f"{tmp_path / path}: the last 14 steps have no sales: if promotion is "
        note += "known ahead, say so with --future-covariates promotion"
        assert note in load_data(config).report["warnings"]
        known = load_data(replace(config, future_covariates=("promotion",)))
        assert note not in known.report["warnings"]
        assert any("count as the future" in told for told in known.report["warnings"])
