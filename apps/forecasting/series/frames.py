"""A table of numbers over time: stamps and values, checked row by row."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...common.data.tables import Table
from ...common.errors import PolyheadError, UsageError
from ..config import Config
from .stamps import is_date, minutes_east, parse_stamps

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
    zone: str | None = None  # "+02:00": what the clock is ahead of UTC, if it is told
    note: str = ""  # on the time stamps, for the report


def find_columns(config: Config, table: Table) -> Columns:
    """Tells the columns of a table apart, by the flags and by their names."""
    names = list(table.columns)
    time = find_time(config, table)
    past, future = config.past_covariates, config.future_covariates
    unnamed = [name for name in names if name not in {*config.target, *past, *future}]
    series = config.series_column or _first_of(SERIES_NAMES, unnamed)
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
        if unnamed is not None and is_date(table.columns[unnamed][0]):
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


def check_header(
    table: Table, columns: Columns, needed: Sequence[str], trained: str
) -> None:
    """Refuses a table that lacks a column.

    Args:
        table: rows beside those of training.
        columns: what was found in these.
        needed: the columns that must be there besides time and series.
        trained: who has them, for the message.
    """
    series = [columns.series] if columns.series else []
    for name in [columns.time, *series, *needed]:
        if name not in table.columns:
            raise PolyheadError(
                f"{table.source}: no column '{name}', which {trained}; it has: "
                f"{', '.join(table.columns)}"
            )


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


def in_zone(frame: Frame, zone: str | None) -> Frame:
    """A frame by the clock of another zone, where both are told."""
    if not zone or not frame.zone or zone == frame.zone:
        return frame
    later = np.timedelta64(minutes_east(zone) - minutes_east(frame.zone), "m")
    note = f"time stamps are those of {zone}, the clock of training"
    return replace(frame, stamps=frame.stamps + later, zone=zone, note=note)


def _set_back(times, at) -> str:
    """A hint where the stamps after `at` may be the hour that autumn repeats."""
    back = (times[at] - times[at + 1]).astype(np.int64)
    if back > 3600 or times[at] == times[at].astype("datetime64[D]"):
        return ""
    return "; if clocks were set back, which writes an hour twice, write UTC"


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
