"""What the user can mend, said in one line."""


class PolyheadError(Exception):
    """The work failed. The message names file, row or value, and the remedy."""

    exit_status = 1
