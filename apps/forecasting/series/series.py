"""Series on a regular grid of time; what is missing is NaN."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...common.errors import PolyheadError
from .frames import Frame
from .frequency import Frequency, day_of_months

MAX_GAP = 100  # more steps than 100 times the rows mean a wrong stamp, not a gap


@dataclass(frozen=True)
class Series:
    """Values of all columns at every step.

    Args:
        name: its id; empty where there is one series only.
        start: time stamp of the first step.
        values: `(steps, columns)` float32.
        gaps: steps without a row in the file.
        day: the day of the month of monthly steps; 31 for the last of every month.
        zone: the clock's offset from UTC, such as "+02:00"; None where unknown.
        note: on the time stamps, for the report.
    """

    name: str
    start: np.datetime64
    values: np.ndarray
    gaps: int = 0
    day: int | None = None
    zone: str | None = None
    note: str = ""

    def __len__(self):
        return len(self.values)

    def stamps(self, frequency: Frequency, count: int | None = None) -> np.ndarray:
        """Stamps of the steps, or of `count` steps from the first on."""
        count = len(self) if count is None else count
        return frequency.stamps(self.start, count, self.day)


def make_series(frame: Frame, frequency: Frequency, source: str) -> Series:
    """Lays the rows of a frame on the grid; steps without a row become NaN.

    Raises:
        PolyheadError: a stamp lies beside the grid.
    """
    places = frequency.places(frame.stamps)
    of = f" of series '{frame.name}'" if frame.name else ""
    if (places < 0).any():
        at = int((places < 0).argmax())
        raise PolyheadError(
            f"{source}: row {frame.rows[at]}{of}: {frame.stamps[at]} is no whole "
            f"number of steps of {frequency} after {frame.stamps[0]}; correct the "
            "stamp, or name the step with --frequency"
        )
    if (np.diff(places) == 0).any():
        at = int(np.flatnonzero(np.diff(places) == 0)[0]) + 1
        raise PolyheadError(
            f"{source}: rows {frame.rows[at - 1]} and {frame.rows[at]}{of} fall into "
            f"one step of {frequency}; name a shorter --frequency"
        )
    steps = int(places[-1]) + 1
    if steps > MAX_GAP * len(places) + 1000:
        at = int(np.diff(places).argmax()) + 1
        raise PolyheadError(
            f"{source}: row {frame.rows[at]}{of}: {frame.stamps[at]} is "
            f"{places[at] - places[at - 1]:,} steps of {frequency} after the row "
            "before; correct the stamp, or name the step with --frequency"
        )
    values = np.full((steps, frame.values.shape[1]), np.nan, np.float32)
    values[places] = frame.values
    return Series(
        frame.name,
        frame.stamps[0],
        values,
        steps - len(places),
        day_of_months(frame.stamps),
        frame.zone,
        frame.note,
    )


def append(before: Series, after: Series, frequency: Frequency, source: str) -> Series:
    """One series of two that follow each other.

    Raises:
        PolyheadError: the second does not begin after the end of the first, lies
            beside its grid, or is in another time zone.
    """
    check_zones(before, after, source)
    stamps = np.array([before.start, after.start])
    place = int(frequency.places(stamps, before.day)[1])
    last = before.stamps(frequency)[-1]
    name = f"series '{after.name}' " if after.name else ""
    if after.start > last and place < 0:
        raise PolyheadError(
            f"{source}: {name}begins at {after.start}, which is no whole number of "
            f"steps of {frequency} after {last}, where the rows before it end; correct "
            "the time stamps"
        )
    if place < len(before):
        raise PolyheadError(
            f"{source}: {name}begins at {after.start}, but the rows before it end at "
            f"{last} in steps of {frequency}: give rows that follow"
        )
    gap = place - len(before)
    if gap > MAX_GAP * (len(before) + len(after)) + 1000:
        raise PolyheadError(
            f"{source}: {name}begins at {after.start}, {gap:,} steps of {frequency} "
            f"after {last}, where the rows before it end; correct the time stamps"
        )
    blank = np.full((gap, before.values.shape[1]), np.nan, np.float32)
    return replace(
        before,
        values=np.concatenate([before.values, blank, after.values]),
        gaps=before.gaps + gap + after.gaps,
        zone=before.zone or after.zone,
        note=before.note or after.note,
    )


def check_zones(one: Series, other: Series, source: str) -> None:
    """Refuses a series of `source` whose time stamps are in another time zone.

    Raises:
        PolyheadError: both zones are known and differ.
    """
    if one.zone and other.zone and one.zone != other.zone:
        name = f"series '{other.name}' " if other.name else ""
        raise PolyheadError(
            f"{source}: {name}has time stamps in {other.zone}, but what it belongs to "
            f"has them in {one.zone}: write both in UTC"
        )


def constant_columns(values: np.ndarray, names: Sequence[str]) -> list[str]:
    """Names of the columns with a single value, or none at all."""
    with np.errstate(invalid="ignore"):
        low = np.nanmin(np.where(np.isnan(values), np.inf, values), axis=0)
        high = np.nanmax(np.where(np.isnan(values), -np.inf, values), axis=0)
    return [name for name, a, b in zip(names, low, high, strict=True) if not a < b]
