"""Tables, sizes and lists for the terminal."""

import pytest

from polyhead.apps.common.alignment import align, list_some, megabytes


def test_the_first_column_goes_left_and_the_others_right():
    rows = [("", "score", "n"), ("this run", "0.5", "12"), ("svm", "10.25", "")]
    assert align(rows) == [
        "          score   n",
        "this run    0.5  12",
        "svm       10.25",
    ]


def test_sizes_and_long_lists():
    assert megabytes(1_234_567) == "1.23 MB"
    assert list_some(["a", "b", "c"]) == "a, b, c"
    assert list_some(range(6)) == "0, 1, 2 and 3 more"
    assert list_some([1, 2], most=1) == "1 and 1 more"


def test_rows_of_unlike_length_are_a_mistake():
    with pytest.raises(ValueError):
        align([["a", "1"], ["b"]])
