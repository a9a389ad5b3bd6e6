"""The training loop of every app: `fit` with early stopping and resumption."""

import contextlib
import csv
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ..errors import PolyheadError
from ..files import write_csv
from .checkpoint import (
    load_arrays,
    read_values,
    save_arrays,
    state_variables,
    synchronize,
    write_values,
)

CHECKPOINT_SECONDS = 120.0
Logs = dict[str, Any] | None  # what Keras gives to callbacks


def be_deterministic() -> None:
    """Makes TensorFlow give the same bits for the same seed.

    A sum depends on how threads share it, so each operation gets one thread. That works
    only in a process where TensorFlow has not run yet.
    """
    if keras.backend.backend() != "tensorflow":
        return
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()
    with contextlib.suppress(RuntimeError):  # TensorFlow has run
        tf.config.threading.set_intra_op_parallelism_threads(1)


class EpochData(keras.utils.PyDataset):
    """Batches that are a pure function of the epoch's number.

    Args:
        make_epoch: gives the batches of an epoch. Keras takes the dimensions in which
            the first two differ as variable, so they must differ in all of these.
    """

    def __init__(self, make_epoch: Callable[[int], Sequence]) -> None:
        super().__init__()
        self.make_epoch = make_epoch
        self.batches: Sequence = ()
        self.epoch = -1
        self.skipped = 0
        self.training = False

    def start(self, epoch: int, skipped: int = 0) -> None:
        if epoch != self.epoch:
            self.batches = self.make_epoch(epoch)
            self.epoch = epoch
        self.skipped = skipped

    def __len__(self) -> int:
        return len(self.batches) - self.skipped

    def __getitem__(self, index: int) -> Any:
        # Before the training begins, Keras reads the shapes of the first two batches of
        # the epoch, or of the only one that is left.
        skips = self.training or len(self) == 1
        return self.batches[self.skipped * skips + index]


@dataclass
class State:
    """The progress of a training; a part of its checkpoint."""

    epoch: int = 0
    step: int = 0  # finished batches of this epoch
    best_epoch: int = -1
    best_score: float | None = None
    stopped: bool = False
    seconds: float = 0.0
    scoring_seconds: float = 0.0  # the part of `seconds` spent on validation
    history: list[dict] = field(default_factory=list)
    metrics: list = field(default_factory=list)  # values after `step` batches


class Loop(keras.callbacks.Callback):
    """Scores each epoch, keeps the best weights, checkpoints, stops early."""

    def __init__(
        self,
        data: EpochData,
        score: Callable[[keras.Model], dict[str, float]],
        monitor: str,
        larger_is_better: bool,
        patience: int,
        folder: Path,
        state: State,
    ) -> None:
        super().__init__()
        self.data = data
        self.score = score
        self.monitor = monitor
        self.sign = 1.0 if larger_is_better else -1.0
        self.patience = patience
        self.folder = folder
        self.state = state
        self.saved_at = time.monotonic()
        self.mark = time.monotonic()
        self.earlier: list = []  # the metrics' values when the epoch was interrupted

    def on_train_begin(self, logs: Logs = None) -> None:
        self.data.training = True

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        skipped = self.state.step if epoch == self.state.epoch else 0
        self.data.start(epoch, skipped)
        self.earlier = self.state.metrics if skipped else []

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self.state.step += 1
        if self.earlier:
            add_values(self.model, self.earlier)
            self.earlier = []
        due = time.monotonic() - self.saved_at >= CHECKPOINT_SECONDS
        if due and self.state.step < len(self.data.batches):
            self.save()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        synchronize(self.model)
        raw = use_averages(self.model)
        row = {"epoch": epoch + 1, **{k: float(v) for k, v in (logs or {}).items()}}
        started = time.monotonic()
        row |= {f"val_{k}": float(v) for k, v in self.score(self.model).items()}
        self.state.scoring_seconds += time.monotonic() - started
        state = self.state
        state.epoch, state.step = epoch + 1, 0
        self.tick()
        row["seconds"] = round(state.seconds, 2)
        state.history.append(row)
        score = row[f"val_{self.monitor}"]
        best = state.best_score
        if best is None or math.isnan(best) or self.sign * score >= self.sign * best:
            state.best_score, state.best_epoch = score, epoch
            values = read_values(self.model.trainable_variables)
            values += read_values(self.model.non_trainable_weights)
            save_arrays(self.folder / "best.npz", values, {"epoch": epoch})
        if raw is not None:
            write_values(self.model.trainable_variables, raw)
        if logs is not None:
            logs.update({k: v for k, v in row.items() if k != "epoch"})
        if epoch - state.best_epoch >= self.patience:
            state.stopped = True
            self.model.stop_training = True
        self.save()

    def tick(self) -> None:
        """Adds the time since the last call to the training's seconds."""
        now = time.monotonic()
        self.state.seconds += now - self.mark
        self.mark = now

    def save(self) -> None:
        self.tick()
        synchronize(self.model)
        metrics = read_values(self.model.metrics_variables) if self.state.step else []
        self.state.metrics = [value.tolist() for value in metrics]
        values = read_values(state_variables(self.model))
        save_arrays(self.folder / "last.npz", values, asdict(self.state))
        self.saved_at = time.monotonic()


