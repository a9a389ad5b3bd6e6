"""Series on a regular grid of time, of all splits together; missing is NaN."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...common.data.tables import Table
from ...common.errors import PolyheadError
from .frames import Frame
from .frequency import Frequency, day_of_months, find_frequency, most_frequent
from .stamps import minutes_east

MAX_GAP = 100  # more steps than 100 times the rows mean a wrong stamp, not a gap


@dataclass(frozen=True)
class Series:
    """Values of all columns at every step."""

    name: str  # empty where there is one series only
    start: np.datetime64  # of the first step
    values: np.ndarray  # (steps, columns) float32
    gaps: int = 0  # steps without a row in the file
    day: int | None = None  # of the month, of monthly steps; 31 for the last of each
    zone: str | None = None  # the clock's offset from UTC, such as "+02:00", if known
    notes: tuple[str, ...] = ()  # on rows and time stamps, for the report

    def __len__(self):
        return len(self.values)

    def stamps(self, frequency: Frequency, count: int | None = None) -> np.ndarray:
        """Stamps of the steps, or of `count` steps from the first on."""
        count = len(self) if count is None else count
        return frequency.stamps(self.start, count, self.day)

    def known_steps(self, targets: int) -> int:
        """Steps up to the last that has a value of the first `targets` columns."""
        empty = np.isnan(self.values[:, :targets]).all(axis=1)
        known = np.flatnonzero(~empty)
        return int(known[-1]) + 1 if len(known) else 0


def make_series(frame: Frame, frequency: Frequency, source: str) -> Series:
    """Lays the rows of a frame on the grid; steps without a row become NaN."""
    places, stamps = frequency.places(frame.stamps), frame.stamps
    gaps, steps = np.diff(places), int(places[-1]) + 1
    if (places < 0).any():
        at = int((places < 0).argmax())
        raise PolyheadError(
            f"{source}: {frame.name_rows(at)}: {stamps[at]} is no whole number of "
            f"steps of {frequency} after {stamps[0]}; correct the stamp, resample the "
            "rows, or name the step with --frequency"
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
    return Series(frame.name, stamps[0], values, missing, day, frame.zone, frame.notes)


def append(before: Series, after: Series, frequency: Frequency, source: str) -> Series:
    """One series of two that follow each other on one grid, in one time zone."""
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
        notes=(*before.notes, *after.notes),
    )


def check_zones(one: Series, other: Series, source: str) -> None:
    """Refuses a series of `source` in another time zone, if both zones are known."""
    if not (one.zone and other.zone):
        return
    if minutes_east(one.zone) != minutes_east(other.zone):
        name = f"series '{other.name}' " if other.name else ""
        raise PolyheadError(
            f"{source}: {name}has time stamps in {other.zone}, but what it belongs to "
            f"has them in {one.zone}: write both in UTC"
        )


def join_series(
    frames: Mapping,
    tables: Mapping[str, Table],
    frequency: Frequency,
    gap: int,
    before: Sequence[Series] = (),
) -> tuple[list[Series], dict[str, np.ndarray]]:
    """Appends the rows of later splits to the series of training.

    `frames` has a list of `Frame` for each split, in time order; `gap` is `usual_gap`
    of training, and `before` has series that these rows follow. Gives the series, and
    split -> the steps that it adds to each of them.
    """
    joined = {one.name: one for one in before}
    lengths: dict[str, np.ndarray] = {}
    first = tables["train"].source
    for split, rows in frames.items():
        source = tables[split].source
        ends = {name: len(series) for name, series in joined.items()}
        if ends:
            check_spacing(rows, frequency, gap, source, f"{first} has")
        for frame in rows:
            series = make_series(frame, frequency, source)
            if ends and frame.name not in ends:
                raise PolyheadError(
                    f"{source}: row {frame.rows[0]}: series '{frame.name}' is not in "
                    f"{first}; remove it, or give its past"
                )
            if ends:
                series = append(joined[frame.name], series, frequency, source)
            joined[frame.name] = series
        steps = [len(series) - ends.get(n, 0) for n, series in joined.items()]
        lengths[split] = np.array(steps)
    return list(joined.values()), lengths


def usual_gap(frames: Sequence[Frame], frequency: Frequency) -> int:
    """The most frequent number of steps from a row to the next; 1 for single rows.

    It is more than 1 if the configured step is shorter than the distance of the rows.
    """
    gaps = np.concatenate([np.diff(frequency.places(f.stamps)) for f in frames])
    gaps = gaps[gaps > 0]
    return most_frequent(gaps) if len(gaps) else 1


def check_spacing(frames, frequency: Frequency, expected: int, source, trained) -> None:
    """Refuses rows of another frequency, whose histories would cover another time.

    Only the grid and the most frequent distance are compared: rows of five days a week
    fit a grid of days as well as a grid of business days. `expected` is `usual_gap` of
    the training rows, and `trained` says who has them, for the message.
    """
    if not any(len(frame.stamps) > 2 for frame in frames):
        return
    beside = [frame for frame in frames if (frequency.places(frame.stamps) < 0).any()]
    if not beside and usual_gap(frames, frequency) <= expected:
        return
    actual = find_frequency([frame.stamps for frame in frames], source)
    if actual == frequency:  # a single stamp is wrong, which `make_series` reports
        return
    frame = beside[0] if beside else max(frames, key=lambda frame: len(frame.stamps))
    places = frequency.places(frame.stamps)
    wrong = places < 0 if beside else np.diff(places, prepend=places[0]) > expected
    row = frame.rows[int(wrong.argmax())]
    raise PolyheadError(
        f"{source}: row {row}: its steps are {actual}, but {trained} steps of "
        f"{frequency}: bring them to {frequency}"
    )


def constant_columns(values: np.ndarray, names: Sequence[str]) -> list[str]:
    """Names of the columns with a single value, or none at all."""
    low = np.where(np.isnan(values), np.inf, values).min(axis=0)
    high = np.where(np.isnan(values), -np.inf, values).max(axis=0)
    return [name for name, a, b in zip(names, low, high, strict=True) if not a < b]
