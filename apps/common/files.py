"""JSON, CSV and text files: clear errors, and written completely or not at all."""

import contextlib
import csv
import errno
import io
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from .errors import PolyheadError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def read_json(path: str | os.PathLike[str], remedy: str) -> Any:
    """Reads a JSON file, or raises a one-line error that ends with the remedy."""
    path = Path(path)
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PolyheadError(f"{path}: missing: {remedy}") from None
    except OSError as error:
        raise PolyheadError(f"{path}: {error.strerror}: {remedy}") from None
    except UnicodeDecodeError:
        raise PolyheadError(f"{path}: not UTF-8 text: {remedy}") from None
    except json.JSONDecodeError as error:
        raise PolyheadError(
            f"{path}: broken JSON in line {error.lineno}: {remedy}"
        ) from None


def write_json(path: str | os.PathLike[str], data: object) -> None:
    """Writes `data` as JSON, completely or not at all."""
    write_text(path, json.dumps(data, indent=2, ensure_ascii=False) + "\n")


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Writes `text` as UTF-8, completely or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")


def write_csv(path: str | os.PathLike[str], rows: Iterable[Sequence]) -> None:
    """Writes rows as CSV, completely or not at all; the first is the header."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    write_text(path, text.getvalue())


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Gives a temporary path, and moves it to `path` if no error occurs.

    Example:

        with replacing(folder / "model.keras") as temporary:
            model.save(temporary)
    """
    path = Path(path)
    # Keras chooses the format by the suffix, so the temporary file has the same one.
    temporary = path.with_name(f".{path.stem}.tmp{os.getpid()}{path.suffix}")
    try:
        yield temporary
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except (OSError, RuntimeError) as error:
        if isinstance(error, OSError) or is_full(error):
            raise writing_error(path, error) from error
        raise
    finally:
        temporary.unlink(missing_ok=True)


def writing_error(path: Path, error: BaseException) -> PolyheadError:
    """A one-line error that says why a file could not be written."""
    if is_full(error):
        return PolyheadError(
            f"{path}: the disk is full: free some space and give the same command "
            "again (the older file is as it was)"
        )
    reason = getattr(error, "strerror", None) or error
    return PolyheadError(f"{path}: cannot be written ({reason})")


def is_full(error: BaseException) -> bool:
    """Whether an error says that the disk is full."""
    # h5py and TensorFlow have the system's error only in their message.
    number = getattr(error, "errno", None)
    return number in _FULL or any(os.strerror(n) in str(error) for n in _FULL)
