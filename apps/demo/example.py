"""A history that a forecaster's page begins with: the newest of the run's own data."""

from pathlib import Path
from typing import Any

import numpy as np

from ..common.errors import PolyheadError
from ..common.files import read_json
from ..common.run.config import load_config
from ..forecasting.config import Config
from ..forecasting.predicting import make_inputs
from ..forecasting.series.frames import Columns, frames_of
from ..forecasting.series.frequency import Frequency
from ..forecasting.series.series import Series, append, make_series
from ..forecasting.sources import read_tables
from .facts import RETRAIN


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
    known = read_json(folder / "columns.json", RETRAIN)
    parts: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in known["columns"].items()
    }
    columns, frequency = Columns(**parts), Frequency(*known["frequency"])
    look_back, horizon = config.look_back or 0, config.horizon or 0
    tables = read_tables(config)
    source = tables["train"].source
    needed = look_back + (horizon if columns.future else 0)
    series = _join(tables, columns, known["categories"], frequency)
    long = [part for part in series if len(part) >= needed]
    if not long:
        raise PolyheadError(f"{source}: no series has {needed} steps")
    if columns.future:
        # What is known ahead is surely known of steps that have passed.
        long[0].values[-horizon:, : len(columns.targets)] = np.nan
    inputs, _ = make_inputs(
        long[:1], {}, columns, frequency, look_back, horizon, (source, source)
    )
    return {
        "series": long[0].name,
        "start": inputs["start"][0].tolist(),
        "history": _rows(inputs["history"][0]),
        "future": _rows(inputs["future"][0]) if columns.future else [],
    }


def _join(tables, columns, categories, frequency) -> list[Series]:
    """The series of training, with what validation and test add to them."""
    joined: dict[str, Series] = {}
    for table in tables.values():
        for frame in frames_of(table, columns, categories):
            series = make_series(frame, frequency, table.source)
            if frame.name in joined:
                series = append(joined[frame.name], series, frequency, table.source)
            joined[frame.name] = series
    return list(joined.values())


def _rows(values) -> list[list[float | None]]:
    """Numbers as short as float32 allows: 315.42, not 315.4200134."""
    return [[None if np.isnan(v) else float(str(v)) for v in row] for row in values]
