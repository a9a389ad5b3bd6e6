"""Time stamps as tables write them."""

import datetime
import re
import warnings
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

import numpy as np
import pandas as pd

from ...common.data.tables import Table
from ...common.errors import PolyheadError
from .frequency import MICRO, Frequency, lies_on_grid, most_frequent

FIRST_YEAR, LAST_YEAR = 1677, 2262  # the range of nanoseconds since 1970
REMEDY = "; write dates as 2024-01-31"
_SLASHED = re.compile(r"(\d\d?)([/.-])(\d\d?)\2(\d{4})(?!\d)(.*)")  # 01/02/2024
_OFFSET = re.compile(
    r"(.*(?:\d[T ]\d+|\d:\d\d(?::\d\d(?:\.\d+)?)?))\s*"
    r"(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)",
    re.IGNORECASE,
)
_ISO = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d")
_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)|\d{8}")
# Units since 1970, by their digits: a power of ten of microseconds.
_COUNTS = {9: 6, 10: 6, 13: 3, 16: 0, 19: -3}
_COUNT = re.compile(r"(\d{9,10}|\d{13}|\d{16}|\d{19})(\.\d*)?")
# A year, or 2024Q1, 2024-M01, 2024-W05 and 2024-W05-1, or with the quarter first.
_PERIOD = re.compile(r"(\d{4})(?:\.0|[ -]?([QMW])(\d\d?)(?:-?(\d))?)", re.IGNORECASE)
_QUARTER = re.compile(r"(Q[1-4])[ /-]?(\d{4})", re.IGNORECASE)


class Stamps(NamedTuple):
    """Time stamps of one clock."""

    stamps: np.ndarray  # datetime64[s], or [us] where steps are no whole seconds
    zone: str | None  # the clock's offset from UTC, such as "+02:00" or "Z", if known
    notes: tuple[str, ...]  # for the report


def is_date(value) -> bool:
    """Whether a value of a table is a time stamp."""
    text = _spell_period(str(value).strip())
    return bool(_YEAR.search(text)) and not np.isnat(_to_stamps([text]))[0]


def parse_stamps(table: Table, name: str, frequency: Frequency | None = None) -> Stamps:
    """Reads a column of time stamps that are all written in one way.

    Where day and month can be read two ways, the steps are those of `frequency`.

    Where the offset changes, as with summer time, the last one in time is the clock of
    all stamps, but stamps at one time of the day, as those of days, stay as they are.
    """
    texts = [str(value).strip() for value in table.columns[name]]
    if all(map(_COUNT.fullmatch, texts)):
        note = f"column '{name}' counts from 1970 on: its time stamps are in UTC"
        return Stamps(_shorten(_count_from_1970(texts)), "+00:00", (note,))
    cuts = [_OFFSET.fullmatch(text) for text in texts]
    for at, cut in enumerate(cuts):
        if bool(cut) != bool(cuts[0]):
            raise _bad_stamp(table, name, texts, at)
    clocks = [cut[1] if cut else text for cut, text in zip(cuts, texts, strict=True)]
    clocks = [_spell_period(text) for text in clocks]
    stamps, notes = _read_clocks(table, name, clocks, frequency)
    missing = np.isnat(stamps)
    if missing.any():
        raise _bad_stamp(table, name, texts, int(missing.argmax()))
    years = stamps.astype("datetime64[Y]").astype(np.int64) + 1970
    far = np.flatnonzero((years < FIRST_YEAR) | (years > LAST_YEAR))
    if len(far):
        what = f"would be in the year {years[far[0]]}{REMEDY}"
        raise bad_field(table, name, int(far[0]), what)
    for at, text in enumerate(clocks):
        if not _YEAR.search(text):
            raise bad_field(table, name, at, f"has no year of four digits{REMEDY}")
    stamps = _shorten(stamps)
    minutes = np.array([minutes_east(cut[2]) for cut in cuts if cut], np.int64)
    if not len(minutes):
        return Stamps(stamps, None, notes)
    east = (60 * minutes).astype("timedelta64[s]")
    last = int((stamps - east).argmax())
    zone = _name_zone(int(minutes[last]))
    if (minutes == minutes[0]).all():
        letters = {cut[2].upper() for cut in cuts if cut}
        return Stamps(stamps, "Z" if letters == {"Z"} else zone, notes)
    if len(np.unique(stamps - stamps.astype("datetime64[D]"))) == 1:
        return Stamps(stamps, None, notes)
    note = f"the offset of column '{name}' changes: all time stamps, and those of "
    note += f"forecasts, are by its last one, {zone}"
    return Stamps(stamps - east + east[last], zone, (*notes, note))


def _name_zone(minutes: int) -> str:
    return (
        f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    )


