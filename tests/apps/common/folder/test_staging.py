"""New entries take the place of old ones, whole, wherever the process is killed."""

import signal
import subprocess
import sys

import pytest

from polyhead.apps.common.folder.staging import complete, is_placing, place, remove

# Places, and kills itself before its n-th rename or removal.
DRIVER = """
import os, shutil, signal, sys
from pathlib import Path
from polyhead.apps.common.folder import staging
left = int(sys.argv[1])
def dying(function):
    def call(*args, **options):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **options)
    return call
folder = Path(sys.argv[2])
staging.announce(folder, sys.argv[3:])
for name in ("replace", "unlink", "rmdir"):
    setattr(os, name, dying(getattr(os, name)))
shutil.rmtree = dying(shutil.rmtree)
staging.place(folder)
"""


def make(folder):
    for place_, names in ((folder, ("a", "b", "mine")), (folder / ".new", ("b", "c"))):
        place_.mkdir()
        for name in names:
            (place_ / name).mkdir()
            (place_ / name / "file").write_text("new" if place_.name == ".new" else "")
    (folder / "d").write_text("old")
    (folder / ".new" / "d").write_text("new")


def test_a_kill_at_any_step_is_completed(tmp_path):
    for count in range(40):
        folder = tmp_path / str(count)
        make(folder)
        done = subprocess.run(
            [sys.executable, "-c", DRIVER, str(count), str(folder), "a", "b", "d"],
            capture_output=True,
            text=True,
        )
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        if not is_placing(folder) and (folder / ".new").is_dir():
            assert (folder / "a").is_dir() and (folder / "d").read_text() == "old"
            place(folder)
        complete(folder)
        left = {path.name for path in folder.iterdir()}
        assert left == {"b", "c", "d", "mine"}, (count, left)
        assert (folder / "b" / "file").read_text() == "new"
        assert (folder / "d").read_text() == "new"
        if done.returncode == 0:
            break
    assert count > 10 and done.returncode == 0


def test_what_an_earlier_time_left_does_not_hide_old_entries(tmp_path):
    from polyhead.apps.common.folder.staging import announce

    folder = tmp_path / "run"
    make(folder)
    (folder / ".retired").mkdir()
    (folder / ".retired" / "x").write_text("")
    announce(folder, ["a", "b", "d"])
    place(folder)
    assert {path.name for path in folder.iterdir()} == {"b", "c", "d", "mine"}


def test_complete_does_nothing_where_nothing_was_begun(tmp_path):
    make(tmp_path / "run")
    complete(tmp_path / "run")
    assert (tmp_path / "run" / ".new" / "c").is_dir()


@pytest.mark.parametrize("kind", ["file", "folder", "link", "nothing"])
def test_remove(tmp_path, kind):
    target = tmp_path / "target"
    target.mkdir()
    (target / "kept").write_text("")
    path = tmp_path / "path"
    if kind == "file":
        path.write_text("")
    elif kind == "folder":
        path.mkdir()
        (path / "file").write_text("")
    elif kind == "link":
        path.symlink_to(target)
    remove(path)
    assert not path.exists() and (target / "kept").exists()
