"""The whole state of a training in one file, which is replaced in one step.

Keras's BackupAndRestore leaves out the seed generators and the position in the data, so
a resumed training with dropout gives other weights. Both are kept here: a resumed
training gives the same weights as an uninterrupted one.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ..errors import RETRAIN, PolyheadError, UsageError, reason_of
from ..files import read_json, replacing
from ..history import read_rows


@dataclass
class State:
    """The progress of a training; a part of its checkpoint."""

    epoch: int = 0
    step: int = 0  # finished batches of this epoch
    best_epoch: int = -1
    best_score: float | None = None
    best_tie: float | None = None  # what decided between equal scores
    stopped: bool = False
    seconds: float = 0.0
    scoring_seconds: float = 0.0  # the part of `seconds` spent on validation
    history: list[dict] = field(default_factory=list)
    metrics: list = field(default_factory=list)  # values after `step` batches
    went_on: int = 0  # epochs of the finished run that this training continues
    # Once patience has run out: the number of epochs at the end, and the optimizer's
    # step at which the cool-down begins, and its steps.
    ends_after: int = 0
    cool_down: list[int] = field(default_factory=list)


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


def add_values(model: keras.Model, earlier: list) -> None:
    """Adds earlier values to the metrics' sums and counts, which `fit` has reset.

    Some of these variables do not exist before the first batch. An older version had
    other metrics: then they count from here.
    """
    synchronize(model)
    variables = model.metrics_variables
    if len(earlier) != len(variables):
        return
    pairs = zip(read_values(variables), earlier, strict=True)
    write_values(variables, [value + np.asarray(old) for value, old in pairs])


def use_averages(model: keras.Model) -> list[np.ndarray] | None:
    """Replaces the weights by their moving averages; returns the raw weights."""
    if not model.optimizer.use_ema:
        return None
    raw = read_values(model.trainable_variables)
    averages = model.optimizer._model_variables_moving_average
    write_values(model.trainable_variables, read_values(averages))
    return raw


def save_arrays(path: Path, values: list[np.ndarray], state: dict) -> None:
    """Writes arrays and a JSON state to one file, completely or not at all."""
    arrays: dict[str, Any] = {f"{i:05d}": value for i, value in enumerate(values)}
    arrays["state"] = np.frombuffer(json.dumps(state).encode(), np.uint8)
    with replacing(path) as temporary, open(temporary, "wb") as file:
        np.savez(file, **arrays)


def whole_epochs(folder: Path) -> int:
    """The epochs of a training that is to be ended now, with the best of them."""
    if (folder / "last.npz").exists():
        _, state = load_arrays(folder / "last.npz")
        if state["epoch"] > state.get("went_on", 0):
            return state["epoch"]
    raise UsageError(
        f"{folder}: no epoch is whole yet, so there is nothing to end with: train on "
        "without --finish"
    )


def load_arrays(path: Path) -> tuple[list[np.ndarray], dict]:
    """Reads a file of `save_arrays`."""
    try:
        with np.load(path) as arrays:
            state = json.loads(bytes(arrays["state"]))
            count = len(arrays.files) - 1
            return [arrays[f"{i:05d}"] for i in range(count)], state
    except Exception as error:  # zip, numpy and json each raise their own
        raise PolyheadError(
            f"{path}: not a readable checkpoint ({reason_of(error)}); train again "
            "with --overwrite"
        ) from error


def begin_after(
    older: Path,
    model: keras.Model,
    score: Callable[[keras.Model], dict[str, float]],
    monitor: str,
    larger_is_better: bool,
    folder: Path,
    tie_breaker: str | None = None,
) -> None:
    """Writes the first checkpoint of a training that goes on after a finished run."""
    history, name = read_rows(older / "history.csv"), f"val_{monitor}"
    try:
        best = read_json(older / "metrics.json", RETRAIN)["train"]["best_epoch"] - 1
        # What the run keeps, calibrated, may be better than its best epoch was.
        again = score(model)
        scores = history[best][name], float(again[monitor])
        tie = float(again[tie_breaker]) if tie_breaker else None
    except (LookupError, TypeError):
        raise PolyheadError(f"{older}: its history is incomplete: {RETRAIN}") from None
    state = State(
        epoch=len(history),
        went_on=len(history),
        best_epoch=best,
        best_score=max(scores) if larger_is_better else min(scores),
        best_tie=tie,
        seconds=history[-1].get("seconds", 0.0),
        history=history,
    )
    values = read_values(model.trainable_variables)
    values += read_values(model.non_trainable_weights)
    save_arrays(folder / "best.npz", values, {"epoch": best})
    save_arrays(folder / "last.npz", read_values(state_variables(model)), asdict(state))
