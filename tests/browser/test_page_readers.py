"""The readers of the page, for numbers and for times, against Python's."""

import numpy as np
from page_tools import CLASSIFIER

from polyhead.apps.common.data.formats.numbers import read_numbers
from polyhead.apps.common.data.formats.table import Table
from polyhead.apps.forecasting.series.frequency import parse_frequency
from polyhead.apps.forecasting.series.stamps import parse_stamps

COLUMNS = [
    ["1,5", "2,25", ""], ["1,234", "2,345"], ["1,234.5", "2"], ["1.234,5", "7"],
    ["1 234", "5"], ["−5", "3"], ["1e5", "-.5"], ["5%", "3"], ["n/a", "#DIV/0!", "4"],
    ["1'234.5", "2"], ["12,34", "1.5"], ["1,23,456", "3"], ["+3", "4."], ["", "-"],
]  # fmt: skip


def test_numbers_are_read_as_python_reads_them(open_page):
    page = open_page(CLASSIFIER)
    script = """async ([column, separator]) => {
      const { readNumbers } = await import("/columns.js");
      return readNumbers(column, separator).map((n) => n === null ? "none" : `${n}`);
    }"""
    for column in COLUMNS:
        for separator in (",", ";"):
            found = page.evaluate(script, [column, separator])
            wanted = read_numbers(column, separator)
            numbers = [None if x == "none" else float(x) for x in found]
            assert np.array_equal(
                np.array(numbers, float), np.array(wanted, float), equal_nan=True
            ), (column, separator)
            assert [x is None for x in numbers] == [x is None for x in wanted]


STAMPS = {
    "D": [
        ["2024-01-31", "2024-02-01"], ["2024/01/31", "2024/02/01"],
        ["20240131", "20240201"], ["31.01.2024", "01.02.2024"], ["31 Jan 2024"],
        ["31-Jan-2024", "01-Feb-2024"], ["Jan 31, 2024"], ["January 31, 2024"],
        ["01/02/2024", "02/02/2024", "03/02/2024", "04/02/2024"],
        ["2024-01-31 00:00:00+01:00", "2024-02-01 00:00:00+02:00"],
    ],
    "h": [
        ["2024-01-31 13:00", "2024-01-31 14:00"], ["2024-01-31T13:00:00Z"],
        ["2024-01-31 13:00:00.5", "2024-01-31 14:00:00"],
        ["2024-01-31 23:00+01:00", "2024-02-01 01:00+02:00"],
        ["1706706000", "1706709600"], ["1706706000000"], ["01/31/2024 1:00 PM"],
        ["2024-01-31 01:00:00-0330"], ["31/01/2024 13:00"],
    ],
    "MS": [["2024-01", "2024-02"], ["2024M01", "2024-M02"], ["Jan 2024", "Feb 2024"]],
    "QS": [["2024Q1", "2024Q2"], ["2024-Q1"], ["Q3 2024"]],
    "YS": [["2023", "2024"], ["2023.0"]],
    "W": [["2024-W05", "2024-W06"], ["2024W01-1"], ["2020-W53"]],
}  # fmt: skip
BAD_STAMPS = ["2024-02-30", "soon", "2024-13-01", "2021-W53", "25:00", "", "31/31/2024"]


def test_times_are_read_as_python_reads_them(open_page):
    page = open_page(CLASSIFIER)
    script = """async ([texts, frequency]) => {
      const { parseStamps } = await import("/stamps.js");
      const fail = (place, what) => new Error(`${place} ${what}`);
      try {
        return parseStamps(texts, frequency, fail);
      } catch (error) {
        return error.message;
      }
    }"""
    for name, columns in STAMPS.items():
        step = parse_frequency(name)
        frequency = {"unit": step.unit, "step": step.step}
        for texts in columns:
            table = Table("a.csv", {"ds": texts}, np.arange(len(texts)))
            wanted = parse_stamps(table, "ds", step)
            found = page.evaluate(script, [texts, frequency])
            assert isinstance(found, dict), (texts, found)
            stamps = wanted.stamps.astype("M8[s]").astype(int).tolist()
            assert [x // 1000 for x in found["stamps"]] == stamps, texts
            assert (found["minutes"] is None) == (wanted.zone is None), texts
    for text in BAD_STAMPS:
        found = page.evaluate(script, [[text], {"unit": "second", "step": 86400}])
        assert isinstance(found, str) and "is no time" in found, text
