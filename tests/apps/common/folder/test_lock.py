"""The lock of a run's folder, between processes."""

import os
import re
import signal
import socket
import subprocess
import sys

import pytest

from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.folder.lock import hold

HOLDER = """
import sys
from pathlib import Path
from polyhead.apps.common.folder.lock import hold
with hold(Path(sys.argv[1]), "exporting"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock of the folder."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_the_second_says_who_holds_it(holder, tmp_path):
    who = (
        f"process {holder.pid} on {re.escape(socket.gethostname())} has been exporting"
    )
    with pytest.raises(PolyheadError, match=who + r" it since \d\d:\d\d: wait for it$"):
        with hold(tmp_path, "evaluating"):
            pass
    with pytest.raises(PolyheadError, match="wait for it, or choose another --run$"):
        with hold(tmp_path, "training"):
            pass
    holder.stdin.close()
    with hold(tmp_path, "training", seconds=60):  # waits for its end
        pass
    assert list(tmp_path.iterdir()) == []


def test_the_lock_of_a_dead_process_is_free(holder, tmp_path):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert (tmp_path / ".lock").exists()
    with hold(tmp_path, "training"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_it_holds_within_one_process_too(tmp_path):
    with hold(tmp_path, "training"):
        with pytest.raises(PolyheadError, match=f"process {os.getpid()} "):
            with hold(tmp_path, "training"):
                pass


def test_an_owner_that_cannot_be_read(tmp_path):
    with hold(tmp_path, "training"):
        for broken in ("", "[]", '{"pid": 5}'):
            (tmp_path / ".lock.json").write_text(broken)
            with pytest.raises(PolyheadError, match="another process is writing in it"):
                with hold(tmp_path, "training"):
                    pass


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / ".lock").mkdir()
    with pytest.raises(PolyheadError, match="cannot be written"):
        with hold(tmp_path, "training"):
            pass
