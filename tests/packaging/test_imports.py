"""Who may import whom, and under which name."""

import ast
import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path

import pytest
from import_tools import imports, sources

ROOT = Path(__file__).parents[2]


def python(code, **options):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, **options
    )


def files(folder):
    return [pytest.param(p, id=str(p.relative_to(ROOT))) for p in sources(folder)]


@pytest.mark.parametrize("path", files("layers"))
def test_layers_import_keras_and_no_backend(path):
    for name in imports(path):
        top = name.split(".")[0]
        assert top not in ("tensorflow", "jax", "torch", "argparse"), name


@pytest.mark.parametrize("path", files("runtime"))
def test_the_runtime_imports_numpy_and_litert_and_nothing_else(path):
    tops = {name.split(".")[0] for name in imports(path)} - set(sys.stdlib_module_names)
    assert tops <= {"numpy", "ai_edge_litert", "polyhead"}
    assert not any(
        name.startswith(("polyhead.apps", "polyhead.layers")) for name in imports(path)
    )


@pytest.mark.parametrize("path", [*files("layers"), *files("apps"), *files("runtime")])
def test_inside_a_package_imports_are_relative(path):
    own = f"polyhead.{path.relative_to(ROOT).parts[0]}"
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            assert not node.module.startswith(own), node.module
            assert node.module.split(".")[0] not in ("layers", "apps", "runtime"), (
                node.module
            )


@pytest.mark.parametrize(
    "name", ["layers", "runtime", "apps", "apps.common.run.config"]
)
def test_the_folders_are_not_importable_by_their_own_names(name):
    # They would register every class a second time.
    done = python(f"import {name}", cwd=ROOT)
    assert done.returncode == 1
    assert f"polyhead.{name.split('.')[0]}, not " in done.stderr


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_layers_bring_nothing_beside_keras(backend):
    # Keras itself imports TensorFlow, pandas and scikit-learn where it finds them.
    code = """
import sys
import keras
before = set(sys.modules)
import polyhead.layers
print(sorted({name.split(".")[0] for name in set(sys.modules) - before}))
print("polyhead.apps" in sys.modules)
"""
    env = os.environ | {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = python(code, env=env)
    new, apps = done.stdout.splitlines() or [done.stderr, ""]
    assert set(ast.literal_eval(new)) - set(sys.stdlib_module_names) == {"polyhead"}
    assert apps == "False"


def test_the_version_is_that_of_the_distribution():
    assert importlib.metadata.version("polyhead") == "0.2.0"


def test_everything_registered_is_registered_as_polyhead():
    code = """
import keras
import polyhead.layers
from polyhead import layers
classes = [
    value for value in vars(layers).values()
    if isinstance(value, type) and issubclass(value, keras.layers.Layer)
]
assert classes
wrong = [
    c.__name__ for c in classes
    if keras.saving.get_registered_name(c) != f"polyhead>{c.__name__}"
]
print(wrong)
"""
    done = python(code, env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"})
    assert done.stdout == "[]\n", done.stderr
