"""JSON, CSV and text files, read with clear errors and written whole or not at all."""

import contextlib
import csv
import errno
import io
import json
import os
from pathlib import Path

from .errors import PolyheadError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def read_json(path, remedy):
    """Reads a JSON file, or says in one line what is wrong with it."""
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


def write_json(path, data):
    """Writes `data` as JSON, all of it or nothing."""
    write_text(path, json.dumps(data, indent=2, ensure_ascii=False) + "\n")


def write_text(path, text):
    """Writes `text` as UTF-8, all of it or nothing."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")


def write_csv(path, rows):
    """Writes rows as CSV, the header among them, all of it or nothing."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    write_text(path, text.getvalue())


@contextlib.contextmanager
def replacing(path):
    """Gives a temporary path that takes the place of `path` when all went well.

    Example:

        with replacing(folder / "model.keras") as temporary:
            model.save(temporary)
    """
    path = Path(path)
    # Keras chooses the format by the suffix, so it stays the same.
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


def writing_error(path, error):
    """Says in one line why a file could not be written."""
    if is_full(error):
        return PolyheadError(
            f"{path}: the disk is full: free some space and give the same command "
            "again (the older file is as it was)"
        )
    return PolyheadError(f"{path}: cannot be written ({error.strerror or error})")


def is_full(error):
    """Whether an error says that there is no room left on the disk."""
    # h5py and TensorFlow keep the system's error only in their text.
    number = getattr(error, "errno", None)
    return number in _FULL or any(os.strerror(n) in str(error) for n in _FULL)
