"""A table of numbers over time: stamps and values, checked row by row."""

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ..common.errors import PolyheadError, UsageError
from ..common.tables import Table
from .config import Config
from .frequency import lies_on_grid

TIME_NAMES = ("ds", "date", "datetime", "timestamp", "time", "month", "week", "day")
SERIES_NAMES = ("unique_id", "series", "item_id")
UNNAMED = ("", "unnamed: 0", "__index_level_0__")  # the index, as pandas writes it
FIRST_YEAR, LAST_YEAR = 1677, 2262  # what nanoseconds since 1970 can tell
_SLASHED = re.compile(r"(\d\d?)([/.-])(\d\d?)\2(\d{4})(?!\d)(.*)")  # 01/02/2024
_OFFSET = re.compile(
    r"(.*(?:\d[T ]\d+|\d:\d\d(?::\d\d(?:\.\d+)?)?))\s*"
    r"(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)|\d{8}")
MISSING = ("", "na", "n/a", "nan", "null", "none", "-", "?")


@dataclass(frozen=True)
class Columns:
    """Which column of a table is what.

    The values of a step come in the order targets, past covariates, future ones.
    """

    time: str
    series: str | None
    targets: tuple[str, ...]
    past: tuple[str, ...] = ()
    future: tuple[str, ...] = ()

    @property
    def values(self) -> tuple[str, ...]:
        return self.targets + self.past + self.future


@dataclass(frozen=True)
class Frame:
    """The rows of one series, in time order, as the file has them."""

    name: str
    stamps: np.ndarray  # datetime64[s]
    values: np.ndarray  # (rows, columns) float64, NaN for missing
    rows: np.ndarray  # int64, where in the file
    zone: str | None = None  # "+02:00": what the clock is ahead of UTC, if it is told
    note: str = ""  # on the time stamps, for the report


def find_columns(config: Config, table: Table) -> Columns:
    """Tells the columns of a table apart, by the flags and by their names."""
    names = list(table.columns)
    time = find_time(config, table)
    series = config.series_column or _first_of(SERIES_NAMES, names)
    past, future = config.past_covariates, config.future_covariates
    taken = {time, series, *past, *future}
    targets = config.target or tuple(
        name
        for name in names
        if name not in taken
        and not (name.lower() in UNNAMED and _counts_rows(table.columns[name]))
    )
    columns = Columns(time, series, targets, past, future)
    _check_columns(columns, table)
    return columns


def find_time(config: Config, table: Table) -> str:
    """The column of the time stamps: as configured, by its name, or unnamed."""
    names = list(table.columns)
    time = config.time_column
    if time is None:
        time = _first_of(TIME_NAMES, names)
    if time is None:
        unnamed = _first_of(UNNAMED, names)
        if unnamed is not None and _is_date(table.columns[unnamed][0]):
            time = unnamed
    if time is None:
        raise UsageError(
            f"{table.source}: no column is named {', '.join(TIME_NAMES)}; name the "
            f"time with --time-column (columns: {', '.join(names)})"
        )
    if time not in names:
        raise PolyheadError(
            f"{table.source}: no column '{time}' (--time-column); it has: "
            f"{', '.join(names)}"
        )
    return time


def _first_of(wanted: Sequence[str], names: Sequence[str]) -> str | None:
    """The first wanted name that is among the names, whatever its case."""
    lower = {name.lower(): name for name in reversed(names)}
    return next((lower[name] for name in wanted if name in lower), None)


def _is_date(value) -> bool:
    text = str(value).strip()
    return bool(_YEAR.search(text)) and not np.isnat(_to_stamps([text]))[0]


def _counts_rows(values: Sequence) -> bool:
    """Whether values are whole numbers that rise, for each series anew."""
    try:
        numbers = np.array([int(str(value)) for value in values])
    except ValueError:
        return False
    return bool(((np.diff(numbers) > 0) | (numbers[1:] == numbers[0])).all())


