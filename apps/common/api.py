"""The functions that the package of every task offers: `train` and `load`."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .task import Task

if TYPE_CHECKING:
    from .run.run import Run


def make_api(task: Task) -> tuple[Callable[..., Any], Callable[..., "Run"]]:
    """The `train` and `load` of a task. They import Keras when they are called."""

    def train(
        config: Any,
        overwrite: bool = False,
        dry_run: bool = False,
        verbose: bool = False,
        quiet: bool = False,
    ) -> Any:
        """Trains a run and compares it with baselines.

        Args:
            config: the task's `Config`: the data, the model, and where to write.
            overwrite: replace a finished run in the folder.
            dry_run: read the data and time a few steps, but write nothing.
            verbose: show the libraries' messages.
            quiet: show no progress.

        Returns:
            The finished `Run`, or a report if `dry_run` is set.

        Raises:
            PolyheadError: the data or the folder cannot be used.
            UsageError: the settings are wrong, or the folder holds another run.
        """
        from .run import trainer

        return trainer.train(task, config, overwrite, dry_run, verbose, quiet)

    def load(path: str | Path) -> "Run":
        """Reads a finished run's folder."""
        return task.answering().run(task, path)

    return train, load
