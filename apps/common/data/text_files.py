"""UTF-8 files, plain or .gz, with errors of one clear line."""

import gzip
import io
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from ..errors import PolyheadError


def open_bytes(source: str | os.PathLike) -> BinaryIO:
    """Opens a file for reading, decompressed if its name ends in .gz."""
    if str(source).lower().endswith(".gz"):
        return cast(BinaryIO, gzip.open(source, "rb"))
    return open(source, "rb")


@contextmanager
def clear_errors(source: str | os.PathLike) -> Iterator[None]:
    """Turns errors in reading a file into a `PolyheadError`."""
    try:
        yield
    except UnicodeDecodeError:
        raise PolyheadError(_describe_bad_byte(source)) from None
    except FileNotFoundError:
        raise PolyheadError(f"{source}: no such file; check the path") from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise PolyheadError(
            f"{source}: damaged gzip file ({error}); fetch or compress it again"
        ) from None
    except OSError as error:
        raise PolyheadError(f"{source}: {error.strerror or error}") from None


def read_text(source: str | os.PathLike) -> str:
    """The text of a file, without the newline at its end."""
    with clear_errors(source), open_bytes(source) as file:
        return file.read().decode("utf-8-sig").removesuffix("\n").removesuffix("\r")


def read_lines(source: str | os.PathLike) -> list[str]:
    """The lines of a file, which end with "\\n" or "\\r\\n".

    Python's `splitlines` would also split at U+2028 and at control characters.
    """
    with clear_errors(source), open_bytes(source) as file:
        with io.TextIOWrapper(file, encoding="utf-8-sig", newline="\n") as text:
            return [line.removesuffix("\n").removesuffix("\r") for line in text]


def _describe_bad_byte(source: str | os.PathLike) -> str:
    # The decoder reads blocks and does not know the row: read again by line.
    start, encoding = 0, "latin1"
    with open_bytes(source) as file:
        for row, line in enumerate(file, 1):
            if row == 1 and line[:2] in (b"\xff\xfe", b"\xfe\xff"):
                encoding = "utf-16"
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                byte, offset = line[error.start], start + error.start
                return (
                    f"{source}: row {row}: byte 0x{byte:02x} at offset {offset} is "
                    f"not UTF-8; convert the file: iconv -f {encoding} -t utf-8"
                )
            start += len(line)
    return f"{source}: not UTF-8; convert the file: iconv -f latin1 -t utf-8"
