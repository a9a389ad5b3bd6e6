"""From new tables to the inputs of the model: the newest history of each series."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from polyhead.runtime.rounding import shorten

from ...common.alignment import list_some
from ...common.data.formats.numbers import describe_reading
from ...common.data.kept import read_kept
from ...common.data.tables import Table
from ...common.errors import PolyheadError
from ...common.run.config import load_config
from ..config import Config
from .columns import check_header
from .dataset import Assets, load_assets
from .frames import Frame, frames_of, is_missing
from .frequency import split_stamps
from .report import find_rounded, notes_on
from .series import Series, check_spacing, check_zones, join_series, make_series
from .sources import read_rows, read_tables
from .stamps import bad_field

NAMED = 5  # known categories that a message lists
KEPT = 4  # kept windows among the examples of a page


@dataclass(frozen=True)
class Source:
    """Series of one table, on the grid of the run."""

    name: str  # of the table, for messages
    series: list[Series]
    table: Table | None = None  # whose rows messages name; None for the run's own data
    frames: Sequence[Frame] = ()


class Newest(NamedTuple):
    """Names of the series, the model's inputs, what is ahead of each, and notes."""

    names: list[str]
    inputs: dict[str, np.ndarray]
    stamps: list[np.ndarray]
    zones: list[str | None]  # of the stamps, if known
    notes: list[str]


def read_source(assets: Assets, source: Any, future: bool = False) -> Source:
    """Reads a file, or rows from Python, and lays it on the grid of the run.

    With `future`, the columns of the known-future covariates suffice.
    """
    table, columns, trained = (
        read_rows(source),
        assets.columns,
        "the run was trained on",
    )
    needed = columns.future if future else columns.values
    check_header(table, columns, needed, trained)
    frequency, gap = assets.frequency, assets.usual_gap
    frames = frames_of(table, columns, assets.categories, frequency, assets.zone)
    check_spacing(frames, frequency, gap, table.source, trained)
    series = [make_series(frame, frequency, table.source) for frame in frames]
    return Source(table.source, series, table, frames)


def make_inputs(assets: Assets, source: Source, future: Source | None = None) -> Newest:
    """The model's inputs for the newest history of each series.

    Series that are too short are left out, with a note. Rows at the end of `source`
    that have no target count as future, where `future` is no table of its own.
    """
    look_back = assets.look_back
    targets = len(assets.columns.targets)
    ends = {one.name: one.known_steps(targets) for one in source.series}
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
    notes = notes_on(series)
    rounded = find_rounded(source.frames, assets.columns, assets.categories)
    notes += [f"{source.name}: {text}" for text in rounded.values()]
    numbers = [x for x in assets.columns.values if x not in assets.categories]
    notes += describe_reading(source.table, numbers) if source.table else []
    if len(ends) > len(names):
        short = list_some([name for name in ends if name not in names])
        notes.append(
            f"{source.name}: series {short}: fewer than {look_back} steps with a "
            "target, not forecast"
        )
    stamps, history = [], []
    for one in series:
        end = ends[one.name]
        stamps.append(one.stamps(assets.frequency, end + assets.horizon)[end:])
        history.append(one.values[end - look_back : end])
    start = [split_stamps(steps[0]) for steps in stamps]
    inputs = {"history": np.stack(history), "start": np.stack(start)}
    if assets.columns.future:
        known, pairs = future or source, zip(series, stamps, strict=True)
        ahead = {one.name: one for one in known.series}
        values = [_future_values(assets, *pair, ahead, known) for pair in pairs]
        inputs["future"] = np.stack(values)
    return Newest(names, inputs, stamps, [one.zone for one in series], notes)


def _future_values(assets, series, steps, ahead, source) -> np.ndarray:
    """`(H, future covariates)` of the steps ahead, from the series `ahead` by name."""
    names, frequency = assets.columns.future, assets.frequency
    given = ahead.get(series.name)
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


def read_examples(folder: Path, most: int = 12) -> list[dict]:
    """What the demo page offers, and begins with: histories of the run's own data.

    First the newest of each series, then windows that the run keeps, the last of them
    first. As the .tflite file takes them: `series` (its name), `start` (day and second
    of the first forecast step), `history` and `future` (rows of numbers, None for
    missing).
    """
    config = load_config(Config, "forecasting", folder / "config.json")
    kept, found = read_kept(folder, "forecasting"), []
    try:
        newest = _read_newest(config, folder, most)
        for row, name in enumerate(newest.names):
            found.append((name, {k: v[row] for k, v in newest.inputs.items()}))
    except PolyheadError:
        if kept is None:
            raise
    if kept is not None:
        for row in range(kept.rows - 1, -1, -max(1, kept.rows // KEPT))[:KEPT]:
            found.append(("", {k: v[row] for k, v in kept.arrays.items()}))
    return [
        {
            "series": name,
            "start": inputs["start"].tolist(),
            "history": _rows(inputs["history"]),
            "future": _rows(inputs["future"]) if "future" in inputs else [],
        }
        for name, inputs in found
    ]


def _read_newest(config: Config, folder: Path, most: int) -> Newest:
    """The newest inputs of the first series that are long enough."""
    assets = load_assets(config, folder)
    columns, horizon = assets.columns, assets.horizon
    tables = read_tables(config)
    clock = assets.frequency, assets.zone
    frames = {
        split: frames_of(table, columns, assets.categories, *clock)
        for split, table in tables.items()
    }
    series, _ = join_series(frames, tables, assets.frequency, assets.usual_gap)
    source = tables["train"].source
    steps = assets.look_back + (horizon if columns.future else 0)
    long = [one for one in series if len(one) >= steps][:most]
    if not long:
        raise PolyheadError(f"{source}: no series has {steps} steps")
    for one in long if columns.future else ():
        # What is known ahead is surely known of steps that have passed.
        one.values[-horizon:, : len(columns.targets)] = np.nan
    return make_inputs(assets, Source(source, long))


def _rows(values) -> list[list[float | None]]:
    """Numbers as short as float32 allows: 315.42, not 315.4200134."""
    return [[None if np.isnan(v) else shorten(v) for v in row] for row in values]
