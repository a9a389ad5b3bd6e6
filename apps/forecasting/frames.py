"""A table of numbers over time: stamps and values, checked row by row."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..common.errors import PolyheadError, UsageError
from ..common.tables import Table, read_table
from .config import Config

TIME_NAMES = ("ds", "date", "datetime", "timestamp", "time", "month", "week", "day")
SERIES_NAMES = ("unique_id", "series", "item_id")
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


def find_columns(config: Config, table: Table) -> Columns:
    """Tells the columns of a table apart, by the flags and by their names."""
    names = list(table.columns)
    time = find_time(config, table)
    series = config.series_column or _first_of(SERIES_NAMES, names)
    past, future = config.past_covariates, config.future_covariates
    taken = {time, series, *past, *future}
    targets = config.target or tuple(name for name in names if name not in taken)
    columns = Columns(time, series, targets, past, future)
    _check_columns(columns, table)
    return columns


def find_time(config: Config, table: Table) -> str:
    """The column of the time stamps: as configured, or by its name."""
    names = list(table.columns)
    time = config.time_column or _first_of(TIME_NAMES, names)
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


def read_frames(
    path: str, columns: Columns, categories: dict[str, list[str]], needed=None
) -> list[Frame]:
    """Reads the series of a file.

    Args:
        path: of the file.
        columns: what is in it.
        categories: the known values of categorical columns; others are missing.
        needed: the columns that the file must have; all of `columns` where None.
            The others are missing values where they are absent.
    """
    needed = columns.values if needed is None else needed
    header = [columns.time, *([columns.series] if columns.series else []), *needed]
    return frames_of(read_table(path, header, keep_all=True), columns, categories)


def frames_of(
    table: Table, columns: Columns, categories: dict[str, list[str]]
) -> list[Frame]:
    """Splits a table into its series."""
    stamps = parse_stamps(table, columns.time)
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
        _frame(table, name, np.array(chosen), stamps, values)
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
            "--series-column"
        )
    if (steps < 0).any():
        at = int(np.flatnonzero(steps < 0)[0]) + 1
        raise PolyheadError(
            f"{table.source}: row {rows[at]}{of}: {times[at]} comes after "
            f"{times[at - 1]}; sort the rows by time"
        )
    return Frame(name, times, values[chosen], rows)


def parse_stamps(table: Table, name: str) -> np.ndarray:
    """Time stamps as `datetime64[s]` of local time.

    Raises:
        PolyheadError: one is no time stamp, or is written in another way than the
            first, or in another time zone.
    """
    texts = [str(value).strip() for value in table.columns[name]]
    try:
        parsed = pd.to_datetime(pd.Series(texts))
    except (ValueError, TypeError, OverflowError):
        parsed = None
    if parsed is not None and parsed.dtype.kind == "M" and not parsed.isna().any():
        # A time zone that is the same everywhere is the local one.
        return parsed.dt.tz_localize(None).to_numpy().astype("datetime64[s]")
    raise _bad_stamp(table, name, texts)


def _bad_stamp(table, name, texts) -> PolyheadError:
    first = pd.to_datetime(pd.Series(texts[:1]), errors="coerce")
    for row, text in zip(table.rows, texts, strict=True):
        try:
            both = pd.to_datetime(pd.Series([texts[0], text]))
            if both.dtype.kind == "M" and not both.isna().any():
                continue
        except (ValueError, TypeError, OverflowError):
            pass
        alone = pd.to_datetime(pd.Series([text]), errors="coerce")
        if alone.isna().any() or first.isna().any():
            what = "is no time stamp; write it as 2024-01-31 13:00"
        else:
            what = (
                f"is written in another way, or in another time zone, than the first "
                f"({texts[0]!r}); write all alike"
            )
        return PolyheadError(
            f"{table.source}: row {row}: {text!r} in column '{name}' {what}"
        )
    return PolyheadError(
        f"{table.source}: the time stamps in column '{name}' are not all in one form "
        "or time zone; write all alike"
    )


def parse_numbers(table: Table, name: str) -> np.ndarray:
    """A column as float64; empty fields are NaN.

    Raises:
        PolyheadError: a field is text or infinite.
    """
    values = table.columns[name]
    numbers = np.array([_number(value) for value in values], np.float64)
    wrong = np.isinf(numbers)
    if wrong.any():
        at = int(wrong.argmax())
        row, value = table.rows[at], values[at]
        if _is_infinite(value):
            what = "is infinite; leave it empty where it is unknown"
        else:
            what = (
                "is no number; leave it empty where it is unknown, write decimals "
                "with a point, or name the column's part with --categorical"
            )
        raise PolyheadError(
            f"{table.source}: row {row}: {value!r} in column '{name}' {what}"
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


def _is_infinite(value) -> bool:
    try:
        return bool(np.isinf(float(value)))
    except (ValueError, TypeError):
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
