"""The step of time, against pandas."""

import numpy as np
import pytest
from grid_tools import GRIDS, grid

from polyhead.apps.common.errors import PolyheadError, UsageError
from polyhead.apps.forecasting.series.frequency import (
    Frequency,
    calendar_cycles,
    day_of_months,
    find_frequency,
    parse_frequency,
)


def test_a_step_of_a_year_has_no_year_to_tell_of():
    assert calendar_cycles(Frequency("month", 12), 5000) == []
    assert calendar_cycles(Frequency("month", 3), 5000) == ["year"]


@pytest.mark.parametrize(("code", "first", "frequency"), GRIDS)
def test_frequency_is_found_and_gives_the_stamps_of_pandas(code, first, frequency):
    stamps = grid(code, first)
    assert find_frequency([stamps], "f") == frequency
    assert parse_frequency(code) == frequency
    assert (frequency.stamps(stamps[0], 40) == stamps).all()
    assert frequency.places(stamps).tolist() == list(range(40))
    assert parse_frequency(str(frequency)) == frequency


@pytest.mark.parametrize(("code", "first", "frequency"), GRIDS)
def test_gaps_do_not_hide_the_frequency(code, first, frequency):
    kept = np.delete(np.arange(40), [3, 17, 18])
    stamps = grid(code, first)[kept]
    assert find_frequency([stamps], "f") == frequency
    assert frequency.places(stamps).tolist() == kept.tolist()


def test_stamps_beside_the_grid_have_no_place():
    stamps = np.array(["2024-01-01T00:00", "2024-01-01T01:20"], "datetime64[s]")
    assert Frequency("second", 3600).places(stamps).tolist() == [0, -1]
    stamps = np.array(["2024-01-05", "2024-01-06"], "datetime64[s]")
    assert Frequency("business", 1).places(stamps).tolist() == [0, -1]
    stamps = np.array(["2024-01-05", "2024-02-07"], "datetime64[s]")
    assert Frequency("month", 1).places(stamps).tolist() == [0, -1]


@pytest.mark.parametrize("day", [1, 27, 28, 29, 30, 31])
@pytest.mark.parametrize("first", ["2023-01", "2023-02", "2023-04", "2024-02"])
def test_steps_of_months_stand_on_one_day(day, first):
    months = np.datetime64(first) + np.arange(41).astype("m8[M]")
    begins = months.astype("M8[D]")
    later = np.minimum(day, np.diff(begins).astype(int)) - 1
    days = begins[:-1] + later.astype("m8[D]")
    stamps = days.astype("datetime64[s]")
    frequency = find_frequency([stamps[:30]], "f")
    assert frequency == Frequency("month", 1)
    found = frequency.stamps(stamps[0], 40, day_of_months(stamps[:30]))
    assert (found == stamps).all()
    assert frequency.places(stamps).tolist() == list(range(40))


def test_a_stamp_on_another_day_of_the_month_has_no_place():
    stamps = np.array(["2023-02-28", "2023-03-28", "2023-05-31"], "datetime64[s]")
    assert Frequency("month", 1).places(stamps).tolist() == [0, 1, -1]


@pytest.mark.parametrize("text", ["", "x", "0h", "2B", "h3"])
def test_unknown_frequencies(text):
    with pytest.raises(UsageError, match="frequency"):
        parse_frequency(text)


def test_one_stamp_has_no_frequency():
    with pytest.raises(PolyheadError, match="--frequency"):
        find_frequency([np.array(["2024-01-01"], "datetime64[s]")], "f")


@pytest.mark.parametrize(
    ("frequency", "season"),
    [("15min", 96), ("h", 24), ("D", 7), ("B", 5), ("W", 52), ("MS", 12), ("YS", 1)],
)
def test_season(frequency, season):
    assert parse_frequency(frequency).season == season


def test_the_clock_tells_of_what_the_data_have_seen_twice():
    hourly, weekly = Frequency("second", 3600), Frequency("second", 7 * 86400)
    assert calendar_cycles(hourly, 100) == ["day", "week"]
    assert calendar_cycles(hourly, 1000) == ["day", "week", "year"]
    assert calendar_cycles(weekly, 5000) == ["year"]
    assert calendar_cycles(Frequency("business", 1), 60) == ["week"]
    assert calendar_cycles(Frequency("month", 1), 900) == ["year"]


@pytest.mark.parametrize(
    ("code", "step"), [("20ms", 20_000), ("500ms", 500_000), ("125us", 125)]
)
def test_steps_shorter_than_a_second(code, step):
    frequency = Frequency("microsecond", step)
    assert parse_frequency(code) == frequency and str(frequency) == code
    stamps = np.datetime64("2024-01-31T23:59:59.5", "us") + step * np.arange(40)
    assert find_frequency([stamps], "f") == frequency
    kept = np.delete(np.arange(40), [3, 17, 18])
    assert frequency.places(stamps[kept]).tolist() == kept.tolist()
    assert (frequency.stamps(stamps[0], 40) == stamps).all()
    assert frequency.places(stamps[:1] + step // 2 * np.arange(3)).tolist()[1] == -1
    assert frequency.season == 1 and calendar_cycles(frequency, 0.5) == []
    assert parse_frequency("3000ms") == Frequency("second", 3)
    assert parse_frequency("MS") == Frequency("month", 1)
