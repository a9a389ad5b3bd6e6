"""JSON, CSV and text files: clear errors, and written completely or not at all."""

import contextlib
import csv
import errno
import io
import json
import os
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from .errors import PolyheadError, UsageError, reason_of
from .quiet import own_descriptor
from .temporary import remove_leftovers as remove_leftovers
from .temporary import remove_leftovers_of, temporary_path

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_REMEDIES = {
    errno.ENOENT: "make its folder first, or choose another",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.EPIPE: "its reader has left",
}


def read_file(path: str | os.PathLike[str], remedy: str) -> str:
    """Reads UTF-8 text, or raises a one-line error that ends with the remedy."""
    check_path(path)
    try:
        return Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise PolyheadError(f"{path}: missing: {remedy}") from None
    except OSError as error:
        raise PolyheadError(f"{path}: {reason_of(error)}: {remedy}") from None
    except UnicodeDecodeError:
        raise PolyheadError(f"{path}: not UTF-8 text: {remedy}") from None


def read_json(path: str | os.PathLike[str], remedy: str, kind: type = dict) -> Any:
    """Reads a JSON file that holds a `kind`, or raises an error as `read_file`."""
    text = read_file(path, remedy)
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise PolyheadError(
            f"{path}: broken JSON in line {error.lineno}: {remedy}"
        ) from None
    except (RecursionError, ValueError) as error:  # a number of too many digits
        raise PolyheadError(
            f"{path}: JSON that cannot be read ({reason_of(error)}): {remedy}"
        ) from None
    if not isinstance(content, kind):
        wanted = "JSON object" if kind is dict else kind.__name__
        held = type(content).__name__
        raise PolyheadError(f"{path}: holds a {held}, not a {wanted}: {remedy}")
    return content


@contextlib.contextmanager
def expecting(path: str | os.PathLike[str], remedy: str) -> Iterator[None]:
    """Around the use of a file's content: what it lacks is a one-line error."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        lacks = f"no {error}" if isinstance(error, KeyError) else reason_of(error)
        raise PolyheadError(
            f"{path}: not as polyhead writes it ({lacks}): {remedy}"
        ) from error


def is_whole_zip(path: Path) -> bool:
    """Whether a zip is damaged nowhere: its readers do not look everywhere."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except Exception:  # a damaged zip raises errors of many kinds
        return False


def check_zip(path: Path, remedy: str) -> None:
    """Refuses a zip that is damaged anywhere."""
    if not is_whole_zip(path):
        raise PolyheadError(f"{path}: truncated or corrupt: {remedy}")


def check_path(path: str | os.PathLike[str]) -> None:
    """Refuses a name that no file can have."""
    try:
        is_name = b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        is_name = False
    if not is_name:
        raise UsageError(
            f"{ascii(os.fspath(path))}: no file can have this name: it holds a zero "
            "byte, or half a character"
        )


def write_json(path: str | os.PathLike[str], data: object) -> None:
    """Writes `data` as JSON, completely or not at all."""
    write_text(path, json.dumps(data, indent=2, ensure_ascii=False) + "\n")


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Writes `text` as UTF-8, completely or not at all.

    The bytes of a file's name that are no UTF-8 become escapes, which JSON reads back.
    """
    with replacing(path) as temporary:
        temporary.write_bytes(text.encode("utf-8", "backslashreplace"))


def write_csv(path: str | os.PathLike[str], rows: Iterable[Sequence]) -> None:
    """Writes rows as CSV, completely or not at all; the first is the header."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    write_text(path, text.getvalue())


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Gives a temporary path; its file becomes that of `path` if no error occurs.

    A symbolic link stays one, and the file that it names is replaced. A file keeps its
    mode, and its owner where that is allowed. What is no file, such as a pipe or a
    device, stays: it is written to.

    Example:

        with replacing(folder / "model.keras") as temporary:
            model.save(temporary)
    """
    path = Path(path)
    with _clear_errors(path), contextlib.ExitStack() as stack:
        target = find_target(path)
        if target is None:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            temporary = Path(folder, path.name)
        else:
            remove_leftovers_of(target)
            temporary = temporary_path(target)
            stack.callback(temporary.unlink, missing_ok=True)
        yield temporary
        if target is None:
            with open(temporary, "rb") as content, _open_special(path) as special:
                shutil.copyfileobj(content, special)
        else:
            with open(temporary, "rb+") as file:
                os.fsync(file.fileno())
            _copy_rights(target, temporary)
            os.replace(temporary, target)


def check_target(path: str | os.PathLike[str]) -> None:
    """Raises at once the error that writing to `path` would raise in the end."""
    path = Path(path)
    with _clear_errors(path):
        target = find_target(path)
        if target is not None and not target.parent.is_dir():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        if target is not None and not os.access(target.parent, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def find_target(path: Path) -> Path | None:
    """The file that a path and its links name; None if it is a pipe or a device."""
    check_path(path)
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return Path(os.path.realpath(path))  # the link of a missing file stays too
    if stat.S_ISDIR(mode):
        raise PolyheadError(f"{path}: is a folder: name a file in it")
    if not stat.S_ISREG(mode) or _find_descriptor(path) is not None:
        return None
    return Path(os.path.realpath(path))


def _find_descriptor(path: Path) -> int | None:
    """The number of the open file that a path such as /dev/stdout names."""
    for _ in range(40):  # as many links as Linux follows
        parent = os.path.realpath(path.parent)
        if parent in ("/dev/fd", f"/proc/{os.getpid()}/fd") and path.name.isdecimal():
            return int(path.name)
        if not path.is_symlink():
            return None
        path = Path(parent, os.readlink(path))
    return None


def _open_special(path: Path) -> Any:
    number = _find_descriptor(path)
    if number is None:
        return open(path, "wb")
    # A copy of it goes on where it is; opened by its name, a file would be emptied.
    return open(os.dup(own_descriptor(number)), "wb")


def _copy_rights(older: Path, newer: Path) -> None:
    """Gives a new file the mode of the older one, and its owner if that is allowed."""
    try:
        rights, own = os.stat(older), os.stat(newer)
    except FileNotFoundError:
        return
    if (rights.st_uid, rights.st_gid) != (own.st_uid, own.st_gid):
        for owner in (rights.st_uid, -1):
            with contextlib.suppress(OSError):
                os.chown(newer, owner, rights.st_gid)
                break
    os.chmod(newer, stat.S_IMODE(rights.st_mode))


@contextlib.contextmanager
def _clear_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError) as error:
        if isinstance(error, OSError) or is_full(error):
            raise writing_error(path, error) from error
        raise


def writing_error(path: Path, error: BaseException) -> PolyheadError:
    """A one-line error that says why a file could not be written."""
    if is_full(error) and (os.path.isfile(path) or not os.path.exists(path)):
        return PolyheadError(
            f"{path}: the disk is full: free some space and give the same command "
            "again (the older file is as it was)"
        )
    number = getattr(error, "errno", None) or 0
    remedy = _REMEDIES.get(number, "choose another place, or change its rights")
    return PolyheadError(f"{path}: cannot be written ({reason_of(error)}): {remedy}")


def is_full(error: BaseException) -> bool:
    """Whether an error says that the disk is full."""
    # h5py and TensorFlow have the system's error only in their message.
    number = getattr(error, "errno", None)
    return number in _FULL or any(os.strerror(n) in str(error) for n in _FULL)
