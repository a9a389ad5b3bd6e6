"""Keeps the libraries' chatter from the user, and tells it all when something fails."""

import contextlib
import os
import sys
import tempfile
from dataclasses import dataclass
from typing import TextIO

from .errors import PolyheadError

# What passes without the chatter: said in one line, or the user's own doing.
_EXPECTED = (PolyheadError, KeyboardInterrupt, SystemExit, BrokenPipeError)
_current: "Terminal | None" = None


@dataclass(frozen=True)
class Terminal:
    """The user's own standard output and error, whatever is being captured."""

    out: TextIO
    err: TextIO


@contextlib.contextmanager
def quiet(verbose=False):
    """Captures what is written to standard output and error, by C++ too.

    Gives a `Terminal`, through which one's own output still reaches the user. What
    was captured is written to standard error when an exception passes that is not a
    `PolyheadError`. Inside another `quiet`, verbose or not, it does
    nothing but give its terminal.

    Args:
        verbose: capture nothing.

    Example:

        with quiet() as terminal:
            import tensorflow as tf  # six lines, even at log level 3
            print("training", file=terminal.err)
    """
    global _current
    if _current is not None:
        yield _current
        return
    if verbose:
        _current = Terminal(sys.stdout, sys.stderr)
        try:
            yield _current
        finally:
            _current = None
        return
    # Only what no capture can help: messages after the capture's end, and colours.
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
            if not isinstance(error, _EXPECTED):
                log.seek(0)
                terminal.err.write(log.read().decode("utf-8", "replace"))
                terminal.err.flush()
            raise
        finally:
            _current = None
            _flush()


def _open_log():
    # In memory where that can be had: the disk may be what is full.
    if hasattr(os, "memfd_create"):
        return open(os.memfd_create("polyhead-log"), "rb+", buffering=0)
    return tempfile.TemporaryFile(buffering=0)


def _keep(stack, number, stream):
    """A stream to where `number` leads now, or `stream` if it leads elsewhere."""
    try:
        if stream.fileno() != number:
            return stream
    except (AttributeError, OSError, ValueError):  # a notebook's, or a test's
        return stream
    return stack.enter_context(
        open(os.dup(number), "w", 1, encoding=stream.encoding, errors=stream.errors)
    )


def _restore(saved, number):
    os.dup2(saved, number)
    os.close(saved)


def _flush():
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, OSError, ValueError):
            stream.flush()
