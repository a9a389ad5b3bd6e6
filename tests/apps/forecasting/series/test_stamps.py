"""Time stamps: what is read, and what is refused."""

import time

import numpy as np
import pandas as pd
import pytest
from wave_tools import days, hours

from polyhead.apps.common.data.tables import Table
from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.forecasting.series.frequency import parse_frequency
from polyhead.apps.forecasting.series.stamps import parse_stamps


def read_stamps(texts):
    texts = list(texts)
    table = Table("a.csv", {"date": texts}, np.arange(2, len(texts) + 2))
    return parse_stamps(table, "date")


@pytest.mark.parametrize(
    ("first", "count", "step", "form"),
    [
        ("2024-01-01", 120, "MS", "%d/%m/%Y"),
        ("2024-01-01", 120, "MS", "%m/%d/%Y"),
        ("2023-06-01", 10, "MS", "%d.%m.%Y"),
        ("2010-01-01", 40, "D", "%d/%m/%Y"),
        ("2010-01-01", 40, "D", "%m/%d/%Y"),
        ("2010-01-01", 40, "B", "%d-%m-%Y"),
        ("2024-01-01", 72, "h", "%d/%m/%Y %H:%M"),
        ("2024-01-01", 72, "h", "%m/%d/%Y %I:%M %p"),
    ],
)
def test_the_order_of_day_and_month_is_that_of_the_whole_column(
    first, count, step, form
):
    stamps = pd.date_range(first, periods=count, freq=step)
    kept = np.delete(np.arange(count), [3])
    for wanted in (stamps, stamps[kept] if count > 10 else stamps):
        found, zone, notes = read_stamps(wanted.strftime(form))
        assert (found == wanted.to_numpy("datetime64[s]")).all()
        assert zone is None
        # It is a guess where no day is beyond the 12th.
        assert ("since only so" in str(notes)) == (wanted.day.max() <= 12)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (
            [f"01/{month:02}/2024" for month in range(1, 11)],
            "row 3: '01/02/2024' .* two ways, as 2024-01-02 and as 2024-02-01; write "
            "dates as 2024-01-31",
        ),
        (["01/01/2024", "02/01/2024"], "row 3: '02/01/2024' .* two ways"),
        (["Jan-10", "Feb-10"], "row 2: 'Jan-10' .* year 1; write dates as 2024-01-31"),
        (["201001", "201002"], "row 2: '201001' .* four digits; write dates as 2024-"),
        (["31/01/24", "28/02/24"], "row 2: '31/01/24' .* no year of four digits"),
        (["2024-01-31", "9999-12-31"], "row 3: '9999-12-31' .* in the year 9999"),
        (["13/01/2024", "14/13/2024"], "row 3: '14/13/2024' .* is no time stamp"),
        (["13/01/2024", "2024-01-14"], "row 3: '2024-01-14' .* in another way"),
    ],
)
def test_stamps_that_could_be_another_day_are_refused(texts, message):
    with pytest.raises(PolyheadError, match=f"^a.csv: {message}"):
        read_stamps(texts)


@pytest.mark.parametrize(
    ("offset", "zone"),
    [
        ("Z", "Z"),
        (" GMT", "+00:00"),
        ("+02:00", "+02:00"),
        (" +0200", "+02:00"),
        ("-03:30", "-03:30"),
    ],
)
def test_the_offset_is_kept(offset, zone):
    found = read_stamps([f"2024-01-01 0{hour}:00{offset}" for hour in range(5)])
    assert found[1:] == (zone, ())
    assert (found[0] == hours(5)).all()
    found = read_stamps([f"2024-01-01T0{hour}{offset}" for hour in range(5)])
    assert found[1:] == (zone, ())
    assert (found[0] == hours(5)).all()


def test_summer_time_is_read_by_the_last_offset_and_days_keep_their_dates():
    local = pd.date_range("2024-03-30", periods=72, freq="h", tz="Europe/Berlin")
    # The last in time, whatever the order of the rows is.
    for texts in (local, [stamp.isoformat() for stamp in local], local[::-1]):
        stamps, zone, notes = read_stamps(texts)
        assert (np.sort(stamps) == hours(72, "2024-03-30T01")).all()
        assert zone == "+02:00" and "its last one, +02:00" in notes[0]
    noon = pd.date_range("2024-03-30 12:00", periods=3, tz="Europe/Berlin")
    assert (read_stamps(noon).stamps == days(3, "2024-03-30T12")).all()
    local = pd.date_range("2024-03-30", periods=3, tz="Europe/Berlin")
    stamps, zone, notes = read_stamps(local)
    assert stamps.astype("datetime64[D]").astype(str).tolist() == [
        "2024-03-30",
        "2024-03-31",
        "2024-04-01",
    ]
    assert zone is None and notes == ()


