"""Numbers in, their future out."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .errors import PolyheadError
from .model import Model
from .rounding import describe_rounding

SECONDS_PER_DAY = 86_400


class Forecast(NamedTuple):
    """A forecast, in the units of the history.

    Args:
        values: `(H, targets)`, NaN where there is no forecast.
        quantiles: `(H, targets, levels)`, or None if the model has none.
        truncated: whether the history was longer than `look_back`.
        notes: why there is no forecast, or what float32 does to the history; a line a
            target.
    """

    values: np.ndarray
    quantiles: np.ndarray | None
    truncated: bool = False
    notes: tuple[str, ...] = ()


class Forecaster:
    """An exported forecaster; see `polyhead.runtime.load`.

    Args:
        model: the file.

    Attributes:
        look_back: number of steps of history, L.
        horizon: number of steps that are forecast, H.
        history: names of the history's columns, the targets first.
        future: names of the columns that are known ahead.
        targets: names of the columns that are forecast.
        levels: levels of the quantiles.
        frequency: unit of time ("second", "month", "business" or "microsecond") and how
            many of them make a step.

    Example:

    >>> import numpy as np
    >>> from polyhead import runtime
    >>> model = runtime.load("saved_models/co2/export/model_int8.tflite")
    >>> history = np.full((model.look_back, 1), 400.0)
    >>> model.predict(history, "2024-01-06").values.shape
    (52, 1)
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        facts = model.facts
        self.history = tuple(facts["history"])
        self.future = tuple(facts["future"])
        self.targets = tuple(facts["targets"])
        self.levels = tuple(facts["quantiles"])
        self.frequency = tuple(facts["frequency"])
        self.silent = dict(facts.get("silent", {}))
        self.look_back = model.inputs["history"][1]
        self.horizon = model.outputs["forecast"][1]

    def predict(
        self,
        history: ArrayLike,
        start: str | date | np.datetime64,
        future: ArrayLike | None = None,
    ) -> Forecast:
        """Forecasts one series.

        Args:
            history: `(steps, columns)`, NaN for missing values. Only the last
                `look_back` steps are read.
            start: time of the first forecast step.
            future: `(horizon, columns)`, the values of the columns in `self.future`.

        Raises:
            PolyheadError: a shape does not fit, a value is not a number or too large,
                or `start` is not a time.
        """
        past = to_numbers("history", history)
        if past.ndim != 2 or past.shape[1] != len(self.history):
            raise PolyheadError(
                f"history has shape {past.shape}, but should have the columns "
                f"{', '.join(self.history)}"
            )
        if len(past) < self.look_back:
            raise PolyheadError(
                f"history has {len(past)} steps, but the model looks back "
                f"{self.look_back}: give more of the past"
            )
        inputs = {"history": past[None, -self.look_back :], "start": split_time(start)}
        if self.future:
            ahead = to_numbers("future", [] if future is None else future)
            if ahead.shape != (self.horizon, len(self.future)):
                raise PolyheadError(
                    f"future has shape {ahead.shape}, but should have "
                    f"{self.horizon} steps of {', '.join(self.future)}"
                )
            inputs["future"] = ahead[None]
        outputs = {name: array[0] for name, array in self.model(**inputs).items()}
        values, quantiles = outputs["forecast"], outputs.get("quantiles")
        read = inputs["history"][0, :, : len(self.targets)]
        is_silent = self._find_silent(inputs, values)
        notes = explain_missing(self.targets, read, values, self.silent, is_silent)
        may_be_nan = is_silent | np.isnan(read).all(axis=0)
        _refuse_infinite(values, may_be_nan)
        if quantiles is not None:
            _refuse_infinite(quantiles, may_be_nan[..., None])
        numbers = np.asarray(history, np.float64)[-self.look_back :]
        for place, name in enumerate(self.history):
            lost = describe_rounding(numbers[:, place])
            notes += [f"{name}: {lost}"] if lost else []
        truncated = len(past) > self.look_back
        return Forecast(values, quantiles, truncated, tuple(notes))

    def predict_batch(
        self,
        histories: Sequence[ArrayLike],
        starts: str | date | np.datetime64 | Sequence[str | date | np.datetime64],
        futures: Sequence[ArrayLike] | None = None,
    ) -> list[Forecast]:
        """Forecasts several series, one by one.

        Args:
            histories: the history of each series; see `predict`.
            starts: time of the first forecast step of each series, or one for all.
            futures: the values of the columns in `self.future` of each series.

        Returns:
            A `Forecast` for each series.

        Raises:
            PolyheadError: the arguments have unequal lengths, or a series is no good:
                the message begins with its place, counted from 1.
        """
        count = len(histories)
        if isinstance(starts, str | date | np.datetime64):
            starts = [starts] * count
        ahead = [None] * count if futures is None else futures
        for name, given in (("starts", starts), ("futures", ahead)):
            if len(given) != count:
                raise PolyheadError(
                    f"{name} has {len(given)} entries for {count} histories: give one "
                    "for each"
                )
        forecasts = []
        rows = zip(histories, starts, ahead, strict=True)
        for number, (history, start, future) in enumerate(rows, 1):
            try:
                forecasts.append(self.predict(history, start, future))
            except PolyheadError as error:
                raise type(error)(f"series {number}: {error}") from None
        return forecasts

    def _find_silent(self, inputs: Mapping, values: np.ndarray) -> np.ndarray:
        """Which steps have no forecast whatever the history is, `(H, targets)`."""
        if not self.silent or not np.isnan(values).any():
            return np.zeros(values.shape, bool)
        zeros = {name: np.zeros_like(array) for name, array in inputs.items()}
        calm = self.model(**{**zeros, "start": inputs["start"]})
        return np.isnan(calm["forecast"][0])


