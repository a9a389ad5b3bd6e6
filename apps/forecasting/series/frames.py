"""A table of numbers over time: stamps and values, checked row by row."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...common.data.formats.numbers import is_missing as is_missing
from ...common.data.formats.numbers import read_numbers
from ...common.data.tables import Table, list_rows
from ...common.errors import PolyheadError
from .frequency import Frequency
from .stamps import bad_field, minutes_east, parse_stamps

# What a row of totals has in place of a time.
TOTAL = re.compile(
    r"(grand |sub[ -]?)?totals?:?|sum:?|average|mean|gesamt|summe", re.IGNORECASE
)


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
    stamps: np.ndarray  # datetime64[s], or [us] where steps are shorter
    values: np.ndarray  # (rows, columns) float64, NaN for missing
    rows: np.ndarray  # int64, where in the file
    zone: str | None = None  # the clock's offset from UTC, such as "+02:00", if known
    notes: tuple[str, ...] = ()  # on rows and time stamps, for the report

    def name_rows(self, *places: int) -> str:
        """Rows as an error names them, such as "row 3 of series 'north'"."""
        numbers = " and ".join(str(self.rows[place]) for place in places)
        of = f" of series '{self.name}'" if self.name else ""
        return f"row{'s' * (len(places) > 1)} {numbers}{of}"


def frames_of(
    table: Table,
    columns: Columns,
    categories: dict,
    frequency: Frequency | None = None,
    clock: str | None = None,
) -> list[Frame]:
    """Splits a table into its series, each in time order.

    `frequency` and `clock`, the zone, are of the rows that these belong to, if known.
    """
    table, notes = drop_rows(table, columns.time)
    stamps, zone, told = parse_stamps(table, columns.time, frequency)
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
    chosen = [np.array(each) for each in places.values()]
    order = [each[np.argsort(stamps[each], kind="stable")] for each in chosen]
    if any((a != b).any() for a, b in zip(order, chosen, strict=True)):
        notes.append(f"{table.source}: its rows are not in time order: they are sorted")
    told = (*notes, *told)
    frames = [
        Frame(name, stamps[each], values[each], table.rows[each], zone, told)
        for name, each in zip(places, order, strict=True)
    ]
    for frame, each in zip(frames, chosen, strict=True):
        _refuse_repeated(frame, table.source)
        _refuse_far(frame, stamps[each], table.source)
    return [in_zone(frame, clock) for frame in frames]


def drop_rows(table: Table, time: str) -> tuple[Table, list[str]]:
    """A table without empty rows, repeated headers and totals, and notes on them."""
    stamps, columns = table.columns[time], table.columns.values()
    empty, headers, totals = set(), [], []
    for place, value in enumerate(stamps):
        text = str(value).strip()
        if text == time:
            headers.append(place)
        elif TOTAL.fullmatch(text):
            totals.append(place)
        elif is_missing(value):
            fields = [column[place] for column in columns]
            if all(map(is_missing, fields)):
                empty.add(place)
            elif any(TOTAL.fullmatch(str(field).strip()) for field in fields):
                totals.append(place)
    dropped = {*empty, *headers, *totals}
    if not dropped or len(dropped) == len(stamps):
        return table, []
    kept = [place for place in range(len(stamps)) if place not in dropped]
    whole = {k: [column[p] for p in kept] for k, column in table.columns.items()}
    pairs = ((headers, "the header again"), (totals, "a total, which has no time"))
    return replace(table, columns=whole, rows=table.rows[kept]), [
        f"{table.source}: {list_rows(table.rows[places].tolist())}: {what}: left out"
        for places, what in pairs
        if places
    ]


def _refuse_repeated(frame: Frame, source: str) -> None:
    """Refuses two rows with one time stamp."""
    times = frame.stamps
    for at in np.flatnonzero(times[1:] == times[:-1]).tolist():
        hint = ""
        if times[at] != times[at].astype("datetime64[D]"):
            # It may be the hour that clocks repeat in autumn.
            hint = "; if clocks were set back, which writes an hour twice, write UTC"
        raise PolyheadError(
            f"{source}: {frame.name_rows(at, at + 1)} have the same time stamp "
            f"{times[at]}; keep one, or name the column of the series with "
            f"--series-column{hint}"
        )


def _refuse_far(frame: Frame, before: np.ndarray, source: str) -> None:
    """Refuses a stamp that sorting has put far from all others: it may be a wrong one.

    `before` has the stamps in the order of the file.
    """
    is_later, gaps = before[1:] > before[:-1], np.diff(frame.stamps)
    if len(gaps) < 3 or is_later.all() or not is_later.any():
        return
    at = int(gaps.argmax())
    if at in (0, len(gaps) - 1) and 2 * gaps[at] > gaps.sum():
        at = at + 1 if at else 0
        raise PolyheadError(
            f"{source}: {frame.name_rows(at)}: {frame.stamps[at]} is far from the time "
            "stamps around it, and of all others; correct it, or sort the rows by time"
        )


def in_zone(frame: Frame, zone: str | None) -> Frame:
    """A frame by the clock of another zone, where both are known."""
    if not zone or not frame.zone:
        return frame
    minutes = minutes_east(zone) - minutes_east(frame.zone)
    if not minutes:
        return replace(frame, zone=zone)
    notes = (*frame.notes, f"time stamps are those of {zone}, the clock of training")
    stamps = frame.stamps + np.timedelta64(minutes, "m")
    return replace(frame, stamps=stamps, zone=zone, notes=notes)


def parse_numbers(table: Table, name: str) -> np.ndarray:
    """A column as float64; empty fields are NaN. Refuses what float32 does not hold."""
    values = table.columns[name]
    read = read_numbers(values, table.separator)  # None for what is no number
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
