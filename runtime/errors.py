"""The error that a user can act on."""


class PolyheadError(Exception):
    """Its message is one line: the file, row or value at fault, and the remedy."""

    exit_status = 1
