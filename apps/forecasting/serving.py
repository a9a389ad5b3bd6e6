"""The trained forecaster as one pure function, for Python, SavedModel and TFLite."""

from collections.abc import Mapping
from functools import cached_property

import keras
import numpy as np
from keras import ops

from ..common.run.compiled import CompiledFunction
from .networks.model import Forecaster

BATCH = 256


class Serving:
    """History in, forecast out: a pure function of weights and numbers.

    Args:
        model: the trained model, computing in float32.

    Call arguments:
        weights: arrays or tensors, as `weights`.
        tables: none.
        history: `(B, L, columns)` float32, NaN for missing.
        start: `(B, 2)` int32: day since 1970-01-01 and second of the day of the first
            forecast step.
        future: `(B, H, future covariates)` float32, where there are any.

    Returns:
        `{"forecast": (B, H, T)}` and, where the run has quantiles, `"quantiles":
        (B, H, T, Q)`, float32, in the units of the data.
    """

    def __init__(self, model: Forecaster):
        if model.compute_dtype != "float32":
            raise ValueError(
                f"The model computes in {model.compute_dtype}; build it in float32 "
                "from the weights."
            )
        self.model = model
        self.weights = [ops.convert_to_numpy(weight) for weight in model.weights]

    def __call__(self, weights, tables, history, start, future=None):
        with self._scope(weights):
            return self.model.forecast(_name(history, start, future))

    def parts(self, weights, history, start, future=None):
        """What calibration needs: uncalibrated quantiles and scales, standardised."""
        with self._scope(weights):
            scaled, scale, _ = self.model.run(_name(history, start, future))
            base = ops.transpose(self.model.quantiles_of(scaled), (0, 3, 2, 1))
            return {"base": base, "scale": scale[:, :, :, 0]}

    def _scope(self, weights):
        values = list(zip(self.model.weights, weights, strict=True))
        return keras.StatelessScope(state_mapping=values)

    def signature(self) -> dict[str, tuple[tuple[int | None, ...], str]]:
        """Name of each input -> shape and type."""
        s = self.model.settings
        columns = s["num_targets"] + s["num_past"] + s["num_future"]
        specs = {
            "history": ((None, s["look_back"], columns), "float32"),
            "start": ((None, 2), "int32"),
        }
        if s["num_future"]:
            shape = (None, s["horizon"], s["num_future"])
            specs["future"] = (shape, "float32")
        return specs

    @cached_property
    def _compiled(self):
        def run(weights, *arrays):
            return self(weights, {}, *arrays)

        return CompiledFunction(run, self.weights, list(self.signature().values()))

    @cached_property
    def _compiled_parts(self):
        specs = list(self.signature().values())
        return CompiledFunction(self.parts, self.weights, specs)

    def predict(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Forecasts of any number of histories, on any backend."""
        return self._in_batches(self._compiled, inputs)

    def predict_parts(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """See `parts`."""
        return self._in_batches(self._compiled_parts, inputs)

    def _in_batches(self, function, inputs):
        rows = len(inputs["history"])
        batches = []
        for first in range(0, rows, BATCH):
            batch = [inputs[name][first : first + BATCH] for name in self.signature()]
            short = BATCH - len(batch[0]) if rows > BATCH else 0
            if short:  # each new size would be compiled
                batch = [
                    np.concatenate([part, np.repeat(part[-1:], short, axis=0)])
                    for part in batch
                ]
            outputs = function(*batch)
            batches.append({k: v[: BATCH - short] for k, v in outputs.items()})
        return {n: np.concatenate([b[n] for b in batches]) for n in batches[0]}


def _name(history, start, future):
    inputs = {"history": history, "start": start}
    return inputs if future is None else inputs | {"future": future}
