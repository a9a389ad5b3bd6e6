"""The progress of a training: a bar with the time left, and a line for each epoch."""

import time
from typing import TextIO

import keras
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from .loop import Logs


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
            loss = f"{float(logs['loss']):.3f}" if logs else "-"
            self.bar.update(self.task, completed=self.done, loss=loss)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        logs = logs or {}
        measures = "  ".join(f"{k} {logs[k]:.4f}" for k in self.shown if k in logs)
        seconds = time.monotonic() - self.started
        line = f"epoch {epoch + 1}/{self.epochs}  {measures}  {seconds:.0f} s"
        self.bar.console.print(line)

    def on_train_end(self, logs: Logs = None) -> None:
        self.bar.stop()
