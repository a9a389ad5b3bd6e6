"""What a path names stays what it is: a link, a pipe, a device, a file's mode."""

import os
import stat
import subprocess
import sys
import threading

import pytest

from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.files import check_target, replacing, write_json, write_text
from polyhead.apps.common.quiet import quiet


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o755, 0o444])
def test_a_file_keeps_its_mode(tmp_path, mode):
    path = tmp_path / "a.txt"
    path.write_text("old")
    path.chmod(mode)
    write_text(path, "new")
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_new_file_has_the_mode_of_any_new_file(tmp_path):
    (tmp_path / "plain").write_text("")
    write_text(tmp_path / "a.txt", "new")
    assert (tmp_path / "a.txt").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file away")
def test_a_file_keeps_its_owner(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    os.chown(path, 65534, 65533)
    path.chmod(0o640)
    write_text(path, "new")
    found = path.stat()
    assert (found.st_uid, found.st_gid) == (65534, 65533)
    assert stat.S_IMODE(found.st_mode) == 0o640


@pytest.mark.parametrize("present", [True, False], ids=["whole", "dangling"])
def test_links_stay_and_their_file_is_replaced(tmp_path, present):
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "second").symlink_to("first")
    (tmp_path / "first").symlink_to(folder / "file.txt")
    if present:
        (folder / "file.txt").write_text("old")
    write_text(tmp_path / "second", "new")
    assert (tmp_path / "second").is_symlink() and (tmp_path / "first").is_symlink()
    assert (folder / "file.txt").read_text() == "new"
    assert len(list(folder.iterdir())) == 1 and len(list(tmp_path.iterdir())) == 3


def test_a_link_of_a_device_stays(tmp_path):
    (tmp_path / "null").symlink_to(os.devnull)
    write_text(tmp_path / "null", "text")
    write_text(os.devnull, "text")
    assert (tmp_path / "null").is_symlink()
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)


@pytest.mark.parametrize("named_by", ["itself", "a link"])
def test_a_pipe_is_written_to(tmp_path, named_by):
    pipe = tmp_path / "pipe.json"
    os.mkfifo(pipe)
    path = pipe
    if named_by == "a link":
        path = tmp_path / "link.json"
        path.symlink_to(pipe)
    read = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write_json(path, {"a": list(range(100_000))})  # more than a pipe holds
    reader.join()
    assert len(read[0]) > 1_000_000 and read[0].endswith(b"\n}\n")
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_nothing_reaches_a_pipe_where_the_writer_fails(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ZeroDivisionError):  # it would wait for a reader else
        with replacing(tmp_path / "pipe") as temporary:
            temporary.write_text("half")
            raise ZeroDivisionError


@pytest.mark.parametrize("captured", [False, True])
def test_open_files_go_on_where_they_are(tmp_path, captured):
    file = tmp_path / "all.txt"
    with open(file, "wb", buffering=0) as stream:
        stream.write(b"before\n")
        for name in ("/dev/fd/{}", "/proc/self/fd/{}"):
            with quiet(verbose=not captured):
                write_text(name.format(stream.fileno()), "text\n")
        stream.write(b"after\n")
    assert file.read_text() == "before\ntext\ntext\nafter\n"
    assert list(tmp_path.iterdir()) == [file]


TO_SCREEN = """
import sys
from polyhead.apps.common.files import write_text
from polyhead.apps.common.quiet import quiet
with quiet(verbose=sys.argv[2] == "verbose") as terminal:
    print("first", file=terminal.out)
    write_text(sys.argv[1], "second\\n")
    print("third", file=terminal.out)
"""


@pytest.mark.parametrize("verbose", ["verbose", "quiet"])
@pytest.mark.parametrize("path", ["/dev/stdout", "/dev/fd/1"])
@pytest.mark.parametrize("to", ["pipe", "file"])
def test_standard_output_by_its_name(tmp_path, path, to, verbose):
    command = [sys.executable, "-c", TO_SCREEN, path, verbose]
    with open(tmp_path / "out", "wb") as file:
        stdout = subprocess.PIPE if to == "pipe" else file
        done = subprocess.run(command, stdout=stdout)
    written = done.stdout if to == "pipe" else (tmp_path / "out").read_bytes()
    assert written == b"first\nsecond\nthird\n"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("folder", "folder: is a folder: name a file in it"),
        ("gone/a.txt", "a.txt: cannot be written .No such file.* make its folder"),
        ("file/a.txt", "a.txt: cannot be written .Not a directory"),
        ("loop", "loop: cannot be written .Too many levels of symbolic links"),
        ("n" * 300, "cannot be written .File name too long.: choose a shorter name"),
        ("to-gone", "to-gone: cannot be written .No such file"),
        ("a\0b", "no file can have this name"),
        ("a\ud800b", "no file can have this name"),
    ],
)
def test_a_place_that_cannot_be_written_is_one_line(tmp_path, name, message):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("old")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "to-gone").symlink_to("gone/b.txt")
    before = sorted(tmp_path.rglob("*"))
    for write in (check_target, lambda path: write_text(path, "new")):
        with pytest.raises(PolyheadError, match=message) as caught:
            write(tmp_path / name)
        assert "\n" not in str(caught.value)
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "file").read_text() == "old"


def test_a_full_device_is_one_line():
    with pytest.raises(PolyheadError, match="/dev/full: cannot be written .No space"):
        write_text("/dev/full", "text")
    assert stat.S_ISCHR(os.stat("/dev/full").st_mode)


IN_A_CLOSED_FOLDER = """
import os, sys
from polyhead.apps.common.files import check_target, write_text
from polyhead.apps.common.errors import PolyheadError
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
for write in (check_target, lambda path: write_text(path, "new")):
    try:
        write(sys.argv[1])
    except PolyheadError as error:
        print(error)
"""


def test_a_closed_folder_is_one_line(tmp_path_factory):
    folder = tmp_path_factory.mktemp("closed")
    for parent in folder.parents[:2]:  # pytest's own folders are closed to others
        if parent.owner() == folder.owner() and parent.name.startswith("pytest"):
            parent.chmod(0o755)
    folder.chmod(0o555)
    code, path = IN_A_CLOSED_FOLDER, str(folder / "a.txt")
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True)
    line = f"{path}: cannot be written (Permission denied): choose another place"
    lines = done.stdout.decode().splitlines()
    assert len(lines) == 2 and all(each.startswith(line) for each in lines), done
    assert not list(folder.iterdir())


@pytest.mark.parametrize("name", [b"caf\xe9.json", b"n" * 250 + b".json", b".a", b"a"])
def test_any_name_that_a_file_can_have(tmp_path, name):
    path = os.fsdecode(os.path.join(os.fsencode(tmp_path), name))
    write_json(path, {"file": path})
    write_json(path, {"file": path})
    assert os.listdir(os.fsencode(tmp_path)) == [name]
