"""From a new file to the inputs of the model: the newest history of each series."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..common.alignment import list_some
from ..common.data.tables import Table, read_table
from ..common.errors import PolyheadError
from .series.frames import Columns, check_header, frames_of, in_zone
from .series.frequency import Frequency, split_stamps
from .series.series import Series, check_zones, make_series
from .series.spacing import check_spacing
from .series.unseen import Unseen, find_unseen, refuse_unseen


@dataclass(frozen=True)
class Forecast:
    """What is forecast of one series.

    Args:
        series: its name; empty for an only one.
        stamps: `(H,)` of the steps.
        targets: names of the columns.
        values: `(H, T)` in the data's units.
        levels: of the quantiles.
        quantiles: `(H, T, Q)`, or None.
    """

    series: str
    stamps: np.ndarray
    targets: tuple[str, ...]
    values: np.ndarray
    levels: tuple[float, ...]
    quantiles: np.ndarray | None


def read_source(source) -> Table:
    """A table of a file, or of a pandas DataFrame."""
    if hasattr(source, "columns"):
        names = [str(name) for name in source.columns]
        for name in names:
            if names.count(name) > 1:
                raise PolyheadError(f"the table: two columns are named '{name}'")
        whole = source.astype(object).where(source.notna(), None)
        columns = {str(name): whole[name].tolist() for name in source.columns}
        return Table("the table", columns, np.arange(1, len(source) + 1))
    return read_table(source, [], keep_all=True)


def read_series(
    source,
    columns: Columns,
    categories,
    frequency: Frequency,
    gap: int,
    zone: str | None,
    needed=None,
) -> tuple[list[Series], Unseen]:
    """The series of a file on the grid of the run, and categories it does not know.

    Args:
        source: a file, or a pandas DataFrame.
        columns, categories, frequency: the run's.
        gap: `spacing.usual_gap` of the rows that the run was trained on.
        zone: of their clock, to which others are set; None where it is not told.
        needed: the columns that must be there; all of them where None.

    Raises:
        PolyheadError: a column is missing, or the steps are not those of the run.
    """
    table = read_source(source)
    needed = columns.values if needed is None else needed
    check_header(table, columns, needed, "the run was trained on")
    frames = [in_zone(f, zone) for f in frames_of(table, columns, categories)]
    check_spacing(frames, frequency, gap, table.source, "the run was trained on")
    series = [make_series(frame, frequency, table.source) for frame in frames]
    return series, find_unseen(table, frames, columns, categories)


def split_by_length(
    series: list[Series], targets: int, look_back: int
) -> tuple[list[Series], list[str]]:
    """The series with a whole history, and the names of the others.

    All of them where none has one, so that `make_inputs` says what the first lacks.
    """
    long = [part for part in series if _known_steps(part, targets) >= look_back]
    if not long:
        return series, []
    kept = {part.name for part in long}
    return long, [part.name for part in series if part.name not in kept]


def describe_short(source: str, names: list[str], look_back: int) -> str:
    """The note on series that `split_by_length` left out."""
    return (
        f"{source}: series {list_some(names)}: fewer than {look_back} steps "
        "with a target, not forecast"
    )


def make_inputs(
    series: list[Series],
    future: dict[str, Series],
    columns: Columns,
    frequency: Frequency,
    look_back: int,
    horizon: int,
    sources: tuple[str, str],
    categories: Mapping[str, Sequence[str]] | None = None,
    unseen: Unseen | None = None,
) -> tuple[dict[str, np.ndarray], list[np.ndarray]]:
    """The model's inputs for the newest history of each series, and the steps ahead.

    Args:
        series: the histories; rows at their end that have no target count as future.
        future: name to the known-future covariates in a file of their own.
        columns, frequency: the run's.
        look_back, horizon: the run's.
        sources: of both files, for messages.
        categories: the run's, for messages.
        unseen: those that the run does not know, for messages.

    Raises:
        PolyheadError: a series is too short, or known-future covariates are missing;
            says of which series and time stamps.
    """
    targets, num_future = len(columns.targets), len(columns.future)
    history, starts, ahead, stamps = [], [], [], []
    for part in series:
        end = _known_steps(part, targets)
        if not end:
            raise PolyheadError(
                f"{sources[0]}:{_of(part)} no value of a target: fill them in"
            )
        if end < look_back:
            raise PolyheadError(
                f"{sources[0]}:{_of(part)} {end} steps with a target, but the run "
                f"looks back {look_back}: give more of the past"
            )
        history.append(part.values[end - look_back : end])
        steps = part.stamps(frequency, end + horizon)[end:]
        starts.append(split_stamps(steps[0]))
        stamps.append(steps)
        if num_future:
            given = future.get(part.name) if future else part
            source = sources[1] if future else sources[0]
            if given is not None:
                check_zones(part, given, source)
            values = _future_values(given, steps, frequency, num_future)
            if np.isnan(values).any():
                refuse_unseen(unseen or {}, part.name, steps, categories or {}, source)
                raise _missing_future(part, values, steps, columns, source)
            ahead.append(values)
    inputs = {
        "history": np.stack(history).astype(np.float32),
        "start": np.stack(starts).astype(np.int32),
    }
    if num_future:
        inputs["future"] = np.stack(ahead).astype(np.float32)
    return inputs, stamps


def _known_steps(part: Series, targets: int) -> int:
    """Steps up to the last that has a target."""
    seen = np.flatnonzero(~np.isnan(part.values[:, :targets]).all(axis=1))
    return int(seen[-1]) + 1 if len(seen) else 0


def _of(part: Series) -> str:
    return f" series '{part.name}':" if part.name else ""


def _future_values(given, steps, frequency, num_future):
    """`(H, future covariates)` of the steps; NaN for those that are missing."""
    found = np.full((len(steps), num_future), np.nan, np.float32)
    if given is not None:
        places = frequency.places(np.concatenate([[given.start], steps]))[1:]
        inside = (places >= 0) & (places < len(given))
        found[inside] = given.values[places[inside], -num_future:]
    return found


def _missing_future(part, values, steps, columns, source) -> PolyheadError:
    missing = np.isnan(values)
    lacking = missing.any(axis=0)
    names = ", ".join(n for n, no in zip(columns.future, lacking, strict=True) if no)
    of = f"series '{part.name}' at " if part.name else ""
    late = steps[missing.any(axis=1)]
    return PolyheadError(
        f"{source}: known-future covariates ({names}) are missing for {of}"
        f"{list_some(late)}: the forecast begins at {steps[0]} and needs {len(steps)} "
        "steps; add their rows without targets, or give them with --future"
    )
