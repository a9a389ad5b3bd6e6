"""Which column of a table is what: the time, the series' names, the values."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import combinations

import numpy as np

from ...common.data.tables import Table
from ...common.errors import PolyheadError, UsageError
from ..config import Config
from .frames import Columns, drop_rows, is_missing
from .stamps import is_date

TIME_NAMES = ("ds", "date", "datetime", "timestamp", "time", "month", "week", "day")
PERIODS = ("quarter", "year", "period")  # the time, if no other column has dates
SERIES_NAMES = ("unique_id", "series", "item_id")
# The index, as pandas writes it.
_UNNAMED = re.compile(
    r"|(unnamed: |level_|__index_level_)\d+(\.\d+|__)?", re.IGNORECASE
)
NUMBERED = ("index", "id", "row", "no", "nr", "#")  # names of row numbers
# Columns that are a part of the time, if another column has the rest of it.
PARTS = (*TIME_NAMES, *PERIODS, "hour", "hr", "minute", "clock")
NEARLY = 0.9  # of the rows
_CLOCK = re.compile(r"\d\d?:\d\d.*")
_NUMBER = re.compile(r"[-+]?[\d., ']+%?")
_WHOLE = re.compile(r"\d+(\.0)?")


def find_columns(config: Config, table: Table) -> tuple[Columns, list[str]]:
    """Finds the role of each column, and notes on what nobody said."""
    past, future = config.past_covariates, config.future_covariates
    named = {*config.target, *past, *future}
    time = find_time(config, table)
    table, _ = drop_rows(table, time)
    others = [name for name in table.columns if name not in named and name != time]
    others = [name for name in others if not _is_row_number(table, name)]
    series = config.series_column or _first_of(SERIES_NAMES, others)
    names, notes = [series or ""], list[str]()
    usual = config.time_column or time.lower() in (*TIME_NAMES, *PERIODS)
    if not usual and not _is_unnamed(time):
        told = f"{table.source}: column '{time}' has the time stamps"
        notes.append(f"{told}, as --time-column {time} would say")
    if series is None and (names := find_series(table, time, others)):
        series = names[0]
        notes.append(
            f"{table.source}: several rows have one time stamp; column '{series}' "
            f"tells the series apart, as --series-column {series} would say"
        )
    values = [name for name in others if name not in names]
    columns = Columns(time, series, config.target or tuple(values), past, future)
    _check_columns(columns, table)
    for name in sorted({*config.categorical} - {*past, *future}):
        raise UsageError(
            f"--categorical {name}: name it with --past-covariates or "
            "--future-covariates too; a target is a number"
        )
    return columns, notes


def find_series(table: Table, time: str, names: Sequence[str]) -> list[str]:
    """The column that tells the rows of a time stamp apart, and others that say so.

    Empty where few time stamps repeat. The column has names, or whole numbers, each of
    them at many time stamps; where several columns fit, the user has to say.
    """
    rows = len(table.rows)
    stamps = Counter(str(value).strip() for value in table.columns[time])
    if 2 * sum(n for n in stamps.values() if n > 1) < rows:
        return []
    texts = {k: [str(value).strip() for value in table.columns[k]] for k in names}
    kinds = {k: len(set(column)) for k, column in texts.items()}
    named = [k for k in names if 1 < kinds[k] <= rows // 2 and _names_things(texts[k])]
    texts[time] = [str(value).strip() for value in table.columns[time]]

    def count(*chosen: str) -> int:
        return len(set(zip(*(texts[name] for name in chosen), strict=True)))

    found = [name for name in named if count(time, name) == rows]
    for name in found:
        if name.lower() in PARTS or all(map(_CLOCK.fullmatch, texts[name])):
            raise PolyheadError(
                f"{table.source}: columns '{time}' and '{name}' both have a part of "
                "the time: join them into one, as 2024-01-31 13:00"
            )
    repeat = f"{table.source}: its time stamps repeat, so it has several series: "
    for is_number in (False, True):
        group = [k for k in found if all(map(_NUMBER.fullmatch, texts[k])) == is_number]
        group = [k for k in group if not is_number or kinds[k] * len(stamps) < 2 * rows]
        # A series that is there at every time stamp is more than chance.
        full = [k for k in group if kinds[k] * len(stamps) == rows]
        best = full or group
        twins = [k for k in found if best and count(best[0], k) == kinds[best[0]]]
        twins = [k for k in twins if kinds[k] == kinds[best[0]]]
        if best and set(best) <= set(twins):
            return [best[0], *(name for name in twins if name != best[0])]
        if best:
            flags = " or ".join(f"--series-column {name}" for name in best)
            raise UsageError(f"{repeat}name their column with {flags}")
    for pair in combinations(named, 2):
        if count(time, *pair) == rows:
            raise UsageError(
                f"{repeat}'{pair[0]}' and '{pair[1]}' tell them apart together: join "
                "both into one column, and name it with --series-column"
            )
    # Rows that are there twice are named where the series are made.
    names = [k for k in named if not all(map(_NUMBER.fullmatch, texts[k]))]
    return [k for k in names if count(time, k) > NEARLY * rows][:1]


def _names_things(texts: Sequence[str]) -> bool:
    """Whether a column has names or whole numbers, and no empty field."""
    numbers = [_NUMBER.fullmatch(text) for text in texts]
    whole = all(numbers) and all(map(_WHOLE.fullmatch, texts))
    return whole or not (any(numbers) or any(map(is_missing, texts)))


def find_time(config: Config, table: Table) -> str:
    """The column of the time stamps: as configured, by its name, or the dated one."""
    names = list(table.columns)
    time = config.time_column
    if time is None:
        time = _first_of(TIME_NAMES, names)
    unnamed = next((name for name in names if _is_unnamed(name)), None)
    if time is None and unnamed is not None and is_date(table.columns[unnamed][0]):
        time = unnamed
    dated = [name for name in names if time is None and _is_dated(table, name)]
    if len(dated) == 1:
        time = dated[0]
    if time is None and not dated:
        time = _first_of(PERIODS, names)
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


def _is_dated(table: Table, name: str) -> bool:
    """Whether a column begins with a date that is no plain number."""
    first = str(table.columns[name][0]).strip()
    plain = re.fullmatch(r"[-+]?[\d,]*\.?\d*", first)  # 31.01.2024 is none
    return name.lower() not in PERIODS and not plain and is_date(first)


def _is_unnamed(name: str) -> bool:
    return bool(_UNNAMED.fullmatch(name))


def _is_row_number(table: Table, name: str) -> bool:
    """Whether a column has no name and no values, or only numbers its rows.

    Unnamed whole numbers do so if they rise, or fall, for each series anew, or if they
    are mixed; under a name such as "id", if they count from 0 or 1.
    """
    values = table.columns[name]
    unnamed = _is_unnamed(name)
    if unnamed and all(map(is_missing, values)):
        return True
    try:
        numbers = np.array([int(str(value)) for value in values])
    except ValueError:
        return False
    if not unnamed:
        counts = np.arange(len(numbers)) + numbers[0]
        return (
            name.lower() in NUMBERED and numbers[0] in (0, 1) and all(numbers == counts)
        )
    steps, again = np.diff(numbers), numbers[1:] == numbers[0]
    is_each = len(np.unique(numbers)) == len(numbers) > np.ptp(numbers) / 2
    return is_each or bool(((steps > 0) | again).all() or ((steps < 0) | again).all())


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
