"""Errors that the user can act on: one line each."""

from polyhead.runtime.errors import PolyheadError, UsageError, missing_package

__all__ = ["RETRAIN", "PolyheadError", "UsageError", "missing_package", "reason_of"]

RETRAIN = "train the run again with --overwrite"  # the remedy for a damaged run


def reason_of(error: BaseException) -> str:
    """What an error says, in one short line: its first line, or its kind."""
    text = getattr(error, "strerror", None) or str(error)
    lines = [line.strip() for line in str(text).splitlines() if line.strip()]
    return lines[0][:200] if lines else type(error).__name__
