"""Which column of a table is what."""

import pandas as pd
import pytest
from wave_tools import hours, make_config, make_small, make_waves, write_wide

from polyhead.apps.forecasting.data import load_data


def test_other_time_columns(tmp_path):
    path = write_wide(tmp_path / "a.csv", make_waves(100), time="When")
    for name in (None, "When"):
        dataset = load_data(make_config(path, time_column=name))
        assert len(dataset.series[0]) == 100
        told = [note for note in dataset.report["warnings"] if "--time-column" in note]
        assert len(told) == (name is None)


@pytest.mark.parametrize("name", ["", "Unnamed: 0"])
def test_an_unnamed_column_of_dates_is_the_time(tmp_path, name):
    path = write_wide(tmp_path / "a.csv", make_waves(100), time=name)
    for time_column in (None, name):
        dataset = load_data(make_config(path, time_column=time_column))
        assert dataset.columns.time == name
        assert dataset.columns.targets == ("y0", "y1")


def test_the_index_of_a_parquet_file_is_the_time(tmp_path):
    frame = pd.DataFrame({"y": make_waves(100, 1)[:, 0]}, index=hours(100))
    frame.to_parquet(tmp_path / "a.parquet")
    dataset = load_data(make_config(str(tmp_path / "a.parquet")))
    assert dataset.columns.targets == ("y",)


@pytest.mark.parametrize("first", [0, 1, 2000])
def test_an_unnamed_row_number_is_no_target(tmp_path, first):
    frame = pd.DataFrame(make_waves(100), columns=["a", "b"])
    frame.insert(0, "date", hours(100))
    frame.index += first
    frame.to_csv(tmp_path / "a.csv")
    config = make_config(str(tmp_path / "a.csv"))
    assert load_data(config).columns.targets == ("a", "b")
    frame.drop(index=[first + 5]).to_csv(tmp_path / "a.csv")
    assert load_data(config).columns.targets == ("a", "b")


def test_an_unnamed_column_of_values_is_a_target(tmp_path):
    path = write_wide(tmp_path / "a.csv", make_waves(100), names=["", "y"])
    assert load_data(make_config(path)).columns.targets == ("", "y")


def test_a_column_that_is_named_is_not_guessed(tmp_path):
    path = write_wide(tmp_path / "a.csv", make_waves(200), ["series", "z"])
    columns = load_data(make_small(path, target=("series",))).columns
    assert columns.targets == ("series",) and columns.series is None
