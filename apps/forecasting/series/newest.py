"""From new tables to the inputs of the model: the newest history of each series."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...common.alignment import list_some
from ...common.data.tables import Table, read_table
from ...common.errors import PolyheadError
from .assets import Assets
from .frames import check_header, frames_of, in_zone
from .frequency import split_stamps
from .series import Series, check_zones, make_series
from .spacing import check_spacing
from .unseen import Unseen, find_unseen, refuse_unseen


@dataclass(frozen=True)
class Source:
    """Series of one table.

    Args:
        name: of the table, for messages.
        series: on the grid of the run.
        unseen: categories that the run does not know.
    """

    name: str
    series: list[Series]
    unseen: Unseen = field(default_factory=dict)


def read_source(assets: Assets, source: Any, future: bool = False) -> Source:
    """Reads a table and lays it on the grid of the run.

    Args:
        assets: of the run.
        source: a file, or a pandas DataFrame.
        future: whether only the known-future covariates have to be in it.

    Raises:
        PolyheadError: a column is missing, or the steps are not those of the run.
    """
    table, columns = to_table(source), assets.columns
    needed = columns.future if future else columns.values
    check_header(table, columns, needed, "the run was trained on")
    frames = [
        in_zone(frame, assets.zone)
        for frame in frames_of(table, columns, assets.categories)
    ]
    frequency, gap = assets.frequency, assets.usual_gap
    check_spacing(frames, frequency, gap, table.source, "the run was trained on")
    series = [make_series(frame, frequency, table.source) for frame in frames]
    unseen = find_unseen(table, frames, columns, assets.categories)
    return Source(table.source, series, unseen)


def to_table(source: Any) -> Table:
    """A table of a file, or of a pandas DataFrame."""
    if not hasattr(source, "columns"):
        return read_table(source, [], keep_all=True)
    names = [str(name) for name in source.columns]
    for name in names:
        if names.count(name) > 1:
            raise PolyheadError(f"the table: two columns are named '{name}'")
    whole = source.astype(object).where(source.notna(), None)
    columns = {str(name): whole[name].tolist() for name in source.columns}
    return Table("the table", columns, np.arange(1, len(source) + 1))


def drop_short(assets: Assets, source: Source) -> tuple[list[Series], list[str]]:
    """The series with a whole history, and notes for the user.

    All series where none has a whole history, so that `make_inputs` names the first.
    """
    look_back = assets.look_back
    long = [one for one in source.series if _known_steps(one, assets) >= look_back]
    series = long or source.series
    kept = {one.name for one in series}
    short = [one.name for one in source.series if one.name not in kept]
    notes = list(dict.fromkeys(one.note for one in series if one.note))
    if short:
        notes.append(
            f"{source.name}: series {list_some(short)}: fewer than {look_back} steps "
            "with a target, not forecast"
        )
    return series, notes


def make_inputs(
    assets: Assets, series: list[Series], source: Source, future: Source | None = None
) -> tuple[dict[str, np.ndarray], list[np.ndarray]]:
    """The model's inputs for the newest history of each series, and the steps ahead.

    Args:
        assets: of the run.
        series: the histories; rows at their end that have no target count as future.
        source: where they are from.
        future: the known-future covariates, where they are in a table of their own.

    Raises:
        PolyheadError: a series is too short, or known-future covariates are missing;
            names the series and time stamps.
    """
    look_back, num_future = assets.look_back, len(assets.columns.future)
    following = {one.name: one for one in future.series} if future else {}
    history, starts, ahead, stamps = [], [], [], []
    for one in series:
        end = _known_steps(one, assets)
        if end < max(look_back, 1):
            raise _too_short(one, end, look_back, source.name)
        history.append(one.values[end - look_back : end])
        steps = one.stamps(assets.frequency, end + assets.horizon)[end:]
        starts.append(split_stamps(steps[0]))
        stamps.append(steps)
        if num_future:
            given = following.get(one.name) if future else one
            ahead.append(_future_values(assets, one, given, steps, future or source))
    inputs = {
        "history": np.stack(history).astype(np.float32),
        "start": np.stack(starts).astype(np.int32),
    }
    if num_future:
        inputs["future"] = np.stack(ahead).astype(np.float32)
    return inputs, stamps


def _known_steps(series: Series, assets: Assets) -> int:
    """Steps up to the last that has a target."""
    targets = series.values[:, : len(assets.columns.targets)]
    known = np.flatnonzero(~np.isnan(targets).all(axis=1))
    return int(known[-1]) + 1 if len(known) else 0


def _too_short(series: Series, steps: int, look_back: int, source: str):
    name = f" series '{series.name}':" if series.name else ""
    if not steps:
        return PolyheadError(f"{source}:{name} no value of a target: fill them in")
    return PolyheadError(
        f"{source}:{name} {steps} steps with a target, but the run looks back "
        f"{look_back}: give more of the past"
    )


def _future_values(
    assets: Assets,
    series: Series,
    given: Series | None,
    steps: np.ndarray,
    source: Source,
) -> np.ndarray:
    """`(H, future covariates)` of the steps ahead, from the series `given`."""
    names = assets.columns.future
    values = np.full((len(steps), len(names)), np.nan, np.float32)
    if given is not None:
        check_zones(series, given, source.name)
        stamps = np.concatenate([[given.start], steps])
        places = assets.frequency.places(stamps)[1:]
        inside = (places >= 0) & (places < len(given))
        values[inside] = given.values[places[inside], -len(names) :]
    missing = np.isnan(values)
    if missing.any():
        known = assets.categories
        refuse_unseen(source.unseen, series.name, steps, known, source.name)
        lacking = [names[place] for place in np.flatnonzero(missing.any(axis=0))]
        of = f"series '{series.name}' at " if series.name else ""
        late = list(steps[missing.any(axis=1)])
        raise PolyheadError(
            f"{source.name}: known-future covariates ({', '.join(lacking)}) are missing "
            f"for {of}{list_some(late)}: the forecast begins at {steps[0]} and needs "
            f"{len(steps)} steps; add their rows without targets, or give them with "
            "--future"
        )
    return values
