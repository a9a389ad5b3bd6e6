"""A table of numbers over time: stamps and values, checked row by row."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...common.data.tables import Table
from ...common.errors import PolyheadError, UsageError
from ..config import Config
from .stamps import bad_field, is_date, minutes_east, parse_stamps

TIME_NAMES = ("ds", "date", "datetime", "timestamp", "time", "month", "week", "day")
SERIES_NAMES = ("unique_id", "series", "item_id")
UNNAMED = ("", "unnamed: 0", "__index_level_0__")  # the index, as pandas writes it
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
    zone: str | None = None  # the clock's offset from UTC, such as "+02:00", if known
    note: str = ""  # on the time stamps, for the report

    def name_rows(self, *places: int) -> str:
        """Rows as an error names them, such as "row 3 of series 'north'"."""
        numbers = " and ".join(str(self.rows[place]) for place in places)
        of = f" of series '{self.name}'" if self.name else ""
        return f"row{'s' * (len(places) > 1)} {numbers}{of}"


def find_columns(config: Config, table: Table) -> Columns:
    """Finds the role of each column, from the settings and from the names."""
    past, future = config.past_covariates, config.future_covariates
    named = {*config.target, *past, *future}
    others = [name for name in table.columns if name not in named]
    time = find_time(config, table)
    series = config.series_column or _first_of(SERIES_NAMES, others)
    values = [name for name in others if name not in (time, series)]
    values = [name for name in values if not _is_row_number(table, name)]
    columns = Columns(time, series, config.target or tuple(values), past, future)
    _check_columns(columns, table)
    for name in sorted({*config.categorical} - {*past, *future}):
        raise UsageError(
            f"--categorical {name}: name it with --past-covariates or "
            "--future-covariates too; a target is a number"
        )
    return columns


def find_time(config: Config, table: Table) -> str:
    """The column of the time stamps: as configured, by its name, or unnamed."""
    names = list(table.columns)
    time = config.time_column
    if time is None:
        time = _first_of(TIME_NAMES, names)
    unnamed = _first_of(UNNAMED, names)
    if time is None and unnamed is not None and is_date(table.columns[unnamed][0]):
        time = unnamed
    if time is None:
        raise UsageError(
            f"{table.source}: no column is named {', '.join(TIME_NAMES)}; name the "
            f"time with --time-column (columns: {', '.join(names)})"
        )
    if time not in names:
        raise _missing_column(table, time, " (--time-column); it")
    return time


def _missing_column(table: Table, name: str, what: str) -> PolyheadError:
    names = ", ".join(table.columns)
    return PolyheadError(f"{table.source}: no column '{name}'{what} has: {names}")


def _first_of(wanted: Sequence[str], names: Sequence[str]) -> str | None:
    """The first wanted name that is among the names, whatever its case."""
    lower = {name.lower(): name for name in reversed(names)}
    return next((lower[name] for name in wanted if name in lower), None)


def _is_row_number(table: Table, name: str) -> bool:
    """Whether an unnamed column has whole numbers that rise, for each series anew."""
    if name.lower() not in UNNAMED:
        return False
    try:
        numbers = np.array([int(str(value)) for value in table.columns[name]])
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
                    "has one role only"
                )
            seen[name] = flag
            if name not in table.columns:
                raise _missing_column(table, name, f" ({flag}); it")
    if not columns.targets:
        raise UsageError(f"{table.source}: no column is left to forecast: --target")


def check_header(table: Table, columns: Columns, needed: Sequence[str], trained: str):
    """Refuses a table without the time, the series or a needed column of training."""
    series = [columns.series] if columns.series else []
    for name in [columns.time, *series, *needed]:
        if name not in table.columns:
            raise _missing_column(table, name, f", which {trained}; it")


def frames_of(table: Table, columns: Columns, categories: dict) -> list[Frame]:
    """Splits a table into its series."""
    stamps, zone, note = parse_stamps(table, columns.time)
    parts = []
    for name in columns.values:
        if name not in table.columns:
            parts.append(np.full(len(stamps), np.nan))
        elif name in categories:
            parts.append(parse_categories(table.columns[name], categories[name]))
        else:
            parts.append(parse_numbers(table, name))
    values = np.stack(parts, axis=1)
    names = table.columns[columns.series] if columns.series else [""] * len(stamps)
    places: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        places.setdefault(str(name), []).append(place)
    frames = [
        Frame(name, stamps[chosen], values[chosen], table.rows[chosen], zone, note)
        for name, chosen in places.items()
    ]
    for frame in frames:
        _check_order(frame, table.source)
    return frames


def _check_order(frame: Frame, source: str) -> None:
    """Refuses two rows with one time stamp, and rows that are not sorted by time."""
    times = frame.stamps
    steps = np.diff(times.astype(np.int64))
    for at in np.flatnonzero(steps == 0).tolist():
        raise PolyheadError(
            f"{source}: {frame.name_rows(at, at + 1)} have the same time stamp "
            f"{times[at]}; keep one, or name the column of the series with "
            f"--series-column{_set_back(times, at)}"
        )
    for at in np.flatnonzero(steps < 0).tolist():
        raise PolyheadError(
            f"{source}: {frame.name_rows(at + 1)}: {times[at + 1]} comes after "
            f"{times[at]}; sort the rows by time{_set_back(times, at)}"
        )


def in_zone(frame: Frame, zone: str | None) -> Frame:
    """A frame by the clock of another zone, where both are known."""
    if not zone or not frame.zone or zone == frame.zone:
        return frame
    later = np.timedelta64(minutes_east(zone) - minutes_east(frame.zone), "m")
    note = f"time stamps are those of {zone}, the clock of training"
    return replace(frame, stamps=frame.stamps + later, zone=zone, note=note)


def _set_back(times: np.ndarray, at: int) -> str:
    """A hint, if the stamps after `at` may be the hour that clocks repeat in autumn."""
    back = (times[at] - times[at + 1]).astype(np.int64)
    if back > 3600 or times[at] == times[at].astype("datetime64[D]"):
        return ""
    return "; if clocks were set back, which writes an hour twice, write UTC"


def parse_numbers(table: Table, name: str) -> np.ndarray:
    """A column as float64; empty fields are NaN. Refuses what float32 does not hold."""
    values = table.columns[name]
    read = [_to_number(value) for value in values]  # None for what is no number
    numbers = np.array([np.inf if number is None else number for number in read])
    with np.errstate(over="ignore"):
        wrong = np.isinf(numbers.astype(np.float32))
    if not wrong.any():
        return numbers
    at = int(wrong.argmax())
    if np.isfinite(numbers[at]):
        what = "is beyond 3.4e38; correct it, or leave it empty where it is unknown"
    elif read[at] is not None:
        what = "is infinite; leave it empty where it is unknown"
    elif 2 * read.count(None) > len(values):
        what = (
            "is no number, nor are most others; name the columns to forecast with "
            "--target, or the column of the series with --series-column"
        )
    else:
        what = (
            "is no number; leave it empty where it is unknown, write decimals with a "
            "point, or name the column's role with --categorical"
        )
    raise bad_field(table, name, at, what)


def _to_number(value: Any) -> float | None:
    """The number, NaN for a missing value, None for another text."""
    try:
        return float(value)
    except (ValueError, TypeError):
        return np.nan if is_missing(value) else None


def is_missing(value: Any) -> bool:
    """Whether a field of a table has no value."""
    return value is None or str(value).strip().lower() in MISSING


def parse_categories(values: Sequence, known: Sequence[str]) -> np.ndarray:
    """Numbers of the values among the known ones; NaN for others."""
    places = {name: float(place) for place, name in enumerate(known)}
    return np.array([places.get(str(value).strip(), np.nan) for value in values])


def learn_categories(table: Table, names: Sequence[str]) -> dict[str, list[str]]:
    """The values of categorical columns, sorted, without missing ones."""
    return {
        name: sorted({str(v).strip() for v in table.columns[name] if not is_missing(v)})
        for name in names
    }
