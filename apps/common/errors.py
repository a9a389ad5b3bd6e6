"""What the user can mend, said in one line."""

from polyhead.runtime.errors import PolyheadError

__all__ = ["RETRAIN", "PolyheadError", "UsageError"]

RETRAIN = "train the run again with --overwrite"  # what mends a run's folder


class UsageError(PolyheadError):
    """The command or its settings are wrong, whatever the data."""

    exit_status = 2
