"""A training's whole state in one file, replaced in one step.

Keras's BackupAndRestore leaves out the seed generators and the place in the
data, so that a model with dropout ends elsewhere after a restart. Here both
are kept: a killed run started again ends where an unbroken one does.
"""

import json
from pathlib import Path

import keras
import numpy as np

from ..errors import PolyheadError
from ..files import replacing


def state_variables(model: keras.Model) -> list:
    """Everything that training changes: weights, seeds, optimizer, averages."""
    metrics = {id(variable) for variable in model.metrics_variables}
    own = [v for v in model.variables if id(v) not in metrics]
    return own + list(model.optimizer.variables)


def synchronize(model: keras.Model) -> None:
    """On JAX `fit` holds the state outside the variables: write it back."""
    if keras.backend.backend() == "jax" and hasattr(model, "jax_state_sync"):
        model.jax_state_sync()


def read_values(variables: list) -> list[np.ndarray]:
    """Copies of the variables' values; bfloat16 as float32, which holds it."""
    values = [keras.ops.convert_to_numpy(v.value) for v in variables]
    return [v.astype("float32") if v.dtype.name == "bfloat16" else v for v in values]


def write_values(variables: list, values: list[np.ndarray]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def save_arrays(path: Path, values: list[np.ndarray], state: dict) -> None:
    """Writes arrays and a JSON state to one file, all of it or nothing."""
    arrays = {f"{i:05d}": value for i, value in enumerate(values)}
    arrays["state"] = np.frombuffer(json.dumps(state).encode(), np.uint8)
    with replacing(path) as temporary, open(temporary, "wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]


def load_arrays(path: Path) -> tuple[list[np.ndarray], dict]:
    """Reads what `save_arrays` wrote."""
    try:
        with np.load(path) as arrays:
            state = json.loads(bytes(arrays["state"]))
            count = len(arrays.files) - 1
            return [arrays[f"{i:05d}"] for i in range(count)], state
    except Exception as error:  # zip, numpy and json each raise their own
        raise PolyheadError(
            f"{path}: not a readable checkpoint ({error}); train again with --overwrite"
        ) from error
