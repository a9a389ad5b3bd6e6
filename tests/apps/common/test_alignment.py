"""Tables, sizes and lists for the terminal."""

import pytest

from polyhead.apps.common.alignment import align, list_some, megabytes


def test_names_stand_left_and_numbers_right():
    assert align([["", "size"], ["a", "1"], ["longer", "22"]]) == [
        "        size",
        "a          1",
        "longer    22",
    ]


def test_rows_of_unlike_length_are_a_mistake():
    with pytest.raises(ValueError):
        align([["a", "1"], ["b"]])


def test_sizes_and_lists():
    assert megabytes(1_234_567) == "1.23 MB"
    assert list_some(["a", "b"]) == "a, b"
    assert list_some(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"
    assert list_some([4, 5, 6], most=1) == "4 and 2 more"
