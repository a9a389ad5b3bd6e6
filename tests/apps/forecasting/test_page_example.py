"""The history that the demo page begins with."""

import json

import numpy as np
import pytest

from polyhead.apps.common.data.kept import Kept, write_kept
from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.forecasting.series.newest import _rows, read_examples


def write_hours(folder, rows, columns):
    """A run of hourly data, as far as `read_examples` looks at it."""
    config = {"format": 1, "task": "forecasting", "train": str(folder / "data.csv")}
    config |= {"look_back": 4, "horizon": 3}
    (folder / "config.json").write_text(json.dumps(config))
    known = {"columns": columns, "categories": {"sky": ["clear", "rain"]}}
    known["frequency"] = ["second", 3600]
    (folder / "columns.json").write_text(json.dumps(known))
    lines = [",".join(row) for row in rows]
    (folder / "data.csv").write_text("\n".join(lines) + "\n")


def hours(count):
    yield ("ds", "load", "sky", "week")
    for hour in range(count):
        load = "" if hour == 2 else f"{hour}.5"
        yield f"2024-01-01 0{hour}:00", load, ("clear", "rain")[hour % 2], str(hour)


COLUMNS = {"time": "ds", "series": None, "targets": ["load"], "past": ["sky"]}


def test_example_with_covariates_ends_where_the_future_is_known(tmp_path):
    write_hours(tmp_path, hours(9), COLUMNS | {"future": ["week"]})
    example = read_examples(tmp_path)[0]
    assert example["history"] == [[None, 0, 2], [3.5, 1, 3], [4.5, 0, 4], [5.5, 1, 5]]
    assert example["future"] == [[6], [7], [8]]
    assert example["start"] == [19723, 6 * 3600]


def test_data_too_short_or_gone_are_one_line(tmp_path):
    write_hours(tmp_path, hours(3), COLUMNS | {"future": []})
    with pytest.raises(PolyheadError, match="data.csv: no series has 4 steps"):
        read_examples(tmp_path)[0]
    (tmp_path / "data.csv").unlink()
    with pytest.raises(PolyheadError, match="data.csv: no such file"):
        read_examples(tmp_path)[0]


def test_without_the_data_it_is_the_last_window_that_the_run_keeps(tmp_path):
    write_hours(tmp_path, hours(9), COLUMNS | {"future": ["week"]})
    history = np.arange(24, dtype=np.float32).reshape(2, 4, 3)
    start, future = np.array([[1, 2], [19723, 7]], np.int32), history[:, :3, :1]
    arrays = {"history": history, "start": start, "future": future}
    write_kept(tmp_path, "forecasting", Kept("test", 2, 9, None, arrays=arrays))
    assert read_examples(tmp_path)[0]["history"] != history[1].tolist()
    (tmp_path / "data.csv").unlink()
    example = read_examples(tmp_path)[0]
    assert example["history"] == history[1].tolist()
    assert example["start"] == [19723, 7] and example["future"] == [[12], [15], [18]]


def test_each_series_has_its_newest_history(tmp_path):
    rows = [("ds", "load", "sky", "shop")]
    for shop, first in (("north", 10), ("short", 50), ("south", 90)):
        for hour in range(2 if shop == "short" else 6):
            row = f"2024-01-01 0{hour}:00", str(first + hour), "rain", shop
            rows.append(row)
    columns = COLUMNS | {"series": "shop", "future": []}
    write_hours(tmp_path, rows, columns)
    north, south = read_examples(tmp_path)
    assert (north["series"], north["history"][-1]) == ("north", [15, 1])
    assert (south["series"], south["history"][-1]) == ("south", [95, 1])
    assert [x["series"] for x in read_examples(tmp_path, most=1)] == ["north"]


def test_numbers_are_as_short_as_float32_allows():
    values = np.array([[315.42, np.nan]], np.float32)
    assert _rows(values) == [[315.42, None]]
