"""Training with `fit`: every app's loop, with early stopping and resume."""

import contextlib
import csv
import io
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import keras
import numpy as np

from ..errors import PolyheadError
from ..files import write_text
from .checkpoint import (
    load_arrays,
    read_values,
    save_arrays,
    state_variables,
    synchronize,
    write_values,
)

CHECKPOINT_SECONDS = 120.0


def be_deterministic() -> None:
    """The same bits for the same seed, where TensorFlow trains.

    It has all of its effect in a process where TensorFlow has not run yet: a sum that
    threads share depends on how they share it, so each operation gets one thread.
    """
    if keras.backend.backend() != "tensorflow":
        return
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()
    with contextlib.suppress(RuntimeError):  # it runs already
        tf.config.threading.set_intra_op_parallelism_threads(1)


class EpochData(keras.utils.PyDataset):
    """Batches that are a pure function of the epoch's number.

    Args:
        make_epoch: gives the epoch's batches, a sequence of what `fit` takes.
            Keras reads off the first two which dimensions may vary, so these
            must differ in them.
    """

    def __init__(self, make_epoch: Callable[[int], Sequence]):
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

    def __len__(self):
        return len(self.batches) - self.skipped

    def __getitem__(self, index):
        # Until training begins Keras reads shapes: of the first two of all, or of
        # the only one that is left.
        skips = self.training or len(self) == 1
        return self.batches[self.skipped * skips + index]


@dataclass
class State:
    """Where a training stands; kept in its checkpoint."""

    epoch: int = 0
    step: int = 0  # batches of this epoch that are done
    best_epoch: int = -1
    best_score: float | None = None
    stopped: bool = False
    seconds: float = 0.0
    scoring_seconds: float = 0.0  # of these, on validation data
    history: list[dict] = field(default_factory=list)
    metrics: list = field(default_factory=list)  # of the batches of this epoch


class Loop(keras.callbacks.Callback):
    """Scores each epoch, keeps the best weights, checkpoints, stops early."""

    def __init__(self, data, score, monitor, larger_is_better, patience, folder, state):
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
        self.earlier = []  # what the epoch's metrics held when it was cut off

    def on_train_begin(self, logs=None):
        self.data.training = True

    def on_epoch_begin(self, epoch, logs=None):
        skipped = self.state.step if epoch == self.state.epoch else 0
        self.data.start(epoch, skipped)
        self.earlier = self.state.metrics if skipped else []

    def on_train_batch_end(self, batch, logs=None):
        self.state.step += 1
        if self.earlier:
            add_values(self.model, self.earlier)
            self.earlier = []
        due = time.monotonic() - self.saved_at >= CHECKPOINT_SECONDS
        if due and self.state.step < len(self.data.batches):
            self.save()

    def on_epoch_end(self, epoch, logs=None):
        synchronize(self.model)
        averaged = use_averages(self.model)
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
            values += read_values(fixed_variables(self.model))
            save_arrays(self.folder / "best.npz", values, {"epoch": epoch})
        restore_raw(self.model, averaged)
        if logs is not None:
            logs.update({k: v for k, v in row.items() if k != "epoch"})
        if epoch - state.best_epoch >= self.patience:
            state.stopped = True
            self.model.stop_training = True
        self.save()

    def tick(self):
        now = time.monotonic()
        self.state.seconds += now - self.mark
        self.mark = now

    def save(self):
        self.tick()
        synchronize(self.model)
        metrics = read_values(self.model.metrics_variables) if self.state.step else []
        self.state.metrics = [value.tolist() for value in metrics]
        values = read_values(state_variables(self.model))
        save_arrays(self.folder / "last.npz", values, asdict(self.state))
        self.saved_at = time.monotonic()


def add_values(model, earlier: list) -> None:
    """Adds to the metrics' sums and counts, which `fit` began anew.

    Some of them are only made with the first batch.
    """
    synchronize(model)
    variables = model.metrics_variables
    pairs = zip(read_values(variables), earlier, strict=True)
    write_values(variables, [value + np.asarray(old) for value, old in pairs])


def fixed_variables(model) -> list:
    """Non-trainable weights (statistics of norms), without seeds and metrics."""
    return list(model.non_trainable_weights)


def use_averages(model):
    """Puts the moving averages into the weights; returns the raw values."""
    if not model.optimizer.use_ema:
        return None
    raw = read_values(model.trainable_variables)
    averages = model.optimizer._model_variables_moving_average
    write_values(model.trainable_variables, read_values(averages))
    return raw


def restore_raw(model, raw) -> None:
    if raw is not None:
        write_values(model.trainable_variables, raw)


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
    """Trains a compiled model to its best epoch, or goes on where it was cut off.

    Args:
        model: compiled and built.
        make_epoch: see `EpochData`.
        epochs: the most epochs.
        score: measures the model on validation data after each epoch.
        monitor: the measure that decides which epoch is best.
        folder: of the checkpoints; what it holds is resumed.
        patience: epochs without a better score before training stops.
        larger_is_better: the monitored measure's direction.
        callbacks: shown each epoch's measures, for progress.
        history: the CSV file that gets a row an epoch; history.csv beside the folder
            where absent.

    Returns:
        The final state. The model holds the best epoch's weights.
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
            load_arrays(folder / "best.npz")  # a broken one is told now, not at the end
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
    write_values(model.trainable_variables + fixed_variables(model), values)
    write_history(history or folder.parent / "history.csv", state.history)
    return state


def write_history(path: Path, history: list[dict]) -> None:
    """One row an epoch, as CSV."""
    columns = list(dict.fromkeys(key for row in history for key in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows(history)
    write_text(path, text.getvalue())


def read_history(path: Path) -> dict[str, list[float]]:
    """The columns of history.csv, none where the file is absent."""
    if not path.exists():
        return {}
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = rows[0] if rows else {}
    return {name: [float(row[name] or "nan") for row in rows] for name in columns}
