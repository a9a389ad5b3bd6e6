"""The progress of a training: a bar with the time left, and a line for each epoch."""

import time
from typing import Any, TextIO

import keras
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from ..history import PLAIN_LOSS
from .loop import Logs

# A dry run times this many steps or seconds of training, whichever ends first.
MEASURED_STEPS, MEASURED_SECONDS = 20, 20.0


class ProgressBar(keras.callbacks.Callback):
    """Prints a line for each epoch, and on a terminal a progress bar.

    `steps` is the number of batches of an epoch, and `shown` names the measures in the
    line of an epoch.
    """

    def __init__(
        self, stream: TextIO, epochs: int, steps: int, shown: list[str]
    ) -> None:
        super().__init__()
        self.epochs = epochs
        self.steps = steps
        self.shown = shown
        self.console = Console(file=stream, highlight=False)
        self.bar = Progress(
            TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%  left"),
            TimeRemainingColumn(),
            TextColumn("loss {task.fields[loss]}"),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self.task = self.bar.add_task(
            "", total=epochs * steps, epoch=1, epochs=epochs, loss="-"
        )
        self.done = 0
        self.started = time.monotonic()

    def on_train_begin(self, logs: Logs = None) -> None:
        self.bar.start()

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self.done = max(self.done, epoch * self.steps)
        self.bar.update(self.task, completed=self.done, epoch=epoch + 1)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self.done += 1
        if self.console.is_terminal and self.done % 10 == 0:
            logs = logs or {}
            loss = logs.get(PLAIN_LOSS, logs.get("loss"))
            loss = "-" if loss is None else f"{float(loss):.3f}"
            self.bar.update(self.task, completed=self.done, loss=loss)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        logs = logs or {}
        measures = "  ".join(f"{k} {logs[k]:.4f}" for k in self.shown if k in logs)
        seconds = time.monotonic() - self.started
        line = f"epoch {epoch + 1}/{self.epochs}  {measures}  {seconds:.0f} s"
        self.bar.console.print(line)

    def on_train_end(self, logs: Logs = None) -> None:
        self.bar.stop()


def time_steps(training: Any, epochs: int) -> dict[str, Any]:
    """Times a few steps of a `trainer.Training`: what a dry run says of it."""
    batches = training.make_epoch(0)
    for batch in batches[:2]:
        training.model.train_on_batch(*batch)
    measured, tokens = 0, 0
    started = time.perf_counter()
    for batch in batches[2 : 2 + MEASURED_STEPS] or batches[:MEASURED_STEPS]:
        training.model.train_on_batch(*batch)
        measured += 1
        if training.count_tokens:
            tokens += training.count_tokens(batch)
        if time.perf_counter() - started > MEASURED_SECONDS:
            break
    seconds = time.perf_counter() - started
    facts = {"parameters": training.model.count_params(), **training.estimate}
    if training.count_tokens:
        facts["tokens_per_second"] = round(tokens / seconds)
    minutes = seconds / measured * training.steps * epochs / 60
    return facts | {"estimated_minutes_at_most": round(minutes, 1)}
