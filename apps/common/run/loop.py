"""The training loop of every app: `fit` with early stopping and resumption."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ..errors import PolyheadError
from ..history import OBJECTIVE, name_measures, rename_older, write_history
from .checkpoint import (
    State,
    add_values,
    begin_after,
    load_arrays,
    read_values,
    save_arrays,
    state_variables,
    synchronize,
    use_averages,
    write_values,
)
from .schedules import cool_down, has_schedule

CHECKPOINT_SECONDS = 120.0
Logs = dict[str, Any] | None  # what Keras gives to callbacks


class EpochData(keras.utils.PyDataset):
    """The batches of an epoch that a training has still to take."""

    def __init__(self, batches: Sequence, skipped: int = 0) -> None:
        super().__init__()
        self.batches = batches
        self.skipped = skipped

    def __len__(self) -> int:
        return len(self.batches) - self.skipped

    def __getitem__(self, index: int) -> Any:
        return self.batches[self.skipped + index]


def declare(data: EpochData, fixed_length: bool) -> Any:
    """The epoch as `fit` takes it; TensorFlow is told which sizes vary.

    Keras would read that off the first two batches, and refuse a later one that differs
    where those two agree.
    """
    if keras.backend.backend() != "tensorflow":
        return data
    import tensorflow as tf

    def spec(array: np.ndarray) -> tf.TensorSpec:
        axes = 1 if fixed_length else 2
        shape = [None] * min(axes, array.ndim) + list(array.shape[axes:])
        return tf.TensorSpec(shape, array.dtype)

    signature = keras.tree.map_structure(spec, data[0])
    dataset = tf.data.Dataset.from_generator(
        lambda: iter(data), output_signature=signature
    )
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(len(data)))
    return dataset.prefetch(tf.data.AUTOTUNE)


class Loop(keras.callbacks.Callback):
    """Scores each epoch, keeps the best weights, checkpoints, stops early."""

    def __init__(
        self,
        score: Callable[[keras.Model], dict[str, float]],
        monitor: str,
        larger_is_better: bool,
        patience: int,
        folder: Path,
        state: State,
        tie_breaker: str | None = None,
        epochs: int = 0,
    ) -> None:
        super().__init__()
        self.score = score
        self.monitor = monitor
        self.tie_breaker = tie_breaker
        self.epochs = epochs
        self.sign = 1.0 if larger_is_better else -1.0
        self.patience = patience
        self.folder = folder
        self.state = state
        self.saved_at = time.monotonic()
        self.mark = time.monotonic()
        self.steps = 0  # batches of the epoch
        self.earlier: list = []  # the metrics' values when the epoch was interrupted

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self.earlier = self.state.metrics if self.state.step else []

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self.state.step += 1
        if self.earlier:
            add_values(self.model, self.earlier)
            self.earlier = []
        due = time.monotonic() - self.saved_at >= CHECKPOINT_SECONDS
        if due and self.state.step < self.steps:
            self.save()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        synchronize(self.model)
        raw = use_averages(self.model)
        started = time.monotonic()
        scores = {k: float(v) for k, v in self.score(self.model).items()}
        measures = name_measures({k: float(v) for k, v in (logs or {}).items()}, scores)
        row: dict[str, Any] = {"epoch": epoch + 1, **measures}
        self.state.scoring_seconds += time.monotonic() - started
        state = self.state
        state.epoch, state.step = epoch + 1, 0
        self.tick()
        row["seconds"] = round(state.seconds, 2)
        if OBJECTIVE in row:
            rename_older(state.history)
        state.history.append(row)
        score, tie = row[f"val_{self.monitor}"], row.get(f"val_{self.tie_breaker}")
        if self.is_best(score, tie):
            state.best_score, state.best_tie, state.best_epoch = score, tie, epoch
            values = read_values(self.model.trainable_variables)
            values += read_values(self.model.non_trainable_weights)
            save_arrays(self.folder / "best.npz", values, {"epoch": epoch})
        if raw is not None:
            write_values(self.model.trainable_variables, raw)
        if logs is not None:
            logs.clear()  # some have other names now
            logs.update({k: v for k, v in row.items() if k != "epoch"})
        waited = epoch - max(state.best_epoch, state.went_on - 1)
        if waited >= self.patience and not state.ends_after:
            self.end_soon()
        state.stopped = 0 < state.ends_after <= state.epoch
        self.save()

    def end_soon(self) -> None:
        """Ends the training with a cool-down, of a fifth of all its epochs."""
        state, optimizer = self.state, self.model.optimizer
        state.ends_after = state.epoch
        if has_schedule(optimizer):
            more = -(-(state.epoch - state.went_on) // 4)
            state.ends_after = min(state.epoch + more, self.epochs)
            begin = int(optimizer._iterations)
            state.cool_down = [begin, (state.ends_after - state.epoch) * self.steps]

    def is_best(self, score: float, tie: float | None) -> bool:
        """Whether an epoch is better than the best so far.

        Of equal scores the one with the smaller `tie` is better; without, the later.
        """
        best, best_tie = self.state.best_score, self.state.best_tie
        if best is None or math.isnan(best) or self.sign * score > self.sign * best:
            return True
        if score != best:
            return False
        return tie is None or best_tie is None or tie < best_tie

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


def train(
    model: keras.Model,
    make_epoch: Callable[[int], Sequence],
    epochs: int,
    score: Callable[[keras.Model], dict[str, float]],
    monitor: str,
    folder: Path,
    patience: int,
    larger_is_better: bool = True,
    fixed_length: bool = False,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    history: Path | None = None,
    older: Path | None = None,
    tie_breaker: str | None = None,
) -> State:
    """Trains a compiled model to its best epoch, or resumes an interrupted training.

    In the end the model has the weights of the best epoch.

    Args:
        model: compiled and built.
        make_epoch: gives the batches of an epoch, a pure function of its number.
        epochs: the largest number of epochs.
        score: measures the model on validation data after each epoch.
        monitor: the measure that decides which epoch is best.
        folder: the folder of the checkpoints; a checkpoint in it is resumed.
        patience: number of epochs without a better score after which training stops.
        fixed_length: whether axis 1 of each array has one size in all batches.
        history: the CSV file with a row for each epoch. None: history.csv beside
            `folder`.
        older: the finished run whose weights the model has. Its best epoch is the one
            to beat, and its history goes on.
        tie_breaker: the measure, smaller is better, that decides between equal scores.
            None: the later epoch is the better one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model.optimizer.build(model.trainable_variables)
    state = State()
    if older is not None and not (folder / "last.npz").exists():
        begin = older, model, score, monitor, larger_is_better, folder
        begin_after(*begin, tie_breaker=tie_breaker)
    if (folder / "last.npz").exists():
        values, saved = load_arrays(folder / "last.npz")
        state = State(**saved)
        variables = state_variables(model)
        if [v.shape for v in values] != [tuple(v.shape) for v in variables]:
            raise PolyheadError(
                f"{folder / 'last.npz'}: of another model, so the data have changed "
                f"since: delete {folder}, and give the same command again"
            )
        write_values(variables, values)
        if state.best_epoch >= 0:
            load_arrays(folder / "best.npz")  # a broken file fails now, not at the end
    settings = monitor, larger_is_better, patience, folder, state, tie_breaker
    loop, is_cooling = Loop(score, *settings, epochs), False
    while state.epoch < epochs and not state.stopped:
        data = EpochData(make_epoch(state.epoch), state.step)
        loop.steps = len(data.batches)
        if state.cool_down and not is_cooling:
            cool_down(model, *state.cool_down)
            is_cooling = True
        # Each epoch has its own number of batches, so each is a `fit` of its own.
        model.fit(
            declare(data, fixed_length),
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
