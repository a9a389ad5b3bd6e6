"""What the suite knows of every task, and what it imports for that."""

import ast
import dataclasses
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from polyhead.apps.common import task as module
from polyhead.apps.common.run.run import Run
from polyhead.apps.common.task import Answering, Steps
from polyhead.apps.registry import find_task, task_names

CODE = """
import sys
from polyhead.apps import registry
task = registry.find_task(sys.argv[1])
if sys.argv[2] == "answering":
    task.answering()
heavy = {"numpy", "keras", "tensorflow", "jax", "torch", "matplotlib", "sklearn"}
print(sorted(heavy & set(sys.modules)))
"""


@pytest.mark.parametrize("name", task_names())
@pytest.mark.parametrize("half, heavy", [("task", []), ("answering", ["numpy"])])
def test_each_half_imports_only_what_it_needs(name, half, heavy):
    words = [sys.executable, "-c", CODE, name, half]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.stdout, done.stderr
    assert ast.literal_eval(done.stdout) == heavy


@pytest.mark.parametrize("name", task_names())
def test_a_task_names_fields_that_its_configuration_has(name):
    task = find_task(name)
    fields = {field.name for field in dataclasses.fields(task.config)}
    for names in (task.flags, task.choices, task.ranges, task.architecture):
        assert set(names) <= fields
    assert {"run", "init_from", "seed", "epochs", "mixed_precision"} <= fields
    assert task.input in ("text", "lines", "table")


@pytest.mark.parametrize("name", task_names())
def test_flags_of_verbs_are_arguments_of_the_run(name):
    task = find_task(name)
    steps, answering = task.steps(), task.answering()
    assert isinstance(steps, Steps) and isinstance(answering, Answering)
    functions = {
        "evaluate": [steps.evaluate],
        "predict": [answering.predict],
        "export": [Run.export, steps.make_exportable, steps.load_test],
        "benchmark": [steps.load_test],
    }
    for verb, options in task.options.items():
        arguments = {
            name
            for each in functions[verb]
            for name in inspect.signature(each).parameters
        }
        assert set(options) <= arguments, verb
    for verb in task.verbs.values():
        assert set(verb.options) <= set(inspect.signature(verb.function).parameters)
    assert set(task.keras_options) <= set(task.options["predict"])


@pytest.mark.parametrize("name", task_names())
def test_its_parts_are_frozen_and_complete(name):
    task = find_task(name)
    with pytest.raises(dataclasses.FrozenInstanceError):
        task.name = "other"
    optional = {"fit", "estimate", "start_from"}
    for field in dataclasses.fields(Steps):
        assert field.name in optional or callable(getattr(task.steps(), field.name))


def test_a_task_whose_data_decide_nothing_keeps_its_settings_and_data():
    defaults = {field.name: field.default for field in dataclasses.fields(Steps)}
    assert defaults["fit_config"]("config", "assets", "data") == "config"
    assert defaults["prepare"]("config", "assets", "data") == "data"
    assert defaults["check_export"]("run", "formats", "variants") is None
    assert defaults["baselines"]("run", "data") == {}


def test_the_module_imports_the_standard_library_alone():
    for node in ast.walk(ast.parse(Path(module.__file__).read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.module.split(".")[0] in sys.stdlib_module_names
