"""The whole state of a training in one file, which is replaced in one step.

Keras's BackupAndRestore leaves out the seed generators and the position in the data, so
a resumed training with dropout gives other weights. Both are kept here: a resumed
training gives the same weights as an uninterrupted one.
"""

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ..errors import PolyheadError
from ..files import replacing


def state_variables(model: keras.Model) -> list[keras.Variable]:
    """All variables that training changes: weights, seeds, optimizer, averages."""
    metrics = {id(variable) for variable in model.metrics_variables}
    own = [v for v in model.variables if id(v) not in metrics]
    return own + list(model.optimizer.variables)


def synchronize(model: keras.Model) -> None:
    """Writes the state back to the variables: on JAX, `fit` keeps it elsewhere."""
    if keras.backend.backend() == "jax" and hasattr(model, "jax_state_sync"):
        model.jax_state_sync()


def read_values(variables: list[keras.Variable]) -> list[np.ndarray]:
    """Copies of the variables' values; bfloat16 becomes float32 without loss."""
    values = [keras.ops.convert_to_numpy(v.value) for v in variables]
    return [v.astype("float32") if v.dtype.name == "bfloat16" else v for v in values]


def write_values(variables: list[keras.Variable], values: list[np.ndarray]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def save_arrays(path: Path, values: list[np.ndarray], state: dict) -> None:
    """Writes arrays and a JSON state to one file, completely or not at all."""
    arrays: dict[str, Any] = {f"{i:05d}": value for i, value in enumerate(values)}
    arrays["state"] = np.frombuffer(json.dumps(state).encode(), np.uint8)
    with replacing(path) as temporary, open(temporary, "wb") as file:
        np.savez(file, **arrays)


def load_arrays(path: Path) -> tuple[list[np.ndarray], dict]:
    """Reads a file of `save_arrays`."""
    try:
        with np.load(path) as arrays:
            state = json.loads(bytes(arrays["state"]))
            count = len(arrays.files) - 1
            return [arrays[f"{i:05d}"] for i in range(count)], state
    except Exception as error:  # zip, numpy and json each raise their own
        raise PolyheadError(
            f"{path}: not a readable checkpoint ({error}); train again with --overwrite"
        ) from error
