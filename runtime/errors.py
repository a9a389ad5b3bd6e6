"""Errors that a user can act on."""


class PolyheadError(Exception):
    """Its message is one line: the file, row or value at fault, and the remedy."""

    exit_status = 1


class UsageError(PolyheadError):
    """The command, its settings or what it was given are wrong."""

    exit_status = 2
