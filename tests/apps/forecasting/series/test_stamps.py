"""Time stamps: what is read, and what is refused."""

import time

import numpy as np
import pandas as pd
import pytest
from wave_tools import hours

from polyhead.apps.common.data.tables import Table
from polyhead.apps.common.errors import PolyheadError
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
        found, zone, note = read_stamps(wanted.strftime(form))
        assert (found == wanted.to_numpy("datetime64[s]")).all()
        assert zone is None and note == ""


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
        ("Z", "+00:00"),
        (" GMT", "+00:00"),
        ("+02:00", "+02:00"),
        (" +0200", "+02:00"),
        ("-03:30", "-03:30"),
    ],
)
def test_the_offset_is_kept(offset, zone):
    found = read_stamps([f"2024-01-01 0{hour}:00{offset}" for hour in range(5)])
    assert found[1:] == (zone, "")
    assert (found[0] == hours(5)).all()
    found = read_stamps([f"2024-01-01T0{hour}{offset}" for hour in range(5)])
    assert found[1:] == (zone, "")
    assert (found[0] == hours(5)).all()


def test_summer_time_is_read_in_utc_and_days_keep_their_dates():
    local = pd.date_range("2024-03-30", periods=72, freq="h", tz="Europe/Berlin")
    for texts in (local, [stamp.isoformat() for stamp in local]):
        stamps, zone, note = read_stamps(texts)
        assert (stamps == hours(72, "2024-03-29T23")).all()
        assert zone == "+00:00" and "UTC" in note
    local = pd.date_range("2024-03-30", periods=3, tz="Europe/Berlin")
    stamps, zone, note = read_stamps(local)
    assert stamps.astype("datetime64[D]").astype(str).tolist() == [
        "2024-03-30",
        "2024-03-31",
        "2024-04-01",
    ]
    assert zone is None and note == ""


def test_a_bad_stamp_late_in_a_file_is_found_in_no_time():
    texts = [str(stamp) for stamp in hours(50_000)]
    texts[-1] = "no day"
    begin = time.perf_counter()
    with pytest.raises(PolyheadError, match="row 50001: 'no day' .* no time stamp"):
        read_stamps(texts)
    assert time.perf_counter() - begin < 10  # row by row it takes 35 seconds
