"""Numbers as spreadsheets and people of many countries write them."""

import math

import numpy as np
import pytest

from polyhead.apps.common.data.formats.numbers import (
    describe_reading,
    find_style,
    is_missing,
    read_numbers,
)
from polyhead.apps.common.data.formats.table import Table


@pytest.mark.parametrize(
    "texts, numbers",
    [
        (["3,5", "10", "-0,25"], [3.5, 10, -0.25]),
        (["1.234,5", "1.234", "12.345.678"], [1234.5, 1234, 12345678]),
        (["1 234,5", "1\u00a0234", "1\u202f234\u202f567,8"], [1234.5, 1234, 1234567.8]),
        (["1,234.5", "12,345,678", "7"], [1234.5, 12345678, 7]),
        (["1,234", "2,345", "0,5"], [1.234, 2.345, 0.5]),
        (["1,234", "0,125"], [1.234, 0.125]),  # no thousand begins with 0
        (["1,234", "1.5"], [1234, 1.5]),
        (["1.234.567", "1,234"], [1234567, 1.234]),
        (["1'234.5", "1’234"], [1234.5, 1234]),
        (["1 234", "5"], [1234, 5]),
        ([" 3,5 ", "\u22123,5", "+3,5"], [3.5, -3.5, 3.5]),
        ([",5", "3,", "1,5e3"], [0.5, 3, 1500]),
        (["1.5", "2", "1e3"], [1.5, 2, 1000]),
        ([1, 2.5, "3,5", True], [1, 2.5, 3.5, 1]),
    ],
)
def test_one_reading_for_the_whole_column(texts, numbers):
    assert read_numbers(texts) == numbers
    assert read_numbers(texts, ";") == numbers


def test_what_has_two_readings_is_decided_by_the_separator():
    texts = ["1,234", "22,500"]
    assert read_numbers(texts) == read_numbers(texts, ",") == [1234, 22500]
    assert read_numbers(texts, ";") == [1.234, 22.5]
    assert not find_style(texts).sure and not find_style(texts, ";").sure
    assert find_style(["1,234", "3,5"]).sure


@pytest.mark.parametrize(
    "texts, wrong",
    [
        (["1,234.5", "3,5"], [1]),
        (["1.234,5", "1,234.5"], [0]),
        (["3,5", "1.5"], [0]),
        (["1,23,4", "5"], [0]),
        (["high", "3,5", "5 %", "3;5"], [0, 2, 3]),
        (["12,34,567"], [0]),
    ],
)
def test_what_fits_no_single_reading_is_no_number(texts, wrong):
    numbers = read_numbers(texts)
    assert [place for place, x in enumerate(numbers) if x is None] == wrong


ERRORS = "#DIV/0! #VALUE! #REF! #NAME? #NUM! #NULL! #WERT! #ZAHL! #BEZUG!".split()
MISSING = "#N/A NA n/a - null None nan NaN <NA> #NV NULL — . ? --".split()


@pytest.mark.parametrize("value", [None, "", " ", float("nan"), *MISSING, *ERRORS])
def test_missing_values(value):
    assert is_missing(value)
    for beside in ("1", "3,5", "1,234.5"):
        first, second = read_numbers([value, beside])
        assert math.isnan(first) and second is not None


def test_notes_say_how_commas_were_read():
    columns = {
        "load": ["3,5", "4"],
        "cost": ["#N/A", "1,5"],
        "people": ["1,234", "2"],
        "sold": ["1,234.5", "2"],
        "plain": ["1.5", "-"],
        "spaced": ["1 234", "2"],
    }
    table = Table("a.csv", columns, np.array([2, 3]), ",", ("a.csv: x",))
    assert describe_reading(table, [*columns, "gone"]) == [
        "a.csv: x",
        "a.csv: read with decimal commas: column 'load', 'cost': 3,5 as 3.5",
        "a.csv: read with commas between thousands: column 'people': 1,234 as 1234; "
        "if that is wrong, write no commas",
        "a.csv: read with commas between thousands: column 'sold': 1,234.5 as 1234.5",
    ]
