"""From new tables to the inputs of the model: the newest history of each series."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ...common.alignment import list_some
from ...common.data.tables import Table, read_table
from ...common.errors import PolyheadError
from .assets import Assets
from .frames import Frame, check_header, frames_of, in_zone, is_missing
from .frequency import split_stamps
from .joining import check_spacing
from .series import Series, check_zones, make_series
from .stamps import bad_field

NAMED = 5  # known categories that a message lists


@dataclass(frozen=True)
class Source:
    """Series of one table, on the grid of the run.

    Args:
        name: of the table, for messages.
        series: its series.
        table, frames: its rows, which messages name; absent for the run's own data.
    """

    name: str
    series: list[Series]
    table: Table | None = None
    frames: Sequence[Frame] = ()


class Newest(NamedTuple):
    """Names of the series, the model's inputs, the stamps ahead of each, and notes."""

    names: list[str]
    inputs: dict[str, np.ndarray]
    stamps: list[np.ndarray]
    notes: list[str]


def read_source(assets: Assets, source: Any, future: bool = False) -> Source:
    """Reads a table and lays it on the grid of the run.

    Args:
        assets: of the run.
        source: a file, or a pandas DataFrame.
        future: whether the known-future covariates suffice.

    Raises:
        PolyheadError: a column is missing, or the steps are not those of the run.
    """
    table, columns, trained = to_table(source), assets.columns, "the run was trained on"
    needed = columns.future if future else columns.values
    check_header(table, columns, needed, trained)
    frames = frames_of(table, columns, assets.categories)
    frames = [in_zone(frame, assets.zone) for frame in frames]
    frequency, gap = assets.frequency, assets.usual_gap
    check_spacing(frames, frequency, gap, table.source, trained)
    series = [make_series(frame, frequency, table.source) for frame in frames]
    return Source(table.source, series, table, frames)


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


def make_inputs(assets: Assets, source: Source, future: Source | None = None) -> Newest:
    """The model's inputs for the newest history of each series.

    Series that are too short are left out, with a note.

    Args:
        assets: of the run.
        source: the histories; rows at their end that have no target count as future.
        future: the known-future covariates, where they are in a table of their own.

    Raises:
        PolyheadError: all series are too short, or known-future covariates are missing;
            names the series and time stamps.
    """
    look_back, num_future = assets.look_back, len(assets.columns.future)
    ends = {one.name: _known_steps(one, assets) for one in source.series}
    series = [one for one in source.series if ends[one.name] >= max(look_back, 1)]
    if not series:
        name, end = next(iter(ends.items()))
        of = f" series '{name}':" if name else ""
        what = "no value of a target: fill them in"
        if end:
            what = f"{end} steps with a target, but the run looks back {look_back}: "
            what += "give more of the past"
        raise PolyheadError(f"{source.name}:{of} {what}")
    names = [one.name for one in series]
    notes = list(dict.fromkeys(one.note for one in series if one.note))
    if len(ends) > len(names):
        short = list_some([name for name in ends if name not in names])
        notes.append(
            f"{source.name}: series {short}: fewer than {look_back} steps with a "
            "target, not forecast"
        )
    ahead = {one.name: one for one in (future or source).series}
    stamps: list[np.ndarray] = []
    kinds = ("history", "start", "future") if num_future else ("history", "start")
    inputs: dict[str, list] = {kind: [] for kind in kinds}
    for one in series:
        end = ends[one.name]
        steps = one.stamps(assets.frequency, end + assets.horizon)[end:]
        stamps.append(steps)
        inputs["history"].append(one.values[end - look_back : end])
        inputs["start"].append(split_stamps(steps[0]))
        if num_future:
            given = ahead.get(one.name)
            values = _future_values(assets, one, given, steps, future or source)
            inputs["future"].append(values)
    arrays = {name: np.stack(values) for name, values in inputs.items()}
    return Newest(names, arrays, stamps, notes)


def _known_steps(series: Series, assets: Assets) -> int:
    """Steps up to the last that has a target."""
    targets = series.values[:, : len(assets.columns.targets)]
    known = np.flatnonzero(~np.isnan(targets).all(axis=1))
    return int(known[-1]) + 1 if len(known) else 0


def _future_values(assets, series, given, steps, source) -> np.ndarray:
    """`(H, future covariates)` of the steps ahead, from the series `given`."""
    names, frequency = assets.columns.future, assets.frequency
    values = np.full((len(steps), len(names)), np.nan, np.float32)
    if given is not None:
        check_zones(series, given, source.name)
        places = frequency.places(np.concatenate([[given.start], steps]))[1:]
        inside = (places >= 0) & (places < len(given))
        values[inside] = given.values[places[inside], -len(names) :]
    missing = np.isnan(values)
    if missing.any():
        _refuse_unseen(assets, source, series.name, steps)
        lacking = [names[place] for place in np.flatnonzero(missing.any(axis=0))]
        of = f"series '{series.name}' at " if series.name else ""
        of += list_some(list(steps[missing.any(axis=1)]))
        raise PolyheadError(
            f"{source.name}: known-future covariates ({', '.join(lacking)}) are "
            f"missing for {of}: the forecast begins at {steps[0]} and needs "
            f"{len(steps)} steps; add their rows without targets, or give them with "
            "--future"
        )
    return values


def _refuse_unseen(assets: Assets, source: Source, series: str, steps) -> None:
    """Refuses the first step ahead whose category is not in the training rows."""
    table = source.table
    frame = next((f for f in source.frames if f.name == series), None)
    if table is None or frame is None:
        return
    for stamp, row in zip(frame.stamps, frame.rows, strict=True):
        for name in assets.columns.future if stamp in steps else ():
            known, column = assets.categories.get(name), table.columns.get(name)
            if known is None or column is None:
                continue
            at = int(np.searchsorted(table.rows, row))
            if not is_missing(column[at]) and str(column[at]).strip() not in known:
                what = "is none of the categories that were trained on"
                what += f": {list_some(known, NAMED)}: give one of them"
                raise bad_field(table, name, at, what)