def explain_missing(
    targets: Sequence[str],
    history: np.ndarray,
    values: np.ndarray,
    silent: Mapping[str, Sequence[str]],
    is_silent: np.ndarray,
) -> list[str]:
    """Why targets have no forecast, a line each.

    Args:
        targets: names.
        history: `(L, targets)`, what the forecast was made from.
        values: `(H, targets)`, the forecast.
        silent: names of the hours, weekdays or months at which a target never had a
            value in training.
        is_silent: `(H, targets)`, which steps of the forecast are there.
    """
    notes = []
    for place, name in enumerate(targets):
        is_missing = np.isnan(values[:, place])
        if np.isnan(history[:, place]).all():
            made = f"the {len(history)} steps that it is made from have no value"
            if is_missing.any():
                notes.append(f"{name}: no forecast: {made}")
            else:  # a model of version 0.1.0
                notes.append(f"{name}: its forecast and interval mean nothing: {made}")
        elif (~np.isfinite(values[:, place]) & ~is_silent[:, place]).any():
            notes.append(
                f"{name}: no forecast: it is beyond float32: some values given are too "
                "large"
            )
        elif (is_missing & is_silent[:, place]).any():
            notes.append(
                f"{name}: no forecast at {', '.join(silent[name])}: training never has "
                "a value there"
            )
    return notes


def _refuse_infinite(array: np.ndarray, may_be_nan: np.ndarray) -> None:
    if (np.isinf(array) | (np.isnan(array) & ~may_be_nan)).any():
        raise PolyheadError(
            "the forecast is beyond float32: some values given are too large"
        )


def to_numbers(name: str, values: ArrayLike) -> np.ndarray:
    """Values as float32; an error calls them `name`."""
    try:
        with np.errstate(over="ignore"):
            numbers = np.asarray(values, np.float32)
    except (TypeError, ValueError) as error:
        raise PolyheadError(f"{name} is no table of numbers: {error}") from None
    if np.isinf(numbers).any():
        raise PolyheadError(f"{name} holds an infinite number, or one beyond float32")
    return numbers


def split_time(start: Any) -> np.ndarray:
    """A time as days since 1970-01-01 and second of the day: int32 `(1, 2)`."""
    try:
        time = np.datetime64(start, "s")
        if np.isnat(time):
            raise ValueError
        days, second = divmod(int(time.astype("int64")), SECONDS_PER_DAY)
        return np.array([[days, second]], np.int32)
    except (OverflowError, TypeError, ValueError):
        raise PolyheadError(
            f"start is {start!r}, no time: give one such as 2024-01-31T12:00"
        ) from None
