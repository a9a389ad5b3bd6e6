"""What a forecaster keeps of its data, and rows of another file in their place."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..common.data.kept import BUDGET, FEWEST, Kept
from ..common.data.known_rows import BEFORE
from ..common.errors import PolyheadError
from .config import Config
from .data import load_data
from .defaults.lengths import known_cycles
from .scoring.scores import seasonal_errors
from .series import dataset as series_dataset
from .series.dataset import Assets, Dataset
from .series.known import count_trained, trained_ends
from .series.newest import Source, read_source
from .series.report import describe, find_rounded, notes_on
from .series.windows import Window, Windows, spaced

_NOT_INPUTS = ("truth", "series", "places", "spread")  # of a `Window`


def make_assets(config: Config, dataset: Dataset, path: Path | None = None) -> Assets:
    """The assets of a new run, with what scales the errors of each series."""
    assets = series_dataset.make_assets(config, dataset, path)
    windows = Windows(dataset, assets.look_back, assets.horizon)
    names = [one.name for one in dataset.series]
    values = windows.spreads.tolist(), seasonal_errors(dataset).tolist()
    spreads, errors = (dict(zip(names, rows, strict=True)) for rows in values)
    return replace(assets, spreads=spreads, seasonal_errors=errors)


def keep(config: Config, windows: Windows, count: int) -> Kept:
    """Held-out windows, spaced evenly, the last among them."""
    split = windows.dataset.held_out
    chosen = windows.find(split)
    one = windows.take(chosen[-1:])
    size = sum(array.nbytes for array in (*one.inputs.values(), one.truth))
    window = windows.take(spaced(chosen, min(count, max(FEWEST, BUDGET // size))))
    arrays = window.inputs | {name: getattr(window, name) for name in _NOT_INPUTS}
    return Kept(split, len(window.truth), len(chosen), None, arrays=arrays)


def window_of(kept: Kept) -> Window:
    """The windows that `keep` has kept."""
    inputs = {k: v for k, v in kept.arrays.items() if k not in _NOT_INPUTS}
    return Window(inputs, **{name: kept.arrays[name] for name in _NOT_INPUTS})


def examples(run: Any, kept: Kept, count: int) -> Callable:
    """Held-out windows: a function gives them as a .tflite file takes them."""
    inputs = window_of(kept).inputs
    rows = spaced(np.arange(kept.rows), count)
    return lambda model: {name: array[rows] for name, array in inputs.items()}


def load_later(run: Any, test: Any) -> Windows:
    """Rows that follow the run's own; alone if those are not here, with a note."""
    run.notes = []
    if run.find_data() is None:
        return load_test(run, test)
    dataset = load_data(run.config, run.known, test)
    run.notes = list(dataset.report["notes"])
    return run.windows(dataset)


def load_test(run: Any, test: Any) -> Windows:
    """The windows inside the rows of another file; needs no other data.

    Rows that the run was trained on are of use as history alone. Errors are scaled as
    in training, by what the run keeps of each series.
    """
    assets, source = run.assets, read_source(run.assets, test)
    targets = len(assets.columns.targets)
    # Steps at the end that have no target are the future.
    ends = np.array([one.known_steps(targets) or len(one) for one in source.series])
    run.notes += notes_on(source.series)
    begins = np.zeros_like(ends)
    if run.known.rows:
        known, given = run.known.rows, (source.series, assets.frequency)
        # Choices were made, and quantiles calibrated, on the steps of validation.
        begins = trained_ends(known, *given, ("train", BEFORE, "validation"))
        count = count_trained(known, *given)
        run.notes.append(
            f"{source.name}: {count:,} of its {ends.sum():,} steps were trained on; "
            f"{begins.sum():,}, to the last of validation, are not scored"
        )
        if (begins == ends).all():
            raise PolyheadError(f"{run.notes[-1]}: give rows that follow them")
    dataset = Dataset(
        assets.columns,
        assets.categories,
        assets.frequency,
        source.series,
        {"test": ends},
        {},
        assets.usual_gap,
        test_begins=begins,
        scales=_find_scales(run, source),
        silent=assets.silent,
        cycles=known_cycles(run.config),
        mase_season=run.config.mase_season,
    )
    rounded = find_rounded(source.frames, assets.columns, assets.categories)
    report = describe(dataset, {"test": source.name}, rounded)
    return run.windows(replace(dataset, report=report))


def _find_scales(run: Any, source: Source) -> tuple[np.ndarray, np.ndarray]:
    """Spreads and seasonal errors `(series, T)` of training, of the series of a file.

    A run of version 0.2 or before has only the scale of its model, which for one series
    is its spread; then mase is not known.
    """
    known, count = run.assets.spreads, len(run.columns.targets)
    if not known:
        scale = np.asarray(run.model.scale, np.float64)[:count]
        if len(source.series) > 1:
            run.notes.append("errors are in units of all series, not of each")
        spreads = np.tile(scale, (len(source.series), 1))
        return spreads, np.zeros_like(spreads)
    for frame in source.frames:
        if frame.name not in known:
            raise PolyheadError(
                f"{source.name}: row {frame.rows[0]}: series '{frame.name}' is not in "
                "the data of training: remove it"
            )
    names = [one.name for one in source.series]
    tables = known, run.assets.seasonal_errors
    spreads, errors = (np.array([by[name] for name in names]) for by in tables)
    return spreads, errors