def add_values(model: keras.Model, earlier: list) -> None:
    """Adds earlier values to the metrics' sums and counts, which `fit` has reset.

    Some of these variables do not exist before the first batch.
    """
    synchronize(model)
    variables = model.metrics_variables
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


def train(
    model: keras.Model,
    make_epoch: Callable[[int], Sequence],
    epochs: int,
    score: Callable[[keras.Model], dict[str, float]],
    monitor: str,
    folder: Path,
    patience: int,
    larger_is_better: bool = True,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    history: Path | None = None,
) -> State:
    """Trains a compiled model to its best epoch, or resumes an interrupted training.

    In the end the model has the weights of the best epoch.

    Args:
        model: compiled and built.
        make_epoch: see `EpochData`.
        epochs: the largest number of epochs.
        score: measures the model on validation data after each epoch.
        monitor: the measure that decides which epoch is best.
        folder: the folder of the checkpoints; a checkpoint in it is resumed.
        patience: number of epochs without a better score after which training stops.
        history: the CSV file with a row for each epoch. None: history.csv beside
            `folder`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model.optimizer.build(model.trainable_variables)
    state = State()
    if (folder / "last.npz").exists():
        values, saved = load_arrays(folder / "last.npz")
        state = State(**saved)
        variables = state_variables(model)
        if [v.shape for v in values] != [tuple(v.shape) for v in variables]:
            raise PolyheadError(
                f"{folder / 'last.npz'}: of another model, so the data have changed "
                "since: add --overwrite to begin anew"
            )
        write_values(variables, values)
        if state.best_epoch >= 0:
            load_arrays(folder / "best.npz")  # a broken file fails now, not at the end
    data = EpochData(make_epoch)
    loop = Loop(data, score, monitor, larger_is_better, patience, folder, state)
    while state.epoch < epochs and not state.stopped:
        data.start(state.epoch, state.step)
        data.training = False
        # Each epoch has its own number of batches, so each is a `fit` of its own.
        model.fit(
            data,
            initial_epoch=state.epoch,
            epochs=state.epoch + 1,
            shuffle=False,
            verbose=0,
            callbacks=[loop, *callbacks],
        )
        if model.optimizer.use_ema:  # `fit` leaves the averages in the weights
            values, _ = load_arrays(folder / "last.npz")
            write_values(state_variables(model), values)
    values, _ = load_arrays(folder / "best.npz")
    write_values(model.trainable_variables + model.non_trainable_weights, values)
    write_history(history or folder.parent / "history.csv", state.history)
    return state


def write_history(path: Path, history: list[dict]) -> None:
    """Writes a CSV file with a row for each epoch."""
    columns = list(dict.fromkeys(key for row in history for key in row))
    rows = [[row.get(name, "") for name in columns] for row in history]
    write_csv(path, [columns, *rows])


def read_history(path: Path) -> dict[str, list[float]]:
    """The columns of history.csv; none if the file is absent."""
    if not path.exists():
        return {}
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = rows[0] if rows else {}
    return {name: [float(row[name] or "nan") for row in rows] for name in columns}
