"""Lets `pytest` run in a clone where nothing was installed, quietly."""

import importlib.util
import os
import sys
import types
from pathlib import Path

import pytest

ROOT = Path(__file__).parent

# Before the first test module imports a backend.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MPLBACKEND", "agg")


def _is_installed():
    # An uninstall can leave an empty polyhead/ folder behind, hence the layers.
    try:
        return importlib.util.find_spec("polyhead.layers") is not None
    except ModuleNotFoundError:
        return False


if not _is_installed():
    package = types.ModuleType("polyhead")
    package.__path__ = [str(ROOT)]
    sys.modules["polyhead"] = package


def pytest_collection_modifyitems(items):
    backend = os.environ["KERAS_BACKEND"]
    if backend == "tensorflow":
        return
    skip = pytest.mark.skip(reason=f"needs TensorFlow, this is {backend}")
    for item in items:
        if item.get_closest_marker("tensorflow"):
            item.add_marker(skip)
