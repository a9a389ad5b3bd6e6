"""Standard streams that are closed, full, or of the wrong kind; odd names of files."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parents[2] / "golden"
PREDICT = 'predict reviews "a good one"'
ANSWER = b"good\t0.6027\ta good one\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Runs that are not changed."""
    path = tmp_path_factory.mktemp("runs")
    shutil.copytree(GOLDEN / "0.1.0", path, dirs_exist_ok=True)
    shutil.copytree(GOLDEN / "data", path / "data")
    return path


def shell(folder, words, streams=""):
    """What a command in a shell says, its streams closed or sent elsewhere."""
    return subprocess.run(
        ["sh", "-c", f'"$0" -m polyhead.apps {words} {streams}', sys.executable],
        capture_output=True,
        cwd=folder,
        stdin=subprocess.DEVNULL,
    )


def assert_one_line(done, *parts):
    assert done.returncode == 1, done.stderr
    assert done.stderr.count(b"\n") == 1
    assert done.stderr.startswith(b"polyhead: error: ")
    for part in parts:
        assert part in done.stderr


@pytest.mark.parametrize(
    ("words", "streams", "part"),
    [
        ("predict reviews", "<&-", b"standard input is closed: give texts, or --file"),
        ("predict reviews", "0>&1", b"standard input: cannot be read (Bad file"),
        (PREDICT, ">&-", b"standard output: cannot be written (Bad file descriptor)"),
        (f"{PREDICT} -v", ">&-", b"standard output: cannot be written (Bad file"),
        (PREDICT, "<&- >&-", b"standard output: cannot be written (Bad file"),
        (PREDICT, ">/dev/full", b"standard output: cannot be written (No space left"),
        ("--help", ">&-", b"standard output: cannot be written (Bad file descriptor)"),
        ("--version", ">/dev/full", b"standard output: cannot be written (No space"),
        ("predict --help", ">/dev/full", b"standard output: cannot be written (No"),
        ("compare wave reviews", ">&-", b"standard output: cannot be written (Bad"),
        ("inspect reviews/export/model_int8.tflite", ">/dev/full", b"standard output"),
        (f"{PREDICT} --output /dev/full", "", b"/dev/full: cannot be written (No spa"),
        (f"{PREDICT} --output gone/a", "", b"gone/a: cannot be written (No such file"),
        (f"{PREDICT} --output .", "", b".: is a folder: name a file in it"),
    ],
)
def test_a_stream_that_is_closed_or_full_is_one_line(folder, words, streams, part):
    done = shell(folder, words, streams)
    # Some lines of the libraries come with -v.
    done.stderr = done.stderr[done.stderr.index(b"polyhead: error") :]
    assert_one_line(done, part)
    assert done.stdout == b""


@pytest.mark.parametrize(
    ("words", "streams", "status", "out"),
    [
        (PREDICT, "<&-", 0, ANSWER),
        (PREDICT, "2>&-", 0, ANSWER),
        (PREDICT, "<&- 2>&-", 0, ANSWER),
        (PREDICT, "2>/dev/full", 0, ANSWER),
        (PREDICT, "<&- >&- 2>&-", 1, b""),
        ("predict nowhere text", "2>&-", 1, b""),
        ("predict nowhere text", "2>/dev/full", 1, b""),
        ("predict nowhere text", ">&- 2>&-", 1, b""),
        (f"{PREDICT} --output /dev/stdout", "", 0, ANSWER),
        (f"{PREDICT} --output /dev/fd/3", "3>&1", 0, ANSWER),
        (f"{PREDICT} --output /dev/null", ">&-", 0, b""),
        (f"{PREDICT} --output /dev/stderr", "2>&1", 0, ANSWER),
        ("explain wave --output /dev/null", "", 0, b"wrote /dev/null\n"),
        ("explain wave --output /dev/null", ">&-", 0, b""),
        ("explain wave --output /dev/null", ">/dev/full", 0, b""),
    ],
)
def test_what_does_not_need_the_stream_goes_on(folder, words, streams, status, out):
    done = shell(folder, words, streams)
    assert (done.returncode, done.stdout, done.stderr) == (status, out, b"")


def test_an_answer_that_goes_to_a_closed_place_is_not_lost_among_others(folder):
    """Without a stand-in, the next file to be opened would be standard output."""
    done = shell(folder, f"{PREDICT} --output kept.txt", "<&- >&- 2>&-")
    assert done.returncode == 0
    assert (folder / "kept.txt").read_bytes() == ANSWER


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_names_and_texts_that_the_screen_cannot_show(folder, tmp_path, encoding):
    run = os.path.join(os.fsencode(tmp_path), b"caf\xe9")
    shutil.copytree(os.fsencode(folder / "reviews"), run)
    command = [os.fsencode(sys.executable), b"-m", b"polyhead.apps"]
    env = os.environ | {"PYTHONIOENCODING": encoding}

    def answer(*words):
        return subprocess.run([*command, *words], capture_output=True, env=env)

    done = answer(b"predict", run, "gut – sehr gut é".encode())
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"good\t") and done.stdout.count(b"\n") == 1
    done = answer(b"compare", run, run)
    assert done.returncode == 0 and b"caf\\udce9" in done.stdout
    done = answer(b"predict", run, b"--file", run + b"/gone.csv")
    assert_one_line(done, b"caf\\udce9/gone.csv: no such file")
    done = answer(b"predict", run, b"text", b"--output", run + b"/\xff.txt")
    assert done.returncode == 0, done.stderr
    assert b"\xff.txt" in os.listdir(run)