def _check_columns(columns: Columns, table: Table) -> None:
    flags = {
        "--time-column": (columns.time,),
        "--series-column": (columns.series,) if columns.series else (),
        "--target": columns.targets,
        "--past-covariates": columns.past,
        "--future-covariates": columns.future,
    }
    seen: dict[str, str] = {}
    for flag, names in flags.items():
        for name in names:
            if name in seen:
                raise UsageError(
                    f"column '{name}' is given by {seen[name]} and by {flag}: a column "
                    "has one part only"
                )
            seen[name] = flag
            if name not in table.columns:
                raise PolyheadError(
                    f"{table.source}: no column '{name}' ({flag}); it has: "
                    f"{', '.join(table.columns)}"
                )
    if not columns.targets:
        raise UsageError(f"{table.source}: no column is left to forecast: --target")


def frames_of(
    table: Table, columns: Columns, categories: dict[str, list[str]]
) -> list[Frame]:
    """Splits a table into its series."""
    stamps, zone, note = parse_stamps(table, columns.time)
    blank = np.full(len(stamps), np.nan)
    values = np.stack(
        [
            blank
            if name not in table.columns
            else parse_categories(table.columns[name], categories[name])
            if name in categories
            else parse_numbers(table, name)
            for name in columns.values
        ],
        axis=1,
    )
    names = ["" for _ in stamps]
    if columns.series:
        names = [str(name) for name in table.columns[columns.series]]
    places: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        places.setdefault(name, []).append(place)
    return [
        replace(
            _frame(table, name, np.array(chosen), stamps, values), zone=zone, note=note
        )
        for name, chosen in places.items()
    ]


def _frame(table, name, chosen, stamps, values) -> Frame:
    times, rows = stamps[chosen], table.rows[chosen]
    of = f" of series '{name}'" if name else ""
    steps = np.diff(times.astype(np.int64))
    if (steps == 0).any():
        at = int(np.flatnonzero(steps == 0)[0])
        raise PolyheadError(
            f"{table.source}: rows {rows[at]} and {rows[at + 1]}{of} have the same "
            f"time stamp {times[at]}; keep one, or name the column of the series with "
            f"--series-column{_set_back(times, at)}"
        )
    if (steps < 0).any():
        at = int(np.flatnonzero(steps < 0)[0]) + 1
        raise PolyheadError(
            f"{table.source}: row {rows[at]}{of}: {times[at]} comes after "
            f"{times[at - 1]}; sort the rows by time{_set_back(times, at - 1)}"
        )
    return Frame(name, times, values[chosen], rows)


def _set_back(times, at) -> str:
    """A hint where the stamps after `at` may be the hour that autumn repeats."""
    back = (times[at] - times[at + 1]).astype(np.int64)
    if back > 3600 or times[at] == times[at].astype("datetime64[D]"):
        return ""
    return "; if clocks were set back, which writes an hour twice, write UTC"


