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
    places, stamps = frequency.places(frame.stamps), frame.stamps
    gaps, steps = np.diff(places), int(places[-1]) + 1
    if (places < 0).any():
        at = int((places < 0).argmax())
        raise PolyheadError(
            f"{source}: {frame.name_rows(at)}: {stamps[at]} is no whole number of "
            f"steps of {frequency} after {stamps[0]}; correct the stamp, or name the "
            "step with --frequency"
        )
    if (gaps == 0).any():
        at = int((gaps == 0).argmax())
        raise PolyheadError(
            f"{source}: {frame.name_rows(at, at + 1)} fall into one step of "
            f"{frequency}; name a shorter --frequency"
        )
    if steps > MAX_GAP * len(places) + 1000:
        at = int(gaps.argmax()) + 1
        raise PolyheadError(
            f"{source}: {frame.name_rows(at)}: {stamps[at]} is {gaps[at - 1]:,} steps "
            f"of {frequency} after the row before; correct the stamp, or name the step "
            "with --frequency"
        )
    values = np.full((steps, frame.values.shape[1]), np.nan, np.float32)
    values[places] = frame.values
    missing, day = steps - len(places), day_of_months(stamps)
    return Series(frame.name, stamps[0], values, missing, day, frame.zone, frame.note)


def append(before: Series, after: Series, frequency: Frequency, source: str) -> Series:
    """One series of two that follow each other.

    Raises:
        PolyheadError: the second does not begin after the end of the first, lies
            beside its grid, or is in another time zone.
    """
    check_zones(before, after, source)
    stamps = np.array([before.start, after.start])
    place = int(frequency.places(stamps, before.day)[1])
    gap = place - len(before)
    last = before.stamps(frequency)[-1]
    name = f"series '{after.name}' " if after.name else ""
    begins = f"{source}: {name}begins at {after.start}"
    if after.start > last and place < 0:
        raise PolyheadError(
            f"{begins}, which is no whole number of steps of {frequency} after {last}, "
            "where the rows before it end; correct the time stamps"
        )
    if gap < 0:
        raise PolyheadError(
            f"{begins}, but the rows before it end at {last} in steps of {frequency}: "
            "give rows that follow"
        )
    if gap > MAX_GAP * (len(before) + len(after)) + 1000:
        raise PolyheadError(
            f"{begins}, {gap:,} steps of {frequency} after {last}, where the rows "
            "before it end; correct the time stamps"
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
    """Refuses a series of `source` in another time zone, if both zones are known."""
    if one.zone and other.zone and one.zone != other.zone:
        name = f"series '{other.name}' " if other.name else ""
        raise PolyheadError(
            f"{source}: {name}has time stamps in {other.zone}, but what it belongs to "
            f"has them in {one.zone}: write both in UTC"
        )


def constant_columns(values: np.ndarray, names: Sequence[str]) -> list[str]:
    """Names of the columns with a single value, or none at all."""
    low = np.where(np.isnan(values), np.inf, values).min(axis=0)
    high = np.where(np.isnan(values), -np.inf, values).max(axis=0)
    return [name for name, a, b in zip(names, low, high, strict=True) if not a < b]
