"""A file is written whole or not at all, on a full disk too."""

import csv
import errno
import os
import resource
import subprocess
import sys

import pytest

from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.files import (
    read_json,
    replacing,
    write_csv,
    write_json,
    write_text,
)

FULL = OSError(errno.ENOSPC, "No space left on device")


def test_json_comes_back(tmp_path):
    data = {"labels": ["é", "日本"], "accuracy": 0.1}
    write_json(tmp_path / "a.json", data)
    assert read_json(tmp_path / "a.json", remedy="") == data
    assert [file.name for file in tmp_path.iterdir()] == ["a.json"]


def test_text_keeps_its_line_ends(tmp_path):
    write_text(tmp_path / "a.csv", "a\nb\r\n")
    assert (tmp_path / "a.csv").read_bytes() == b"a\nb\r\n"


@pytest.mark.parametrize(
    "error",
    [FULL, OSError("h5: errno = 28, No space left on device"), RuntimeError(str(FULL))],
)
def test_a_full_disk_leaves_the_old_file(tmp_path, error):
    path = tmp_path / "model.keras"
    path.write_text("old")
    with pytest.raises(PolyheadError, match="model.keras: the disk is full: free"):
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise error
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_another_failure_passes_and_leaves_the_old_file(tmp_path):
    path = tmp_path / "model.keras"
    path.write_text("old")
    with pytest.raises(RuntimeError, match="bug"):
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError("bug")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_missing_is_named(tmp_path):
    with pytest.raises(PolyheadError, match="gone/a.txt: cannot be written .No such"):
        write_text(tmp_path / "gone" / "a.txt", "x")


def test_the_temporary_keeps_the_suffix(tmp_path):
    # Keras and NumPy choose the format by it.
    with replacing(tmp_path / "model.keras") as temporary:
        assert temporary.suffix == ".keras"
        temporary.write_text("new")
    assert (tmp_path / "model.keras").read_text() == "new"


WRITE_TOO_MUCH = """
import sys
from polyhead.apps.common.files import write_text
from polyhead.apps.common.errors import PolyheadError
try:
    write_text(sys.argv[1], "x" * 100_000)
except PolyheadError as error:
    print(error)
"""


def test_the_system_refusing_to_write_is_one_line(tmp_path):
    # A limit on the size of files is the full disk that needs no root.
    path = tmp_path / "a.txt"
    path.write_text("old")
    done = subprocess.run(
        [sys.executable, "-c", WRITE_TOO_MUCH, str(path)],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
    )
    assert done.stdout.startswith(f"{path}: the disk is full"), done.stderr
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_csv_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "a.csv"
    write_csv(path, [["name", "value"], ["a, b", 1]])
    assert path.read_bytes() == b'name,value\r\n"a, b",1\r\n'
    with pytest.raises(csv.Error):
        write_csv(path, [["name"], 5])
    assert path.read_bytes().startswith(b"name,value")
    assert [file.name for file in tmp_path.iterdir()] == ["a.csv"]