@pytest.mark.parametrize(
    ("texts", "first", "step"),
    [
        (["2024-01", "2024-02", "2024-03"], "2024-01-01", "MS"),
        (["2024M01", "2024M02", "2024M03"], "2024-01-01", "MS"),
        (["2024-M11", "2024-M12", "2025-M01"], "2024-11-01", "MS"),
        (["2024Q1", "2024Q2", "2024Q3"], "2024-01-01", "QS"),
        (["2023-Q4", "2024-Q1", "2024-Q2"], "2023-10-01", "QS"),
        (["Q4 2023", "Q1 2024", "Q2 2024"], "2023-10-01", "QS"),
        (["2020-W53", "2021-W01", "2021-W02"], "2020-12-28", "W-MON"),
        (["2024W05", "2024W06", "2024W07"], "2024-01-29", "W-MON"),
        (["2024-W05-1", "2024-W05-2", "2024-W05-3"], "2024-01-29", "D"),
        (["1990", "1991", "1992"], "1990-01-01", "YS"),
        ([1990, 1991, 1992], "1990-01-01", "YS"),
        ([1990.0, 1991.0, 1992.0], "1990-01-01", "YS"),
        (["31.12.2023", "01.01.2024", "02.01.2024"], "2023-12-31", "D"),
        (["01.02.2024", "02.02.2024", "03.02.2024"], "2024-02-01", "D"),
        (["31/12/2023 11:00 PM", "01/01/2024 12:00 AM"], "2023-12-31T23", "h"),
        (["20240131", "20240201"], "2024-01-31", "D"),
        (["Jan 2024", "Feb 2024"], "2024-01-01", "MS"),
        (["31-Dec-2023", "01-Jan-2024"], "2023-12-31", "D"),
    ],
)
def test_stamps_as_people_write_them(texts, first, step):
    stamps, zone, _ = read_stamps(texts)
    wanted = pd.date_range(first, periods=len(texts), freq=step)
    assert (stamps == wanted.to_numpy("datetime64[s]")).all() and zone is None


def test_few_days_are_read_by_the_steps_of_training():
    texts = [f"{day:02}/02/2024" for day in range(1, 7)]
    table = Table("a.csv", {"date": texts}, np.arange(2, 8))
    for code, first in (("D", "2024-02-01"), ("MS", "2024-01-02")):
        found = parse_stamps(table, "date", parse_frequency(code)).stamps
        assert found[0] == np.datetime64(first)
    with pytest.raises(PolyheadError, match="two ways"):
        parse_stamps(table, "date")


def test_a_guess_of_day_and_month_is_said():
    _, _, notes = read_stamps(["01.02.2024", "02.02.2024", "03.02.2024"])
    assert "'01.02.2024' is read as 2024-02-01, since a day before a point" in notes[0]


@pytest.mark.parametrize(
    "text", ["2021-W53", "2024Q5", "2024M13", "2024-W05-8", "45292"]
)
def test_periods_that_are_none(text):
    with pytest.raises(PolyheadError, match=f"row 2: '{text}' .* is no time stamp"):
        read_stamps([text, text])


@pytest.mark.parametrize("digits", [0, 3, 6, 9])
def test_counts_since_1970(digits):
    seconds = 1_704_067_200 + 3600 * np.arange(5)
    for texts in (seconds * 10**digits, [f"{n}.0" for n in seconds * 10**digits]):
        stamps, zone, notes = read_stamps(texts)
        assert (stamps == hours(5)).all() and stamps.dtype == "datetime64[s]"
        assert zone == "+00:00" and "counts from 1970" in notes[0]


STEPS = np.datetime64("2024-01-01T00:00:00.980", "us") + 20_000 * np.arange(100)


def test_steps_shorter_than_a_second_are_kept():
    counts = STEPS.astype(np.int64)
    for texts in (
        STEPS.astype("M8[ms]"),
        [str(stamp).replace("T", " ") for stamp in STEPS.tolist()],  # "00:00:01" alone
        counts // 1000,
        [f"{count / 1e6:.6f}" for count in counts],
    ):
        assert (read_stamps(texts).stamps == STEPS).all()
    half = np.datetime64("2024-01-01", "us") + 1_500_000 * np.arange(20)
    assert (read_stamps(half.astype("M8[ms]")).stamps == half).all()


def test_fractions_that_are_no_steps_are_left_out():
    some = np.random.default_rng(0).integers(0, 1000, 50).astype("m8[ms]")
    assert (read_stamps(hours(50) + some).stamps == hours(50)).all()
    late = np.datetime64("2024-01-01T00:00:00.5") + np.arange(9).astype("m8[s]")
    assert read_stamps(late).stamps.dtype == "datetime64[s]"


def test_a_bad_stamp_late_in_a_file_is_found_in_no_time():
    texts = [str(stamp) for stamp in hours(50_000)]
    texts[-1] = "no day"
    begin = time.perf_counter()
    with pytest.raises(PolyheadError, match="row 50001: 'no day' .* no time stamp"):
        read_stamps(texts)
    assert time.perf_counter() - begin < 10  # row by row it takes 35 seconds
