"""Hides what the libraries print, and shows it when something fails."""

import contextlib
import io
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, TextIO

from .errors import PolyheadError

# Errors that need no captured output: they have a clear message, or the user stopped.
_EXPECTED = (PolyheadError, KeyboardInterrupt, SystemExit, BrokenPipeError)
_current: "Terminal | None" = None


@dataclass(frozen=True)
class Terminal:
    """The user's own standard output and error, also while these are captured."""

    out: TextIO
    err: TextIO


class _Screen(io.TextIOWrapper):
    """Shows progress. A full disk behind it must not end a training."""

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except BrokenPipeError:  # the user has left
            raise
        except OSError:
            discard(self)
            return len(text)


@contextlib.contextmanager
def quiet(verbose: bool = False, tell: bool = True) -> Iterator[Terminal]:
    """Captures standard output and error, including what C++ code writes.

    Gives a `Terminal` that still writes to the user. If an unexpected exception
    passes, the captured text is written to standard error, with `tell`. A `quiet`
    inside another one only gives the terminal of the outer one. With `verbose`, nothing
    is captured.

    Example:

        with quiet() as terminal:
            import tensorflow as tf  # six lines, even at log level 3
            print("training", file=terminal.err)
    """
    global _current
    if _current is not None:
        yield _current
        return
    open_closed_streams()
    if verbose:
        _current = Terminal(sys.stdout, sys.stderr)
        try:
            yield _current
        finally:
            _current = None
        return
    # Hides what is written after the capture has ended.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with contextlib.ExitStack() as stack:
        log = stack.enter_context(_open_log())
        _flush()
        terminal = Terminal(_keep(stack, 1, sys.stdout), _keep(stack, 2, sys.stderr))
        for number in (1, 2):
            stack.callback(_restore, os.dup(number), number)
            os.dup2(log.fileno(), number)
        _current = terminal
        try:
            yield terminal
        except BaseException as error:
            _flush()
            if tell and not isinstance(error, _EXPECTED):
                log.seek(0)
                terminal.err.write(log.read().decode("utf-8", "replace"))
                terminal.err.flush()
            raise
        finally:
            _current = None
            _flush()


def _open_log() -> IO[bytes]:
    # In memory where possible, since the disk may be full.
    if hasattr(os, "memfd_create"):
        return open(os.memfd_create("polyhead-log"), "rb+", buffering=0)
    return tempfile.TemporaryFile(buffering=0)


def _keep(stack: contextlib.ExitStack, number: int, stream: TextIO) -> TextIO:
    """A copy of `stream` that stays open to the user, if it writes to `number`."""
    try:
        if stream.fileno() != number:
            return stream
    except (AttributeError, OSError, ValueError):  # a notebook's, or a test's
        return stream
    kind = _Screen if number == 2 else io.TextIOWrapper
    binary = open(os.dup(number), "wb")
    return stack.enter_context(
        kind(binary, stream.encoding, stream.errors, line_buffering=True)
    )


def own_descriptor(number: int) -> int:
    """The user's own standard output or error, also while it is captured."""
    stream = {1: "out", 2: "err"}.get(number)
    if _current is not None and stream is not None:
        with contextlib.suppress(AttributeError, OSError, ValueError):
            kept = getattr(_current, stream)
            kept.flush()
            return kept.fileno()
    return number


def open_closed_streams() -> None:
    """Opens the standard streams that the user has closed.

    Else the next file to be opened would take the place of one, and what is printed
    would go into it. Standard output is opened so that writing to it fails: answers are
    not lost in silence. Standard input is empty, and `sys.stdin` stays None.
    """
    for number, flags in enumerate((os.O_RDONLY, os.O_RDONLY, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            null = os.open(os.devnull, flags)
            if null != number:
                os.dup2(null, number)
                os.close(null)
            os.set_inheritable(number, True)
            if number:
                stream = open(number, "w", 1, encoding="utf-8", closefd=False)
                setattr(sys, ("stdin", "stdout", "stderr")[number], stream)


def discard(stream: TextIO) -> None:
    """Lets go of what a stream could not write; Python would try again at its end."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)


def _restore(saved: int, number: int) -> None:
    os.dup2(saved, number)
    os.close(saved)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, OSError, ValueError):
            stream.flush()
