"""Errors that the user can act on: one line each."""

from polyhead.runtime.errors import PolyheadError

__all__ = ["RETRAIN", "PolyheadError", "UsageError"]

RETRAIN = "train the run again with --overwrite"  # the remedy for a damaged run


class UsageError(PolyheadError):
    """The command or its settings are wrong."""

    exit_status = 2
