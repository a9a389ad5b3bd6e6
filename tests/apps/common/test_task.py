"""A task's tables: what they may name, and what they may not import."""

import subprocess
import sys
from dataclasses import FrozenInstanceError, fields

import pytest

from polyhead.apps import registry
from polyhead.apps.common.task import Answering, Steps, Task

HEAVY = ("keras", "tensorflow", "numpy", "pandas", "matplotlib", "polyhead.layers")


@pytest.fixture(params=registry.task_names())
def task(request):
    return registry.find_task(request.param)


def test_a_task_is_frozen(task):
    assert isinstance(task, Task)
    with pytest.raises(FrozenInstanceError):
        task.name = "other"


def test_its_tables_name_fields_of_its_config(task):
    names = {field.name for field in fields(task.config)}
    for table in (task.flags, task.choices, task.ranges, task.architecture):
        assert set(table) <= names


def test_its_light_part_imports_nothing_heavy(task):
    code = f"""
import sys
from polyhead.apps import registry
registry.find_task({task.name!r})
print([name for name in {HEAVY!r} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


def test_its_answering_imports_no_keras(task):
    code = f"""
import sys
from polyhead.apps import registry
registry.find_task({task.name!r}).answering()
print([name for name in ("keras", "tensorflow") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


def test_its_parts_are_complete(task):
    assert isinstance(task.answering(), Answering)
    steps = task.steps()
    assert isinstance(steps, Steps)
    optional = {"fit", "estimate", "fast_baselines", "start_from"}
    for field in fields(Steps):
        assert field.name in optional or callable(getattr(steps, field.name))
