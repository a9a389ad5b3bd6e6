"""The kinds of file that every task exports."""

from polyhead.apps.common.export.folder import NAMES
from polyhead.apps.common.export.formats import (
    DEFAULT_FORMATS,
    DEFAULT_VARIANTS,
    VARIANTS,
)


def test_what_is_written_unasked_is_among_what_can_be_written():
    assert DEFAULT_FORMATS == ("savedmodel", "tflite")
    assert set(DEFAULT_VARIANTS) == set(VARIANTS) - {"full_int8"}
    # Each of these is also what `predict` would run.
    assert {f"model_{variant}.tflite" for variant in DEFAULT_VARIANTS} == set(NAMES)
