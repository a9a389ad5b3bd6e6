"""New files take the place of old ones all together, whatever ends the process.

They are written in `.new`, and the old ones stay as they are. One rename commits them:
of `.new` to `.placing`. From there every step can be given again, so whoever opens the
folder next goes on where a killed process was:

1. the old entries move to `.old`, which is then renamed `.retired`;
2. the new entries move into the folder, and `.placing` is removed;
3. `.retired` is removed.

All of this is inside the folder, which may be a link, or a disk of its own.
"""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from ..errors import RETRAIN
from ..files import read_json, write_json

NEW, PLACING, OLD, RETIRED = ".new", ".placing", ".old", ".retired"
REPLACED = ".replaced.json"  # in `.new`: names of the entries that go away


def announce(folder: Path, names: Iterable[str]) -> None:
    """Records which entries of a folder the ones in its `.new` replace."""
    write_json(folder / NEW / REPLACED, sorted(names))


def place(folder: Path) -> None:
    """Puts the entries of `.new` in the place of those that `announce` named."""
    for leftover in (OLD, RETIRED):  # of an earlier time
        remove(folder / leftover)
    os.replace(folder / NEW, folder / PLACING)
    complete(folder)


def is_placing(folder: Path) -> bool:
    """Whether a process was ended while it placed new entries in a folder."""
    return (folder / PLACING).is_dir()


def complete(folder: Path) -> None:
    """Goes on with `place` where it was ended; does nothing if it was not."""
    placing, old, retired = (folder / name for name in (PLACING, OLD, RETIRED))
    if placing.is_dir():
        if not retired.is_dir():
            old.mkdir(exist_ok=True)
            for name in read_json(placing / REPLACED, RETRAIN, list):
                if os.path.lexists(folder / name):
                    os.replace(folder / name, old / name)
            os.replace(old, retired)
        for entry in sorted(placing.iterdir()):
            if entry.name != REPLACED:
                os.replace(entry, folder / entry.name)
        remove(placing)
    shutil.rmtree(retired, ignore_errors=True)


def remove(path: Path) -> None:
    """Removes a file, a link or a whole folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
