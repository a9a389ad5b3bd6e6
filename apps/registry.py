"""The one list of the tasks. A task is imported when it is asked for."""

import importlib

from .common.errors import UsageError
from .common.task import Task

# Name of a task -> the task, or the module whose `TASK` it is.
_TASKS: dict[str, Task | str] = {
    "text-classification": "polyhead.apps.text_classification.task",
    "translation": "polyhead.apps.translation.task",
    "forecasting": "polyhead.apps.forecasting.task",
}


def task_names() -> list[str]:
    """The names of all tasks."""
    return list(_TASKS)


def find_task(name: str) -> Task:
    """The task of a name, or a UsageError that lists the names."""
    if name not in _TASKS:
        raise UsageError(f"unknown task {name!r}: one of {', '.join(_TASKS)}")
    task = _TASKS[name]
    if isinstance(task, str):
        task = _TASKS[name] = importlib.import_module(task).TASK
    return task


def all_tasks() -> list[Task]:
    """Every task, imported."""
    return [find_task(name) for name in _TASKS]


def register(task: Task) -> None:
    """Adds a task to the command line and to `polyhead.apps.load`."""
    _TASKS[task.name] = task
