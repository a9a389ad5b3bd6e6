"""The command in a process of its own: what it imports, and how it ends."""

import os
import subprocess
import sys

import pytest

from polyhead.apps.registry import find_task


def python(code, *words):
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        capture_output=True,
        text=True,
        env=os.environ | {"COLUMNS": "200"},
    )


IMPORTS = """
import sys
from polyhead.apps.cli.main import main
status = main(sys.argv[1:])
heavy = ["tensorflow", "keras", "jax", "torch", "pandas", "sklearn", "matplotlib"]
heavy += ["scipy", "numpy", "pyarrow", "tokenizers", "rich", "polyhead.layers"]
print("heavy:", [name for name in heavy if name in sys.modules], file=sys.stderr)
sys.exit(status)
"""


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("--help", 0),
        ("--version", 0),
        ("train --help", 0),
        ("train text-classification --help", 0),
        ("predict --help", 0),
        ("train text-classification --epochs x", 2),
        ("train text-classification --set epoch=3", 2),
        ("predict nowhere text", 1),
    ],
)
def test_help_and_errors_import_nothing_heavy(words, status):
    done = python(IMPORTS, *words.split())
    assert done.returncode == status, done.stderr
    assert done.stderr.splitlines()[-1] == "heavy: []"
    assert (status == 0) == (done.stdout != "")


def test_help_names_every_verb_and_every_flag():
    words = python(IMPORTS, "--help").stdout
    assert all(verb in words for verb in ("train", "evaluate", "predict", "export"))
    words = python(IMPORTS, "train", "text-classification", "--help").stdout
    for field in find_task("text-classification").flags:
        assert "--" + field.replace("_", "-") in words


def test_the_module_is_the_same_command():
    done = subprocess.run(
        [sys.executable, "-m", "polyhead.apps", "--version"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0 and done.stdout.startswith("polyhead ")


@pytest.mark.parametrize("flag", ["-q", "-v"])  # captured and not
def test_a_reader_that_leaves_is_no_error(flag):
    code = f"""
import sys
from polyhead.apps.cli import main as cli
def speak(arguments, terminal):
    for _ in range(300_000):
        print("word", file=terminal.out)
cli._VERBS["evaluate"] = speak
sys.exit(cli.main(["evaluate", "run", "{flag}"]))
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.read(5)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 1
