"""`make demo` and `make test` work in any order: neither is in the other's way."""

import os
import re
import shutil
import subprocess

import pytest
from shipped_tools import ROOT


def commands(target):
    """What `make TARGET` would run, once the environment is there."""
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    command = ["make", "-n", "-o", ".venv/.installed", target]
    # Without what a make around these tests was given.
    env = {key: value for key, value in os.environ.items() if "MAKE" not in key}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=env)
    assert done.returncode == 0, done.stderr
    return done.stdout.replace("\\\n", " ")


def test_the_demo_writes_into_a_folder_of_its_own():
    trained = re.findall(r"polyhead train .+ --run (\S+)", commands("demo"))
    asked = re.findall(r"polyhead (?:evaluate|export|predict) (\S+)", commands("demo"))
    assert trained == ["demo/dates", "demo/co2"]
    assert set(asked) == {"saved_models/language-identifier", *trained}
    exported = re.findall(r"polyhead (?:evaluate|export) (\S+)", commands("demo"))
    assert set(exported) <= set(trained)  # what git has is never written
    assert {"demo", ".venv", ".venv-newest", ".venv-oldest"} <= set(
        commands("clean").split()
    )


@pytest.mark.parametrize(
    "path", ["demo/co2/model.keras", ".venv/x", ".venv-newest/x", "saved_models/mine/x"]
)
def test_git_ignores_what_is_made_here(path):
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("this is no clone")
    done = subprocess.run(["git", "check-ignore", "--quiet", path], cwd=ROOT)
    assert done.returncode == 0


def test_ci_runs_them_in_one_clone_and_looks_at_git_at_the_end():
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    steps = re.findall(r"^\s*(make [\w-]+|after=..list_changes)", script, re.MULTILINE)
    assert steps == [
        *("make check", "make demo", "make test", "make test-newest"),
        *("make test-backends", "after=$(list_changes"),
    ]