def parse_stamps(table: Table, name: str) -> tuple[np.ndarray, str | None, str]:
    """Reads a column of time stamps.

    Returns:
        `datetime64[s]` of the clock that the file shows; its offset from UTC, such as
        "+02:00", or None; and a note for the report. Where the offset changes, as
        with summer time, the stamps are in UTC, but days keep their dates.

    Raises:
        PolyheadError: one is no time stamp, is written in another way than the first,
            or could be another day too.
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
        what = f"would be in the year {years[far[0]]}"
        raise _unclear(table, name, int(far[0]), what)
    for at, text in enumerate(clocks):
        if not _YEAR.search(text):
            raise _unclear(table, name, at, "has no year of four digits")
    minutes = np.array([_minutes(cut[2]) for cut in cuts if cut], np.int64)
    if not len(minutes):
        return stamps, None, ""
    if (minutes == minutes[0]).all():
        sign, size = "-" if minutes[0] < 0 else "+", abs(int(minutes[0]))
        return stamps, f"{sign}{size // 60:02}:{size % 60:02}", ""
    if (stamps == stamps.astype("datetime64[D]")).all():
        return stamps, None, ""
    note = f"the offset of column '{name}' changes, so its time stamps are read in UTC"
    return stamps - (60 * minutes).astype("timedelta64[s]"), "+00:00", note


def _minutes(offset: str) -> int:
    """Minutes east of UTC that "+05:30", "-03" or "Z" says."""
    if offset[0] not in "+-":
        return 0
    digits = offset[1:].replace(":", "").ljust(4, "0")
    return int(offset[0] + "1") * (60 * int(digits[:2]) + int(digits[2:]))


def _read_clocks(table, name, texts):
    """Stamps of texts without an offset; NaT for those that are none."""
    if not _SLASHED.fullmatch(texts[0]):
        return _to_stamps(texts)
    cuts = [_SLASHED.fullmatch(text) for text in texts]
    parts = [cut.groups() if cut else ("",) * 5 for cut in cuts]
    readings = [
        _to_stamps([f"{year}-{a}-{b}{time}" for a, _, b, year, time in parts]),
        _to_stamps([f"{year}-{b}-{a}{time}" for a, _, b, year, time in parts]),
    ]
    # One day beyond the 12th tells for all.
    bad = [int(np.isnat(reading).sum()) for reading in readings]
    if bad[0] != bad[1] or bad[0]:
        return readings[bad.index(min(bad))]
    differ = readings[0] != readings[1]
    regular = [reading for reading in readings if lies_on_grid(reading)]
    if len(regular) == 1 or not differ.any():
        return (regular or readings)[0]
    at = int(differ.argmax())
    days = " and as ".join(str(reading[at].astype("M8[D]")) for reading in readings)
    raise _unclear(table, name, at, f"can be read two ways, as {days}")


def _to_stamps(texts):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it reads unusual forms one by one
        parsed = pd.to_datetime(pd.Series(texts), errors="coerce", utc=True)
    return parsed.dt.tz_localize(None).to_numpy().astype("datetime64[s]")


def _unclear(table, name, at, what) -> PolyheadError:
    return PolyheadError(
        f"{table.source}: row {table.rows[at]}: {str(table.columns[name][at])!r} in "
        f"column '{name}' {what}; write dates as 2024-01-31"
    )


def _bad_stamp(table, name, texts, at) -> PolyheadError:
    what = (
        f"is written in another way, or in another time zone, than the first "
        f"({texts[0]!r}); write all alike"
    )
    if np.isnat(_to_stamps([texts[at]])).any():
        what = "is no time stamp; write it as 2024-01-31 13:00"
    return PolyheadError(
        f"{table.source}: row {table.rows[at]}: {texts[at]!r} in column '{name}' {what}"
    )


def parse_numbers(table: Table, name: str) -> np.ndarray:
    """A column as float64; empty fields are NaN.

    Raises:
        PolyheadError: a field is text, or beyond what float32 holds.
    """
    values = table.columns[name]
    numbers = np.array([_number(value) for value in values], np.float64)
    with np.errstate(over="ignore"):
        wrong = np.isinf(numbers.astype(np.float32))
    if wrong.any():
        at = int(wrong.argmax())
        value = values[at]
        texts = sum(_is_text(values[place]) for place in np.flatnonzero(wrong))
        if np.isfinite(numbers[at]):
            what = "is beyond 3.4e38; correct it, or leave it empty where it is unknown"
        elif not _is_text(value):
            what = "is infinite; leave it empty where it is unknown"
        elif 2 * texts > len(values):
            what = (
                "is no number, nor are most others; name the columns to forecast with "
                "--target, or the column of the series with --series-column"
            )
        else:
            what = (
                "is no number; leave it empty where it is unknown, write decimals "
                "with a point, or name the column's part with --categorical"
            )
        raise PolyheadError(
            f"{table.source}: row {table.rows[at]}: {value!r} in column '{name}' {what}"
        )
    return numbers


def _number(value) -> float:
    """The number; NaN for a missing one, infinite for what is none."""
    if value is None:
        return np.nan
    if isinstance(value, str) and value.strip().lower() in MISSING:
        return np.nan
    try:
        return float(value)
    except (ValueError, TypeError):
        return np.inf


def _is_text(value) -> bool:
    try:
        float(value)
    except (ValueError, TypeError):
        return True
    return False


def parse_categories(values: Sequence, known: Sequence[str]) -> np.ndarray:
    """Places of the values among the known ones; NaN for another."""
    places = {name: float(place) for place, name in enumerate(known)}
    return np.array([places.get(str(value).strip(), np.nan) for value in values])


def learn_categories(table: Table, names: Sequence[str]) -> dict[str, list[str]]:
    """The values of categorical columns, sorted; missing ones are none of them."""
    return {
        name: sorted(
            {
                str(value).strip()
                for value in table.columns[name]
                if value is not None and str(value).strip().lower() not in MISSING
            }
        )
        for name in names
    }