def minutes_east(offset: str) -> int:
    """Minutes east of UTC, of an offset such as "+05:30", "-03" or "Z"."""
    if offset[0] not in "+-":
        return 0
    digits = offset[1:].replace(":", "").ljust(4, "0")
    return int(offset[0] + "1") * (60 * int(digits[:2]) + int(digits[2:]))


def _count_from_1970(texts: Sequence[str]) -> np.ndarray:
    """Stamps of seconds, milli-, micro- or nanoseconds since 1970."""
    powers = [_COUNTS[len(text.partition(".")[0])] for text in texts]
    pairs = zip(texts, powers, strict=True)
    numbers = [round(Decimal(text).scaleb(power)) for text, power in pairs]
    return np.array(numbers, "datetime64[us]")


def _spell_period(text: str) -> str:
    """The first day of a quarter, month or week, as in 2024-01-29; else the text."""
    quarter = _QUARTER.fullmatch(text)
    period = _PERIOD.fullmatch(f"{quarter[2]}{quarter[1]}" if quarter else text)
    if not period:
        return text
    year, kind, number = int(period[1]), (period[2] or "").upper(), int(period[3] or 1)
    if kind == "W":
        try:
            day = datetime.date.fromisocalendar(year, number, int(period[4] or 1))
        except ValueError:
            return text
        return day.isoformat()
    month = 3 * number - 2 if kind == "Q" else number
    return text if period[4] else f"{year:04}-{month:02}"


def _read_clocks(table, name, texts, frequency):
    """Stamps of texts without an offset, NaT for other texts; and notes."""
    if not _SLASHED.fullmatch(texts[0]):
        return _to_stamps(texts), ()
    cuts = [_SLASHED.fullmatch(text) for text in texts]
    parts = [cut.groups() if cut else ("",) * 5 for cut in cuts]
    readings = [
        _to_stamps([f"{year}-{a}-{b}{time}" for a, _, b, year, time in parts]),
        _to_stamps([f"{year}-{b}-{a}{time}" for a, _, b, year, time in parts]),
    ]
    # One day beyond the 12th decides the order in all rows.
    bad = [int(np.isnat(reading).sum()) for reading in readings]
    if bad[0] != bad[1] or bad[0]:
        return readings[bad.index(min(bad))], ()
    differ = readings[0] != readings[1]
    if not differ.any():
        return readings[0], ()
    at = int(differ.argmax())
    days = [str(reading[at].astype("M8[D]")) for reading in readings]
    regular, reason = [lies_on_grid(reading) for reading in readings], ""
    if all(regular) and frequency:
        regular = [lies_on_grid(reading, frequency) for reading in readings]
    if regular[0] != regular[1]:
        reason = "since only so are its steps regular"
    elif parts[at][1] == ".":
        regular, reason = [False, True], "since a day before a point comes first"
    if not reason:
        what = f"can be read two ways, as {' and as '.join(days)}{REMEDY}"
        raise bad_field(table, name, at, what)
    place = regular.index(True)
    note = f"column '{name}': {texts[at]!r} is read as {days[place]}, {reason}"
    return readings[place], (note,)


def _to_stamps(texts: Sequence[str]) -> np.ndarray:
    """`datetime64[us]`, NaT for what is no time stamp or not written as the first."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of unusual forms, which are slow to read
        series = pd.Series(texts)
        parsed = pd.to_datetime(series, errors="coerce", utc=True)
        if parsed.isna().any() and _ISO.match(texts[0]):
            # Some have a fraction of a second, and some have none.
            parsed = pd.to_datetime(series, errors="coerce", utc=True, format="ISO8601")
    return parsed.dt.tz_localize(None).to_numpy().astype("datetime64[us]")


def _shorten(stamps: np.ndarray) -> np.ndarray:
    """Whole seconds, unless the steps are shorter or end between them."""
    seconds, times = stamps.astype("datetime64[s]"), np.unique(stamps)
    gaps = np.diff(times).astype(np.int64)
    if (seconds == stamps).all():
        return seconds
    if not len(gaps):
        return stamps
    step = most_frequent(gaps)
    if step % MICRO and not (gaps % step).any():
        return stamps
    if len(np.unique(seconds)) == len(times) and lies_on_grid(seconds):
        return seconds
    return stamps if step < MICRO else seconds


def bad_field(table: Table, name: str, at: int, what: str) -> PolyheadError:
    """An error in a field: names file, row, value and column."""
    value = table.columns[name][at]
    shown = repr(value if isinstance(value, float) else str(value))
    where = f"{table.source}: row {table.rows[at]}"
    return PolyheadError(f"{where}: {shown} in column '{name}' {what}")


def _bad_stamp(table, name, texts, at) -> PolyheadError:
    what = "is written in another way, or in another time zone, than the first"
    what += f" ({texts[0]!r}); write all alike"
    if np.isnat(_to_stamps([texts[at]])).any():
        what = "is no time stamp; write it as 2024-01-31 13:00, or remove the row"
    return bad_field(table, name, at, what)
