"""Names of temporary files, which tell whether their writer still lives.

A process that is killed leaves its temporary file behind. The file's name holds the
machine, the process and when the process began, so a later one knows that it may go.
"""

import contextlib
import itertools
import os
import platform
import re
import zlib
from pathlib import Path

_TAG = re.compile(r"\.tmp-([0-9a-f]{8})-([0-9]+)-([0-9]*)-[0-9]+$")
_NAME_BYTES = 255  # a file's name, in nearly all file systems
_KEPT_BYTES = 160, 32  # of a name, and of its suffix; the tag needs the others
_numbers = itertools.count()


def temporary_path(path: Path) -> Path:
    """A new path beside `path`, with its suffix: Keras and NumPy go by it."""
    name, suffix = _split(path)
    tag = f"{_machine()}-{os.getpid()}-{_began(os.getpid())}-{next(_numbers)}"
    return path.with_name(f".{name}.tmp-{tag}{suffix}")


def remove_leftovers_of(path: Path) -> None:
    """Removes the temporary files of `path` that dead processes left."""
    name, suffix = _split(path)
    with contextlib.suppress(OSError):
        for entry in os.scandir(path.parent):
            if entry.name.startswith(f".{name}.tmp-") and entry.name.endswith(suffix):
                _remove_if_left(Path(entry.path), suffix)


def remove_leftovers(folder: str | os.PathLike[str]) -> None:
    """Removes the temporary files that dead processes left in a folder and below it.

    Those of other machines stay: whether their writers live is not known here.
    """
    for parent, _, names in os.walk(folder):
        for name in names:
            if name.startswith(".") and ".tmp-" in name:
                path = Path(parent, name)
                _remove_if_left(path, path.suffix)
                _remove_if_left(path, "")


def _remove_if_left(path: Path, suffix: str) -> None:
    found = _TAG.search(path.name.removesuffix(suffix))
    if found and found[1] == _machine() and not _lives(int(found[2]), found[3]):
        with contextlib.suppress(OSError):
            path.unlink()


def _split(path: Path) -> tuple[str, str]:
    """The name and the suffix, both short enough for a longer name."""
    name, suffix = os.fsencode(path.stem), os.fsencode(path.suffix)
    longest, longest_suffix = _KEPT_BYTES
    kept = suffix if len(suffix) <= longest_suffix else b""
    return os.fsdecode(name[:longest]), os.fsdecode(kept)


def _machine() -> str:
    return f"{zlib.crc32(platform.node().encode('utf-8', 'replace')):08x}"


def _began(process: int) -> str:
    """When a process began, in ticks; "" where the system does not tell."""
    state = _read_state(process)
    return state[19] if len(state) > 19 else ""


def _read_state(process: int) -> list[str]:
    try:
        text = Path(f"/proc/{process}/stat").read_text("utf-8", "replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()  # its name may have spaces and brackets


def _lives(process: int, began: str) -> bool:
    if os.name != "posix":  # there, the call below would interrupt the process
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        pass  # it is another user's
    state = _read_state(process)
    if not state:
        return True
    # A later process may have the same number; a zombie only waits to be counted.
    return state[0] not in "ZX" and began in ("", _began(process))
