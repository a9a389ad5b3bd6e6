"""The lock of a run's folder: one command at a time writes in it."""

import contextlib
import datetime
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from ..errors import PolyheadError
from ..files import read_json, write_json, writing_error

LOCK, OWNER = ".lock", ".lock.json"
TRAINING = "training"


@contextlib.contextmanager
def hold(path: Path, work: str, seconds: float = 0) -> Iterator[None]:
    """Keeps every other command from writing in a run's folder.

    Raises an error that names the process that writes in it now. The system frees the
    lock of a process that has died.

    Args:
        work: what is done to the run, such as "training".
        seconds: how long to wait for another process.
    """
    import filelock

    lock = filelock.FileLock(path / LOCK)
    try:
        lock.acquire(timeout=seconds)
    except filelock.Timeout:
        remedy = ", or choose another --run" if work == TRAINING else ""
        raise PolyheadError(f"{path}: {_owner(path)}: wait for it{remedy}") from None
    except OSError as error:
        raise writing_error(path, error) from None
    try:
        now = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
        host = socket.gethostname()
        facts = {"pid": os.getpid(), "host": host, "work": work, "since": now}
        write_json(path / OWNER, facts)
        yield
    finally:
        for name in (OWNER, LOCK):  # a process that waits makes a new file
            with contextlib.suppress(OSError):
                (path / name).unlink()
        lock.release()


def _owner(path: Path) -> str:
    """Who writes in a folder, as far as `.lock.json` tells."""
    try:
        facts = read_json(path / OWNER, "")
        since = datetime.datetime.fromisoformat(facts["since"]).astimezone()
        today = datetime.datetime.now().astimezone().date() == since.date()
        return (
            f"process {facts['pid']} on {facts['host']} has been {facts['work']} it "
            f"since {since:{'%H:%M' if today else '%Y-%m-%d %H:%M'}}"
        )
    except (PolyheadError, ValueError, LookupError, TypeError):  # it has just begun
        return "another process is writing in it"
