"""The history that the demo page begins with: the newest of the run's own data."""

from pathlib import Path

import numpy as np

from ...common.data.tables import Table
from ...common.errors import PolyheadError
from ...common.run.config import load_config
from ..config import Config
from ..sources import read_tables
from .assets import Assets, load_assets
from .frames import frames_of
from .newest import Source, make_inputs
from .series import Series, append, make_series


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
    source = tables["train"].source
    steps = assets.look_back + (horizon if columns.future else 0)
    long = [one for one in _join(assets, tables) if len(one) >= steps]
    if not long:
        raise PolyheadError(f"{source}: no series has {steps} steps")
    if columns.future:
        # What is known ahead is surely known of steps that have passed.
        long[0].values[-horizon:, : len(columns.targets)] = np.nan
    inputs, _ = make_inputs(assets, long[:1], Source(source, long))
    return {
        "series": long[0].name,
        "start": inputs["start"][0].tolist(),
        "history": _rows(inputs["history"][0]),
        "future": _rows(inputs["future"][0]) if columns.future else [],
    }


def _join(assets: Assets, tables: dict[str, Table]) -> list[Series]:
    """The series of training, with what validation and test add to them."""
    joined: dict[str, Series] = {}
    for table in tables.values():
        for frame in frames_of(table, assets.columns, assets.categories):
            series = make_series(frame, assets.frequency, table.source)
            if frame.name in joined:
                before = joined[frame.name]
                series = append(before, series, assets.frequency, table.source)
            joined[frame.name] = series
    return list(joined.values())


def _rows(values) -> list[list[float | None]]:
    """Numbers as short as float32 allows: 315.42, not 315.4200134."""
    return [[None if np.isnan(v) else float(str(v)) for v in row] for row in values]
