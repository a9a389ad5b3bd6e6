"""Makes `changed_tools` importable; a copy of a file's run, with its data."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from changed_tools import copy_run, kept_files  # noqa: E402


@pytest.fixture
def copied(trained, tmp_path):
    """A copy of the run `trained` of a test file, the file of its data, and its files.

    The last are as before the data change.
    """
    run, file = copy_run(trained, tmp_path)
    return run, file, kept_files(run)
