"""Wilson's interval of a share of rows."""

import doctest

import pytest

from polyhead.apps.common.scoring import proportion
from polyhead.apps.common.scoring.proportion import wilson


@pytest.mark.parametrize("rows", [1, 2, 5, 30, 10_000])
def test_an_interval_has_width_even_where_all_rows_or_none_are_right(rows):
    for count in (0, rows // 2, rows):
        low, high = wilson(count, rows)
        assert 0 <= low <= count / rows <= high <= 1
        assert low < high
    assert wilson(rows, rows)[0] == pytest.approx(rows / (rows + 1.959964**2))


def test_an_interval_is_that_of_the_textbook():
    assert wilson(8, 10) == pytest.approx([0.4902, 0.9433], abs=1e-4)


def test_examples_run():
    assert doctest.testmod(proportion).failed == 0
