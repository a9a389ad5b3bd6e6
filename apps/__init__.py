"""One app a task, each from data to a file that can be shipped."""

from pathlib import Path

if __name__ != "polyhead.apps":
    raise ImportError(f"import polyhead.apps, not {__name__}")


def load(path):
    """Loads a finished run of any task.

    Args:
        path: the run's folder, which was `--run` in training.

    Returns:
        The task's `Run`, with `predict`, `evaluate`, `explain` and `export`.

    Raises:
        PolyheadError: the folder is missing, unfinished or corrupt.
    """
    from . import registry
    from .common.run.config import read_config_json
    from .common.run.folder import check_run

    path = Path(path)
    check_run(path)
    task = registry.find_task(read_config_json(path / "config.json")["task"])
    return task.answering().run(task, path)
