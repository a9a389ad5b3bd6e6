"""Time stamps as tables write them."""

import re
import warnings

import numpy as np
import pandas as pd

from ...common.data.tables import Table
from ...common.errors import PolyheadError
from .frequency import lies_on_grid

FIRST_YEAR, LAST_YEAR = 1677, 2262  # the range of nanoseconds since 1970
REMEDY = "; write dates as 2024-01-31"
_SLASHED = re.compile(r"(\d\d?)([/.-])(\d\d?)\2(\d{4})(?!\d)(.*)")  # 01/02/2024
_OFFSET = re.compile(
    r"(.*(?:\d[T ]\d+|\d:\d\d(?::\d\d(?:\.\d+)?)?))\s*"
    r"(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)|\d{8}")


def is_date(value) -> bool:
    """Whether a value of a table is a time stamp."""
    text = str(value).strip()
    return bool(_YEAR.search(text)) and not np.isnat(_to_stamps([text]))[0]


def parse_stamps(table: Table, name: str) -> tuple[np.ndarray, str | None, str]:
    """Reads a column of time stamps that are all written in one way.

    Gives `datetime64[s]` of the file's clock; its offset from UTC, such as "+02:00", or
    None; and a note for the report. Where the offset changes, as with summer time, the
    stamps are in UTC, but days keep their dates.
    """
    texts = [str(value).strip() for value in table.columns[name]]
    cuts = [_OFFSET.fullmatch(text) for text in texts]
    for at, cut in enumerate(cuts):
        if bool(cut) != bool(cuts[0]):
            raise _bad_stamp(table, name, texts, at)
    clocks = [cut[1] if cut else text for cut, text in zip(cuts, texts, strict=True)]
    stamps = _read_clocks(table, name, clocks)
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
    minutes = np.array([minutes_east(cut[2]) for cut in cuts if cut], np.int64)
    if not len(minutes):
        return stamps, None, ""
    if (minutes == minutes[0]).all():
        sign, size = "-" if minutes[0] < 0 else "+", abs(int(minutes[0]))
        return stamps, f"{sign}{size // 60:02}:{size % 60:02}", ""
    if (stamps == stamps.astype("datetime64[D]")).all():
        return stamps, None, ""
    note = f"the offset of column '{name}' changes, so its time stamps are read in UTC"
    return stamps - (60 * minutes).astype("timedelta64[s]"), "+00:00", note


def minutes_east(offset: str) -> int:
    """Minutes east of UTC, of an offset such as "+05:30", "-03" or "Z"."""
    if offset[0] not in "+-":
        return 0
    digits = offset[1:].replace(":", "").ljust(4, "0")
    return int(offset[0] + "1") * (60 * int(digits[:2]) + int(digits[2:]))


def _read_clocks(table, name, texts):
    """Stamps of texts without an offset; NaT for other texts."""
    if not _SLASHED.fullmatch(texts[0]):
        return _to_stamps(texts)
    cuts = [_SLASHED.fullmatch(text) for text in texts]
    parts = [cut.groups() if cut else ("",) * 5 for cut in cuts]
    readings = [
        _to_stamps([f"{year}-{a}-{b}{time}" for a, _, b, year, time in parts]),
        _to_stamps([f"{year}-{b}-{a}{time}" for a, _, b, year, time in parts]),
    ]
    # One day beyond the 12th decides the order in all rows.
    bad = [int(np.isnat(reading).sum()) for reading in readings]
    if bad[0] != bad[1] or bad[0]:
        return readings[bad.index(min(bad))]
    differ = readings[0] != readings[1]
    regular = [reading for reading in readings if lies_on_grid(reading)]
    if len(regular) == 1 or not differ.any():
        return (regular or readings)[0]
    at = int(differ.argmax())
    days = " and as ".join(str(reading[at].astype("M8[D]")) for reading in readings)
    raise bad_field(table, name, at, f"can be read two ways, as {days}{REMEDY}")


def _to_stamps(texts):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of unusual forms, which are slow to read
        parsed = pd.to_datetime(pd.Series(texts), errors="coerce", utc=True)
    return parsed.dt.tz_localize(None).to_numpy().astype("datetime64[s]")


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
        what = "is no time stamp; write it as 2024-01-31 13:00"
    return bad_field(table, name, at, what)
