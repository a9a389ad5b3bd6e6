"""The temporary files of killed processes go, and those of living ones stay."""

import os
import signal
import subprocess
import sys

import pytest

from polyhead.apps.common.files import replacing, write_text
from polyhead.apps.common.temporary import remove_leftovers, temporary_path

WAIT = """
import sys
from polyhead.apps.common.files import replacing
with replacing(sys.argv[1]) as temporary:
    temporary.write_text("half")
    print("ready", flush=True)
    sys.stdin.read()
"""


def start_writing(path):
    process = subprocess.Popen(
        [sys.executable, "-c", WAIT, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout.readline() == b"ready\n"
    return process


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdin.close()
    process.stdout.close()


@pytest.mark.parametrize(
    "name", ["model.keras", "a.tar.gz", "none", "[a]*?.txt", "n" * 250 + ".csv"]
)
def test_what_a_kill_leaves_goes_with_the_next_write(tmp_path, name):
    path = tmp_path / name
    kill(start_writing(path))
    assert len(list(tmp_path.iterdir())) == 1
    write_text(path, "whole")
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_text() == "whole"


def test_a_writer_that_lives_is_left_alone(tmp_path):
    path = tmp_path / "a.json"
    living = start_writing(path)
    try:
        write_text(path, "first")
        remove_leftovers(tmp_path)
        assert len(list(tmp_path.iterdir())) == 2
        living.communicate(timeout=60)
        assert living.returncode == 0
        assert path.read_text() == "half"  # the later one to end
    finally:
        kill(living)
    assert list(tmp_path.iterdir()) == [path]


def test_a_zombie_does_not_live(tmp_path):
    process = start_writing(tmp_path / "a.json")
    process.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # not yet counted
    remove_leftovers(tmp_path)
    assert not list(tmp_path.iterdir())
    kill(process)


def test_the_sweep_goes_through_all_folders_of_a_run(tmp_path):
    kept = []
    for folder in ("", "plots", "checkpoint/deep"):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        for name in ("last.npz", "none", ".gitignore", "a.tmp-1-2-3.txt"):
            (tmp_path / folder / name).write_text("kept")
            kept.append(tmp_path / folder / name)
        for name in ("last.npz", "none"):
            kill(start_writing(tmp_path / folder / name))
    remove_leftovers(tmp_path)
    assert sorted(p for p in tmp_path.rglob("*") if p.is_file()) == sorted(kept)
    remove_leftovers(tmp_path / "gone")  # says nothing


def test_other_machines_and_later_processes(tmp_path):
    own = temporary_path(tmp_path / "a.json")
    machine, process, began, number = own.stem.rsplit("tmp-", 1)[1].split("-")
    other = "0" * 8 if machine != "0" * 8 else "1" * 8
    elsewhere = f".a.tmp-{other}-{process}-{began}-{number}.json"
    reused = f".a.tmp-{machine}-{process}-{int(began or 1) + 1}-{number}.json"
    for name in (own.name, elsewhere, reused):
        (tmp_path / name).write_text("half")
    remove_leftovers(tmp_path)
    found = {path.name for path in tmp_path.iterdir()}
    assert found == {own.name, elsewhere} | (set() if began else {reused})


def test_two_writes_of_one_process_do_not_meet(tmp_path):
    path = tmp_path / "a.txt"
    with replacing(path) as first, replacing(path) as second:
        first.write_text("first")
        second.write_text("second")
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]
