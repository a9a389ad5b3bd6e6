"""How far apart the rows of a file lie, and whether that is as in training."""

from collections.abc import Sequence

import numpy as np

from ...common.errors import PolyheadError
from .frames import Frame
from .frequency import Frequency, find_frequency


def usual_gap(frames: Sequence[Frame], frequency: Frequency) -> int:
    """The commonest number of steps from a row to the next; 1 where none follows.

    It is more than 1 where the step was given as a part of the rows' distance.
    """
    gaps = np.concatenate([np.diff(frequency.places(f.stamps)) for f in frames])
    found, counts = np.unique(gaps[gaps > 0], return_counts=True)
    return int(found[counts.argmax()]) if len(found) else 1


def check_spacing(
    frames: Sequence[Frame],
    frequency: Frequency,
    expected: int,
    source: str,
    trained: str,
) -> None:
    """Refuses rows of another frequency, whose histories would tell of another time.

    Only the grid and the commonest distance are judged: rows of five days a week lie
    on a grid of days as they do on one of business days.

    Args:
        frames: of the file.
        frequency: of the grid that they must lie on.
        expected: `usual_gap` of the rows that are trained on.
        source: the file, for the message.
        trained: what the frequency is of, for the message.

    Raises:
        PolyheadError: the rows are further apart, or between the steps of the grid.
    """
    if not any(len(frame.stamps) > 2 for frame in frames):
        return
    beside = [frame for frame in frames if (frequency.places(frame.stamps) < 0).any()]
    if not beside and usual_gap(frames, frequency) <= expected:
        return
    found = find_frequency([frame.stamps for frame in frames], source)
    if found == frequency:  # a single stamp is wrong, and it is named elsewhere
        return
    frame = beside[0] if beside else max(frames, key=lambda frame: len(frame.stamps))
    places = frequency.places(frame.stamps)
    wrong = places < 0 if beside else np.diff(places, prepend=places[0]) > expected
    row = frame.rows[int(wrong.argmax())]
    raise PolyheadError(
        f"{source}: row {row}: its steps are {found}, but {trained} steps of "
        f"{frequency}: bring them to {frequency}"
    )
