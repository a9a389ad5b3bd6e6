"""Numbers in, their future out."""

from typing import NamedTuple

import numpy as np

from .errors import PolyheadError
from .model import Model

SECONDS = 86_400  # of a day


class Forecast(NamedTuple):
    """What is forecast, in the units of the history.

    Args:
        values: `(H, targets)`.
        quantiles: `(H, targets, levels)`, or None where the model has none.
        truncated: whether the history was longer than the file looks back.
    """

    values: np.ndarray
    quantiles: np.ndarray | None
    truncated: bool = False


class Forecaster:
    """A forecaster's file; see `polyhead.runtime.load`.

    Args:
        model: the file.

    Attributes:
        look_back: steps of history, L.
        horizon: steps that are forecast, H.
        history: names of the columns of the history: targets first.
        future: names of the columns that are known ahead.
        targets: names of the columns that are forecast.
        levels: of the quantiles.
        frequency: unit ("second", "month" or "business") and number of them in a
            step.

    Example:

    >>> import numpy as np
    >>> from polyhead import runtime
    >>> model = runtime.load("saved_models/co2/export/model_int8.tflite")
    >>> history = np.full((model.look_back, 1), 400.0)
    >>> model.predict(history, "2024-01-06").values.shape
    (52, 1)
    """

    def __init__(self, model: Model):
        self.model = model
        facts = model.facts
        self.history = tuple(facts["history"])
        self.future = tuple(facts["future"])
        self.targets = tuple(facts["targets"])
        self.levels = tuple(facts["quantiles"])
        self.frequency = tuple(facts["frequency"])
        self.look_back = model.inputs["history"][1]
        self.horizon = model.outputs["forecast"][1]

    def predict(self, history, start, future=None) -> Forecast:
        """Forecasts one series.

        Args:
            history: `(steps, columns)` the newest values, NaN for missing; of more
                than `look_back` the last count.
            start: time of the first forecast step: whatever `numpy.datetime64` takes.
            future: `(horizon, columns)` of the columns in `future`, where there are
                any.

        Raises:
            PolyheadError: shapes do not fit, a value is no number or too large, or
                the time is none; says which.
        """
        history = to_numbers("history", history)
        if history.ndim != 2 or history.shape[1] != len(self.history):
            raise PolyheadError(
                f"history has shape {history.shape}, but should have the columns "
                f"{', '.join(self.history)}"
            )
        if len(history) < self.look_back:
            raise PolyheadError(
                f"history has {len(history)} steps, but the model looks back "
                f"{self.look_back}: give more of the past"
            )
        inputs = {"history": history[None, -self.look_back :], "start": split(start)}
        if self.future:
            future = to_numbers("future", [] if future is None else future)
            if future.shape != (self.horizon, len(self.future)):
                raise PolyheadError(
                    f"future has shape {future.shape}, but should have "
                    f"{self.horizon} steps of {', '.join(self.future)}"
                )
            inputs["future"] = future[None]
        outputs = {name: array[0] for name, array in self.model(**inputs).items()}
        if not all(np.isfinite(array).all() for array in outputs.values()):
            raise PolyheadError(
                "the forecast is beyond float32: some values given are too large"
            )
        truncated = len(history) > self.look_back
        return Forecast(outputs["forecast"], outputs.get("quantiles"), truncated)


def to_numbers(name: str, values) -> np.ndarray:
    """Values as float32; `name` is what an error calls them."""
    try:
        with np.errstate(over="ignore"):
            numbers = np.asarray(values, np.float32)
    except (TypeError, ValueError) as error:
        raise PolyheadError(f"{name} is no table of numbers: {error}") from None
    if np.isinf(numbers).any():
        raise PolyheadError(f"{name} holds an infinite number, or one beyond float32")
    return numbers


def split(start) -> np.ndarray:
    """`(1, 2)` int32: day since 1970-01-01 and second of the day of a time."""
    try:
        time = np.datetime64(start, "s")
        if np.isnat(time):
            raise ValueError
        days, second = divmod(int(time.astype("int64")), SECONDS)
        return np.array([[days, second]], np.int32)
    except (OverflowError, TypeError, ValueError):
        raise PolyheadError(
            f"start is {start!r}, no time: give one such as 2024-01-31T12:00"
        ) from None
