"""What the user can mend, said in one line."""


class PolyheadError(Exception):
    """The work failed. The message names file, row or value, and the remedy."""

    exit_status = 1


class UsageError(PolyheadError):
    """The command or its settings are wrong, whatever the data."""

    exit_status = 2
