"""UTF-8 files, plain or .gz, with errors of one clear line.

UTF-16 that begins with its mark, as Windows writes it, is read as well.
"""

import codecs
import gzip
import io
import os
import shlex
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from ..errors import PolyheadError, reason_of
from ..files import check_path


def open_bytes(source: str | os.PathLike) -> BinaryIO:
    """Opens a file for reading, decompressed if its name ends in .gz."""
    check_path(source)
    if str(source).lower().endswith(".gz"):
        return cast(BinaryIO, gzip.open(source, "rb"))
    return open(source, "rb")


@contextmanager
def open_text(source: str | os.PathLike, newline: str) -> Iterator[io.TextIOWrapper]:
    """Opens a file as text; `newline` is as Python's `open` takes it."""
    with open_bytes(source) as binary:
        encoding = _find_encoding(binary.read(4))
        binary.seek(0)
        with io.TextIOWrapper(binary, encoding=encoding, newline=newline) as file:
            yield file


def _find_encoding(start: bytes) -> str:
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    # Letters of two bytes without the mark: one of the two is zero.
    if len(start) == 4 and start[1] == start[3] == 0 != start[0]:
        return "utf-16-le"
    if len(start) == 4 and start[0] == start[2] == 0 != start[1]:
        return "utf-16-be"
    return "utf-8-sig"


@contextmanager
def clear_errors(source: str | os.PathLike) -> Iterator[None]:
    """Turns errors in reading a file into a `PolyheadError`."""
    try:
        try:
            yield
        except UnicodeDecodeError:
            # Damage may first show as a wrong byte: reading again then finds it.
            raise PolyheadError(_describe_bad_byte(source)) from None
    except FileNotFoundError:
        raise PolyheadError(f"{source}: no such file; check the path") from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise PolyheadError(
            f"{source}: damaged gzip file ({reason_of(error)}); fetch or compress it "
            "again"
        ) from None
    except OSError as error:
        raise PolyheadError(
            f"{source}: cannot be read ({reason_of(error)}); check the path"
        ) from None


def read_text(source: str | os.PathLike) -> str:
    """The text of a file, without the newline at its end."""
    with clear_errors(source), open_text(source, "") as file:
        return file.read().removesuffix("\n").removesuffix("\r")


def read_lines(source: str | os.PathLike) -> list[str]:
    """The lines of a file, which end with "\\n" or "\\r\\n".

    Python's `splitlines` would also split at U+2028 and at control characters.
    """
    with clear_errors(source), open_text(source, "\n") as text:
        return [line.removesuffix("\n").removesuffix("\r") for line in text]


def _describe_bad_byte(source: str | os.PathLike) -> str:
    # The decoder reads blocks and does not know the row: read again by line.
    start, is_utf8, wrong = 0, False, b""
    with open_bytes(source) as file:
        for row, line in enumerate(file, 1):
            if row == 1 and _find_encoding(line[:4]) != "utf-8-sig":
                return f"{source}: damaged UTF-16 text; write it again as UTF-8 text"
            try:
                is_utf8 |= len(line.decode("utf-8")) < len(line)
            except UnicodeDecodeError as error:
                byte, offset = line[error.start], start + error.start
                wrong = line + file.read()
                break
            start += len(line)
    if not wrong:
        return f"{source}: not UTF-8; write it again as UTF-8 text"
    where = f"{source}: row {row}: byte 0x{byte:02x} at offset {offset} is not UTF-8"
    if is_utf8:  # converting would spoil the other rows
        return f"{where}, though the rows before it are; correct this row"
    return f"{where}; convert the file: {_advise(source, wrong)}"


def _advise(source: str | os.PathLike, wrong: bytes) -> str:
    """A command that writes the file again in UTF-8, from what Windows writes."""
    path, target = Path(source), Path(source)
    pack = "gzip -dc" if path.suffix.lower() == ".gz" else ""
    target = path.with_suffix("") if pack else path
    target = target.with_name(f"{target.stem}-utf8{target.suffix}")
    try:
        wrong.decode("cp1252")
        encoding = "cp1252"
    except UnicodeDecodeError:  # which leaves five bytes without a letter
        encoding = "latin1"
    given, written = shlex.quote(str(path)), shlex.quote(str(target))
    if pack:
        return f"{pack} {given} | iconv -f {encoding} -t utf-8 > {written}"
    return f"iconv -f {encoding} -t utf-8 {given} > {written}"
