"""The clock in the graph, against NumPy."""

import numpy as np
import pandas as pd
import pytest
from grid_tools import GRIDS, grid
from keras import ops

from polyhead.apps.forecasting.networks.clock import (
    calendar_features,
    cycle_phase,
    first_day,
    month_number,
    step_times,
)
from polyhead.apps.forecasting.series.frequency import (
    Frequency,
    parse_frequency,
    split_stamps,
)


def test_a_day_that_is_no_whole_number_of_steps_has_its_clock_in_the_cycle():
    def phase(days, seconds, frequency):
        found = cycle_phase(
            np.array([days], "int32"),
            np.array([seconds], "int32"),
            frequency,
            frequency.season,
        )
        return np.asarray(found)[0].tolist()

    noon = phase([19_000, 19_007, 19_014], [43_200] * 3, Frequency("second", 420))
    assert noon == [103] * 3
    day_and_half = Frequency("second", 36 * 3600)  # Mondays are on day 4 of 7
    assert phase([4, 11, 18, 4], [0, 0, 0, 43_200], day_and_half) == [0, 0, 0, 0]
    assert phase([10, 17], [0, 43_200], day_and_half) == [4, 4]
    assert phase([0, 0, 1], [0, 3600, 3600], Frequency("second", 3600)) == [0, 1, 1]


def test_months_agree_with_numpy():
    days = np.arange(-30_000, 60_000).astype("datetime64[D]")
    months = days.astype("datetime64[M]").astype(int)
    ours = ops.convert_to_numpy(
        month_number(ops.convert_to_tensor(days.astype("int32")))
    )
    assert (ours - ours[0] == months - months[0]).all()
    first = days.astype("datetime64[M]").astype("datetime64[D]").astype(int)
    assert (ops.convert_to_numpy(first_day(ops.convert_to_tensor(ours))) == first).all()


@pytest.mark.parametrize(("code", "first", "frequency"), GRIDS)
def test_steps_around_the_first_one(code, first, frequency):
    stamps = grid(code, first)
    start = split_stamps(stamps[25:26])
    days, seconds = step_times(
        ops.convert_to_tensor(start), np.arange(-25, 15), frequency
    )
    if frequency.unit == "month":  # counted from the month's first day
        stamps = stamps.astype("datetime64[M]").astype("datetime64[s]")
    wanted = split_stamps(stamps)
    assert ops.convert_to_numpy(days)[0].tolist() == wanted[:, 0].tolist()
    assert ops.convert_to_numpy(seconds)[0].tolist() == wanted[:, 1].tolist()


def test_the_clock_reaches_past_2038():
    start = ops.convert_to_tensor(np.array([[40_000, 3600]], np.int32))
    days, seconds = step_times(start, np.arange(-720, 720), Frequency("second", 3600))
    total = ops.convert_to_numpy(days).astype(int) * 24
    total = total + ops.convert_to_numpy(seconds) // 3600
    assert (np.diff(total[0]) == 1).all()


@pytest.mark.parametrize(
    ("code", "cycle"),
    [("15min", 96), ("h", 24), ("h", 168), ("D", 7), ("B", 5), ("MS", 12), ("QS", 4)],
)
def test_phases_of_a_cycle_return(code, cycle):
    stamps = grid(code, "2024-01-01", 3 * cycle + 5)
    clock = split_stamps(stamps)
    frequency = parse_frequency(code)
    days, seconds = (ops.convert_to_tensor(clock[None, :, i]) for i in (0, 1))
    phase = ops.convert_to_numpy(cycle_phase(days, seconds, frequency, cycle))[0]
    assert phase.min() == 0 and phase.max() == cycle - 1
    assert (phase[cycle:] == phase[:-cycle]).all()
    assert ((np.diff(phase) == 1) | (np.diff(phase) == 1 - cycle)).all()


def test_weeks_keep_their_place_in_the_year():
    stamps = grid("W-SAT", "1958-03-29", 2000)
    clock = split_stamps(stamps)
    days, seconds = (ops.convert_to_tensor(clock[None, :, i]) for i in (0, 1))
    frequency = Frequency("second", 7 * 86400)
    phase = ops.convert_to_numpy(cycle_phase(days, seconds, frequency, 52))[0]
    year = pd.DatetimeIndex(stamps).day_of_year.to_numpy()
    assert 0 <= phase.min() and phase.max() == 51
    assert np.abs(phase - (year - 1) * 52 // 366).max() in (0, 1, 51)


def test_calendar_features():
    stamps = np.array(["2024-01-01T06:00", "2024-01-07T12:00"], "datetime64[s]")
    clock = split_stamps(stamps)[None]
    days, seconds = (ops.convert_to_tensor(clock[:, :, i]) for i in (0, 1))
    found = ops.convert_to_numpy(
        calendar_features(days, seconds, ["day", "week", "year"])
    )[0]
    assert found.shape == (2, 6 + 7 + 4)
    np.testing.assert_allclose(found[0, :2], [1, 0], atol=1e-6)  # a quarter of a day
    assert found[0, 6:13].tolist() == [1, 0, 0, 0, 0, 0, 0]  # a Monday
    assert found[1, 6:13].tolist() == [0, 0, 0, 0, 0, 0, 1]  # a Sunday
    assert calendar_features(days, seconds, []).shape == (1, 2, 0)


def test_the_clock_has_the_whole_seconds_of_shorter_steps():
    frequency = Frequency("microsecond", 20_000)
    stamps = frequency.stamps(np.datetime64("2024-01-31T23:59:59", "us"), 5_000)
    start = ops.convert_to_tensor(split_stamps(stamps[1_000:1_001]))
    days, seconds = step_times(start, np.arange(-1_000, 4_000), frequency)
    wanted = split_stamps(stamps)
    assert ops.convert_to_numpy(days)[0].tolist() == wanted[:, 0].tolist()
    assert ops.convert_to_numpy(seconds)[0].tolist() == wanted[:, 1].tolist()
