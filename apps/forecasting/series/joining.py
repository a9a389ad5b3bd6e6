"""One series of each name, from rows at the same distance in all splits."""

from collections.abc import Mapping, Sequence

import numpy as np

from ...common.errors import PolyheadError
from .frames import Frame
from .frequency import Frequency, find_frequency, most_frequent
from .series import Series, append, make_series


def join_series(
    frames: Mapping, tables: Mapping, frequency: Frequency, gap: int
) -> tuple[list[Series], dict[str, np.ndarray]]:
    """Appends the rows of later splits to the series of training.

    Args:
        frames: split -> a list of `Frame`, "train" first, in time order.
        tables: split -> the `Table` that they are from, for messages.
        frequency: the step of all series.
        gap: `usual_gap` of the training rows.

    Returns:
        The series, and split -> the steps that it adds to each of them.

    Raises:
        PolyheadError: rows do not follow those of the split before.
    """
    joined: dict[str, Series] = {}
    lengths: dict[str, np.ndarray] = {}
    first = tables["train"].source
    for split, rows in frames.items():
        source = tables[split].source
        before = {name: len(series) for name, series in joined.items()}
        if before:
            check_spacing(rows, frequency, gap, source, f"{first} has")
        for frame in rows:
            series = make_series(frame, frequency, source)
            if before and frame.name not in before:
                raise PolyheadError(
                    f"{source}: row {frame.rows[0]}: series '{frame.name}' is not in "
                    f"{first}; remove it, or give its past"
                )
            if before:
                series = append(joined[frame.name], series, frequency, source)
            joined[frame.name] = series
        steps = [len(series) - before.get(n, 0) for n, series in joined.items()]
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
    fit a grid of days as well as a grid of business days.

    Args:
        frames: a list of `Frame`, all of one file.
        frequency: the step of the grid that the rows must lie on.
        expected: `usual_gap` of the training rows.
        source: the file, for the message.
        trained: who has that frequency, for the message.

    Raises:
        PolyheadError: the rows are further apart, or between the steps of the grid.
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
