"""The history that the demo page begins with: the newest of the run's own data."""

from pathlib import Path

import numpy as np

from ..common.errors import PolyheadError
from ..common.run.config import load_config
from .config import Config
from .series.assets import load_assets
from .series.frames import frames_of
from .series.joining import join_series
from .series.newest import Source, make_inputs
from .series.sources import read_tables


def read_example(folder: Path) -> dict:
    """The inputs of a forecast, as the .tflite file takes them.

    Args:
        folder: of a run that forecasts.

    Returns:
        `series` (its name), `start` (day and second of the first forecast step),
        `history` and `future` (rows of numbers, None for missing ones).

    Raises:
        PolyheadError: the run's data are gone, or no series is long enough.
    """
    config = load_config(Config, "forecasting", folder / "config.json")
    assets = load_assets(config, folder)
    columns, horizon = assets.columns, assets.horizon
    tables = read_tables(config)
    frames = {
        split: frames_of(table, columns, assets.categories)
        for split, table in tables.items()
    }
    series, _ = join_series(frames, tables, assets.frequency, assets.usual_gap)
    source = tables["train"].source
    steps = assets.look_back + (horizon if columns.future else 0)
    long = [one for one in series if len(one) >= steps]
    if not long:
        raise PolyheadError(f"{source}: no series has {steps} steps")
    if columns.future:
        # What is known ahead is surely known of steps that have passed.
        long[0].values[-horizon:, : len(columns.targets)] = np.nan
    inputs = make_inputs(assets, Source(source, long[:1])).inputs
    return {
        "series": long[0].name,
        "start": inputs["start"][0].tolist(),
        "history": _rows(inputs["history"][0]),
        "future": _rows(inputs["future"][0]) if columns.future else [],
    }


def _rows(values) -> list[list[float | None]]:
    """Numbers as short as float32 allows: 315.42, not 315.4200134."""
    return [[None if np.isnan(v) else float(str(v)) for v in row] for row in values]
