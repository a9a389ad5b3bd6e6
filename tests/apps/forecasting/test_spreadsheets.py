"""Tables of numbers as spreadsheets write them."""

import numpy as np
import pytest

from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.forecasting.config import Config
from polyhead.apps.forecasting.data import load_data

DAYS = np.arange("2024-01-01", "2024-05-01", dtype="datetime64[D]")
LOAD = [round(1000 + 300 * np.sin(n / 3) + n / 4, 2) for n in range(len(DAYS))]


def write(path, values, sign, first=""):
    head = first + sign.join(["date", "load"])
    rows = [sign.join([str(d), v]) for d, v in zip(DAYS, values, strict=True)]
    path.write_bytes("\r\n".join([head, *rows, sign]).encode("utf-8-sig"))
    return str(path)


def german(number):
    return f"{number:,.2f}".translate(str.maketrans(",.", ".,"))


@pytest.mark.parametrize("first", ["", "sep=;\r\n"])
def test_semicolons_decimal_commas_and_missing_values(tmp_path, first):
    values = [german(number) for number in LOAD]
    values[7] = "#N/A"
    path = write(tmp_path / "a.csv", values, ";", first)
    data = load_data(Config(train=path, look_back=14, horizon=7))
    found, expected = data.series[0].values[:, 0], np.float32(LOAD)
    expected[7] = np.nan
    np.testing.assert_array_equal(found, expected)
    note = (
        f"{path}: read with decimal commas: column 'load': {values[0]} as {LOAD[0]:g}"
    )
    warnings = data.report["warnings"]
    assert note in warnings
    assert f"{path}: read with ';' between columns" in warnings or first


def test_thousands(tmp_path):
    quoted = [f'"{number:,.1f}"' for number in LOAD]
    path = write(tmp_path / "a.csv", quoted, ",")
    data = load_data(Config(train=path, look_back=14, horizon=7))
    expected = np.float32([round(number, 1) for number in LOAD])
    np.testing.assert_allclose(data.series[0].values[:, 0], expected, atol=0.11)
    assert any("commas between thousands" in x for x in data.report["warnings"])


def test_a_row_of_totals_does_not_change_how_the_others_are_read(tmp_path):
    """All commas may be of decimals or of thousands: the separator decides."""
    numbers = [round(2 + np.sin(n), 3) for n in range(len(DAYS))]
    values = [f"{number:.3f}".replace(".", ",") for number in numbers]
    path = write(tmp_path / "a.csv", values, ";")
    with open(path, "a", encoding="utf-8") as file:
        file.write("\r\nTotal;9,999")
    data = load_data(Config(train=path, look_back=14, horizon=7))
    np.testing.assert_array_equal(data.series[0].values[:, 0], np.float32(numbers))
    notes = data.report["warnings"]
    assert any("decimal commas" in note for note in notes)
    assert any("a total, which has no time: left out" in note for note in notes)


def test_both_readings_in_one_column_are_refused(tmp_path):
    values = [f"{number:.1f}" for number in LOAD]
    values[5] = "3,5"
    path = write(tmp_path / "a.tsv", values, "\t")
    message = "row 7: '3,5' in column 'load' is no number; .* decimals with a point"
    with pytest.raises(PolyheadError, match=message):
        load_data(Config(train=path, look_back=14, horizon=7))
