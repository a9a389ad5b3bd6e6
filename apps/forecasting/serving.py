"""The trained forecaster as one pure function, for Python, SavedModel and TFLite."""

from collections.abc import Mapping
from functools import cached_property, partial

import keras
import numpy as np
from keras import ops

from ..common.run.compiled import CompiledFunction
from .networks.model import Forecaster
from .networks.quantiles import central

BATCH = 256


class Serving:
    """History in, forecast out: a pure function of weights and inputs.

    `Forecaster` describes the inputs and `Forecaster.forecast` the results, which are
    float32, in the units of the data. There are no tables.
    """

    def __init__(self, model: Forecaster):
        if model.compute_dtype != "float32":
            raise ValueError(
                f"The model computes in {model.compute_dtype}; build it in float32 "
                "from the weights."
            )
        self.model = model
        self.weights = [ops.convert_to_numpy(weight) for weight in model.weights]

    def __call__(self, weights, tables, **inputs):
        with self._scope(weights):
            return self.model.forecast(inputs)

    def _scope(self, weights):
        values = list(zip(self.model.weights, weights, strict=True))
        return keras.StatelessScope(state_mapping=values)

    def _run_parts(self, inputs):
        model, s = self.model, self.model.settings
        y, level, scale, _ = model.run(inputs)
        middle = ops.expand_dims(central(y, s["levels"]), 1)
        spread = model.spread_of(inputs, level, scale)
        base = middle * scale + level + (model.quantiles_of(y) - middle) * spread
        return {"base": ops.transpose(base, (0, 3, 2, 1)), "scale": spread[:, :, :, 0]}

    def signature(self) -> dict[str, tuple]:
        """Name of each input -> shape and type."""
        s = self.model.settings
        columns = s["num_targets"] + s["num_past"] + s["num_future"]
        shapes = {"history": (None, s["look_back"], columns), "start": (None, 2)}
        if s["num_future"]:
            shapes["future"] = (None, s["horizon"], s["num_future"])
        types = {"start": "int32"}
        return {n: (shape, types.get(n, "float32")) for n, shape in shapes.items()}

    def _compile(self, function):
        def run(weights, *arrays):
            inputs = dict(zip(self.signature(), arrays, strict=True))
            with self._scope(weights):
                return function(inputs)

        return CompiledFunction(run, self.weights, list(self.signature().values()))

    @cached_property
    def _forecast(self):
        return self._compile(self.model.forecast)

    @cached_property
    def _uncalibrated(self):
        return self._compile(partial(self.model.forecast, calibrated=False))

    @cached_property
    def _parts(self):
        return self._compile(self._run_parts)

    def predict(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Forecasts of any number of histories, on any backend."""
        return self._in_batches(self._forecast, inputs)

    def predict_parts(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """What calibration needs: uncalibrated quantiles and scales, standardised."""
        return self._in_batches(self._parts, inputs)

    def predict_uncalibrated(self, inputs: Mapping) -> dict[str, np.ndarray]:
        """Forecasts whose quantiles are as the model learned them."""
        return self._in_batches(self._uncalibrated, inputs)

    def _in_batches(self, function, inputs):
        rows, batches = len(inputs["history"]), []
        for first in range(0, rows, BATCH):
            numbers = np.arange(first, min(first + BATCH, rows))
            size = len(numbers)
            if rows > BATCH:  # each new size would be compiled
                numbers = np.resize(numbers, BATCH)
            outputs = function(*(inputs[name][numbers] for name in self.signature()))
            batches.append({name: values[:size] for name, values in outputs.items()})
        return {n: np.concatenate([b[n] for b in batches]) for n in batches[0]}
