"""Warnings that our own code causes fail a test; those of other packages do not."""

import os
import re
import shutil
import subprocess
import sys
import tomllib

import pytest
from import_tools import ROOT, sources

CODE = """
import threading, warnings
import numpy as np

def warn():
    warnings.warn("old", {category})

def empty_mean():
    return np.mean(np.array([]))  # NumPy warns in its own name

def thread():
    running = threading.Thread(target=lambda: 1 / 0)
    running.start()
    running.join()
"""
TESTS = """
import warnings
import pytest
import other_package.module, review_tools
from polyhead.apps import odd

def test_other_package():
    other_package.module.warn()

def test_our_package():
    odd.warn()

def test_numbers():
    odd.empty_mean()

def test_thread():
    odd.thread()

def test_shared_file():
    review_tools.warn()

def test_itself():
    warnings.warn("old", {category})
"""
FILES = (
    "polyhead/apps/odd.py",
    "other_package/module.py",
    "tests/apps/review_tools.py",
)
KINDS = ("DeprecationWarning", "FutureWarning", "UserWarning", "RuntimeWarning")


def filters():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return settings["tool"]["pytest"]["ini_options"]["filterwarnings"]


@pytest.mark.parametrize("category", KINDS)
def test_only_our_warnings_are_errors(tmp_path, category):
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(CODE.format(category=category))
    (tmp_path / "tests/apps/test_it.py").write_text(TESTS.format(category=category))
    paths = [str(tmp_path), str(tmp_path / "tests/apps")]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-rA", "-p", "no:cacheprovider", "tests"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
    )
    found = re.findall(r"^(\w+) \S+::test_(\w+)", done.stdout, re.MULTILINE)
    failed = ["our_package", "numbers", "thread", "shared_file", "itself"]
    assert sorted(found) == sorted(
        [("PASSED", "other_package"), *(("FAILED", name) for name in failed)]
    ), done.stdout


def test_the_warnings_of_every_file_of_the_tests_are_errors():
    modules = [f.split(":")[3] for f in filters() if f.startswith("error:::")]
    for path in sources("tests"):
        dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        imported = path.name.startswith("test_") or path.stem == "conftest"
        name = dotted if imported else path.stem
        assert any(re.match(module, name) for module in modules), path
