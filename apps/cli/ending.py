"""How a command ends: what it prints, its one line of error, its exit status."""

import contextlib
import logging
import os
import sys
import traceback

from ..common.errors import PolyheadError, reason_of
from ..common.files import is_full
from ..common.quiet import discard

_OUT_OF_MEMORY = (
    "out of memory: try smaller batches (--set batch_size=16, or to translate "
    "--set tokens_per_batch=1024), or less data"
)


def say(terminal, text, end="\n"):
    """Prints what was asked for. Where that cannot be, the command fails."""
    stream = terminal.out
    if stream is None:
        raise PolyheadError("standard output is closed: give --output FILE, or > FILE")
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        # A file's name may have bytes that are no text, and a screen may lack letters.
        stream.write((text + end).encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    except BrokenPipeError:
        discard(stream)
        raise
    except OSError as error:
        discard(stream)
        raise lost(error) from None


def lost(error):
    """The error of standard output that cannot be written."""
    return PolyheadError(
        f"standard output: cannot be written ({reason_of(error)}): open it, or send it "
        "to a file on a disk with free space"
    )


def tell(terminal, text):
    """Prints what was done: the files hold it, also where nothing can be printed."""
    with contextlib.suppress(PolyheadError, BrokenPipeError):
        say(terminal, text)


@contextlib.contextmanager
def showing_notes(terminal, quiet=False):
    """Shows what the suite logs, such as a note on fonts, while other output is caught.

    With `quiet` it is shown nowhere.
    """
    log = logging.getLogger(__package__.partition(".")[0])
    handler = logging.StreamHandler(terminal.err)
    handler.setFormatter(logging.Formatter("note: %(message)s"))
    handler.setLevel(logging.ERROR if quiet else logging.WARNING)
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)


def fail(error, verbose=False):
    """Prints the one line of an error; returns the exit status."""
    line, status = _describe(error)
    expected = PolyheadError | KeyboardInterrupt | BrokenPipeError
    if verbose and not isinstance(error, expected):
        line = "".join(traceback.format_exception(error)) + line
    if line and sys.stderr is not None:
        encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
        line = line.encode(encoding, "backslashreplace").decode(encoding)
        try:
            print(line, file=sys.stderr, flush=True)
        except OSError:
            discard(sys.stderr)
    return status


def _describe(error):
    status = 1
    if isinstance(error, PolyheadError):
        text, status = str(error), error.exit_status
    elif isinstance(error, KeyboardInterrupt):
        text, status = "interrupted", 130
    elif isinstance(error, BrokenPipeError):  # the reader (`| head`) has left
        return "", 1
    elif isinstance(error, MemoryError):
        text = _OUT_OF_MEMORY
    elif is_full(error):
        text = f"{getattr(error, 'filename', None) or 'writing'}: the disk is full"
    elif isinstance(error, OSError):
        name = error.filename or "the system"
        text = f"{os.fsdecode(name) if isinstance(name, bytes) else name}: "
        text += f"{reason_of(error)}: check that it can be read and written"
    else:
        text = (
            f"the command failed ({type(error).__name__}: {reason_of(error)}); this is "
            "a fault in polyhead: run the command again with -v to see where"
        )
    return "polyhead: error: " + " ".join(text.split()), status


def end(status):
    """Writes what is left to write; returns the exit status."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        discard(sys.stdout)  # Python would complain once more at exit
        return status or fail(
            error if isinstance(error, BrokenPipeError) else lost(error)
        )
    return status
