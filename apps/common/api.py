"""The functions that the package of every task offers: `train` and `load`."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import UsageError
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
        data: Any = None,
        finish: bool = False,
    ) -> Any:
        """Trains a run and compares it with baselines.

        Args:
            config: the task's `Config`: the data, the model, and where to write.
            overwrite: replace a finished run in the folder, which stays as it is until
                the new one is whole.
            dry_run: read the data and time a few steps, but write nothing.
            verbose: show the libraries' messages.
            quiet: show no progress.
            data: rows, or the `Path` of a file: a DataFrame, a list of rows (each a
                dict, or a tuple of the two columns that the configuration names), a
                dict of columns, or a dict of these with the keys "train" and perhaps
                "validation" and "test". Rows are not kept: config.json has their
                fingerprint.
            finish: end an interrupted training now, with its best epoch so far.

        Returns:
            The finished `Run`, or a report if `dry_run` is set. A folder that has the
            finished run of this configuration is not trained again.

        Raises:
            PolyheadError: the data or the folder cannot be used.
            UsageError: the settings are wrong, or the folder holds another run.

        Example:

            rows = [("what a fine day", "good"), ("how dull", "bad"), ...]
            run = text_classification.train(Config(run="moods"), data=rows)
        """
        from .run import trainer

        if not isinstance(overwrite, bool):
            kind = type(overwrite).__name__
            raise UsageError(
                f"overwrite is a {kind}: rows are given with train(config, data=...)"
            )
        if data is not None:
            config = with_rows(task, config, data)
        options = dry_run, verbose, quiet, finish
        return trainer.train(task, config, overwrite, *options)

    def load(path: str | Path) -> "Run":
        """Reads a finished run's folder."""
        from .run.folder import check_run

        check_run(path)
        return task.answering().run(task, path)

    return train, load


def with_rows(task: Task, config: Any, data: Any) -> Any:
    """The configuration with rows from Python; a `Path` names a file of them."""
    from .data.given import give
    from .data.known_rows import PARTS

    if not hasattr(config, "data"):
        raise UsageError(f"a run of {task.name} takes no data from Python: name files")
    files = data if isinstance(data, Mapping) else {"train": data}
    are_paths = all(isinstance(path, PathLike) for path in files.values())
    if are_paths and set() < set(files) <= set(PARTS):
        given = [name for name in files if getattr(config, name, None) is not None]
        if given:
            raise UsageError(
                f"data and the configuration both have {', '.join(given)}: give one"
            )
        return replace(config, **{k: fspath(path) for k, path in files.items()})
    return replace(config, data=give(data, getattr(config, "row_columns", ())))
