"""What the package of every task offers: `train` and `load`."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .task import Task

if TYPE_CHECKING:
    from .run.run import Run


def make_api(task: Task) -> tuple[Callable[..., Any], Callable[..., "Run"]]:
    """The functions `train` and `load` of a task. Keras is imported at the call."""

    def train(
        config: Any,
        overwrite: bool = False,
        dry_run: bool = False,
        verbose: bool = False,
        quiet: bool = False,
    ) -> Any:
        """Trains a run and measures it beside the baselines.

        Args:
            config: what to train, on what, and where to write.
            overwrite: replace a finished run in the folder.
            dry_run: read the data, time a few steps, write nothing.
            verbose: show the libraries' messages.
            quiet: show no progress.

        Returns:
            The finished `Run`, or with `dry_run` a report.

        Raises:
            PolyheadError: the data or the folder cannot be used.
            UsageError: the settings are wrong, or the folder has another run.
        """
        from .run import trainer

        return trainer.train(task, config, overwrite, dry_run, verbose, quiet)

    def load(path: str | Path) -> "Run":
        """Reads a finished run's folder."""
        return task.answering().run(task, path)

    return train, load
