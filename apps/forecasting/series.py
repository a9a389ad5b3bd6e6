"""Series on a regular grid of time; what is missing is NaN."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..common.errors import PolyheadError
from .frames import Frame
from .frequency import Frequency, split_stamps

MAX_GAP = 100  # times as many steps as there are rows: a wrong stamp, not a gap


@dataclass(frozen=True)
class Series:
    """Values of all columns at every step.

    Args:
        name: its id; empty for an only one.
        start: stamp of the first step.
        values: `(steps, columns)` float32.
        gaps: steps that the file has no row for.
    """

    name: str
    start: np.datetime64
    values: np.ndarray
    gaps: int = 0

    def __len__(self):
        return len(self.values)

    def stamps(self, frequency: Frequency, count: int | None = None) -> np.ndarray:
        """Stamps of the steps, or of `count` steps from the first on."""
        return frequency.stamps(self.start, len(self) if count is None else count)

    def clock(self, frequency: Frequency) -> np.ndarray:
        """`(steps + 1, 2)` int32: day and second of every step and of the next."""
        return split_stamps(self.stamps(frequency, len(self) + 1))


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
    return Series(frame.name, frame.stamps[0], values, steps - len(places))


def append(before: Series, after: Series, frequency: Frequency, source: str) -> Series:
    """One series of two that follow each other.

    Raises:
        PolyheadError: the second does not begin after the end of the first.
    """
    stamps = np.array([before.start, after.start])
    place = int(frequency.places(stamps)[1])
    last = before.stamps(frequency)[-1]
    name = f"series '{after.name}' " if after.name else ""
    if place < len(before):
        raise PolyheadError(
            f"{source}: {name}begins at {after.start}, but the rows before it end at "
            f"{last} in steps of {frequency}: give rows that follow"
        )
    gap = place - len(before)
    blank = np.full((gap, before.values.shape[1]), np.nan, np.float32)
    values = np.concatenate([before.values, blank, after.values])
    return Series(before.name, before.start, values, before.gaps + gap + after.gaps)


def constant_columns(values: np.ndarray, names: Sequence[str]) -> list[str]:
    """Names of the columns with a single value, or none at all."""
    with np.errstate(invalid="ignore"):
        low = np.nanmin(np.where(np.isnan(values), np.inf, values), axis=0)
        high = np.nanmax(np.where(np.isnan(values), -np.inf, values), axis=0)
    return [name for name, a, b in zip(names, low, high, strict=True) if not a < b]
