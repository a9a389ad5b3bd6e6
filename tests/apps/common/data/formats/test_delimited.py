"""Text with separators, as spreadsheets and databases write it."""

import pytest

from polyhead.apps.common.data.formats.delimited import SEPARATORS
from polyhead.apps.common.data.tables import read_table
from polyhead.apps.common.errors import PolyheadError


def read(tmp_path, name, content, names=("text", "label"), **options):
    path = tmp_path / name
    path.write_bytes(content.encode("utf-8"))
    return read_table(str(path), list(names), **options)


@pytest.mark.parametrize("sign", SEPARATORS)
@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".txt"])
def test_the_separator_is_found_by_the_named_columns(tmp_path, sign, suffix):
    content = sign.join(["id", "text", "label"]) + "\n"
    content += sign.join(["1", "x", "a"]) + "\n" + sign.join(["2", "y z", "b"]) + "\n"
    table = read(tmp_path, f"a{suffix}", content)
    assert table.columns == {"text": ["x", "y z"], "label": ["a", "b"]}
    assert table.separator == sign
    usual = sign == ("," if suffix == ".csv" else "\t")
    path = tmp_path / f"a{suffix}"
    note = f"{path}: read with {SEPARATORS[sign]} between columns"
    assert table.notes == (() if usual else (note,))


@pytest.mark.parametrize("sign", [";", "\t", "|"])
def test_the_separator_is_found_where_no_column_is_named(tmp_path, sign):
    content = f"date{sign}load\n2024-01-01{sign}3,5\n2024-01-02{sign}4,5\n"
    table = read(tmp_path, "a.csv", content, (), keep_all=True)
    assert table.columns == {
        "date": ["2024-01-01", "2024-01-02"],
        "load": ["3,5", "4,5"],
    }


def test_commas_in_the_header_and_in_numbers(tmp_path):
    rows = "".join(f"2024-01-0{n};{n},5;{n},25\n" for n in range(1, 5))
    content = "date;load, kWh;temp\n" + rows
    table = read(tmp_path, "a.csv", content, (), keep_all=True)
    assert list(table.columns) == ["date", "load, kWh", "temp"]
    assert table.columns["load, kWh"][0] == "1,5"


def test_quotes_hold_the_separator_and_newlines(tmp_path):
    content = '"text";"label"\r\n"a; b, c";"x"\r\n"two\r\nlines";"y"\r\n'
    table = read(tmp_path, "a.csv", content)
    assert table.columns == {"text": ["a; b, c", "two\r\nlines"], "label": ["x", "y"]}
    assert table.rows.tolist() == [2, 3]
    table = read(tmp_path, "a.tsv", 'text,label\n"a, b",x\n')
    assert table.columns == {"text": ["a, b"], "label": ["x"]}


def test_the_usual_separator_stays_where_the_text_has_others(tmp_path):
    table = read(tmp_path, "a.csv", "text,label\na; b | c,x\n")
    assert table.columns["text"] == ["a; b | c"] and not table.notes
    table = read(tmp_path, "a.csv", "text\na; b\nc; d\n", ["text"])
    assert table.columns == {"text": ["a; b", "c; d"]} and not table.notes


def test_a_single_column_without_a_header_may_have_any_sign(tmp_path):
    table = read(tmp_path, "a.csv", "a; b\nc; d\ne; f\n", ["0"])
    assert table.columns == {"0": ["a; b", "c; d", "e; f"]}


def test_columns_by_number_find_the_separator(tmp_path):
    table = read(tmp_path, "a.csv", "x y;1\nz;0\n", ["0", "1"])
    assert table.columns == {"0": ["x y", "z"], "1": ["1", "0"]}


@pytest.mark.parametrize("line", ["sep=;", '"sep=;"'])
def test_the_first_line_of_excel_names_the_separator(tmp_path, line):
    table = read(tmp_path, "a.csv", f"\ufeff{line}\r\ntext;label\r\nx;y\r\n")
    assert table.columns == {"text": ["x"], "label": ["y"]}
    assert table.rows.tolist() == [3]


@pytest.mark.parametrize("header", ["TEXT,Label", " Text ,LABEL", "ID,text,label"])
def test_a_name_may_differ_in_case_and_spaces(tmp_path, header):
    row = "7,x,y" if header.startswith("ID") else "x,y"
    assert read(tmp_path, "a.csv", f"{header}\n{row}\n").columns == {
        "text": ["x"],
        "label": ["y"],
    }


def test_the_very_name_comes_before_others(tmp_path):
    table = read(tmp_path, "a.csv", "Text,TEXT,text,label\na,b,c,d\n")
    assert table.columns == {"text": ["c"], "label": ["d"]}
    with pytest.raises(PolyheadError, match="no column 'text'; it has: Text, TEXT"):
        read(tmp_path, "b.csv", "Text,TEXT,label\na,b,c\n")


@pytest.mark.parametrize("keep_all", [False, True])
@pytest.mark.parametrize("ends", [("", ","), (",", ","), (",", ""), (",,", ",,")])
def test_separators_that_end_a_line_are_no_columns(tmp_path, ends, keep_all):
    header, row = ends
    content = f"text,label{header}\nx,y{row}\nz,w{row}\n"
    table = read(tmp_path, "a.csv", content, keep_all=keep_all)
    assert table.columns == {"text": ["x", "z"], "label": ["y", "w"]}


def test_a_further_field_is_no_separator_that_ends_a_line(tmp_path):
    with pytest.raises(
        PolyheadError, match="row 2: 3 fields where the first row has 2"
    ):
        read(tmp_path, "a.csv", "text,label\nx,y,z\n")


@pytest.mark.parametrize("content", ["x,y\n\n\n", "x,y\n,\n,\n", "x,y\r\n \r\n"])
def test_empty_rows_at_the_end_are_no_rows(tmp_path, content):
    table = read(tmp_path, "a.csv", "text,label\n" + content)
    assert table.columns == {"text": ["x"], "label": ["y"]}


def test_an_empty_row_between_others_stays(tmp_path):
    table = read(tmp_path, "a.csv", "text,label\nx,y\n,\nz,w\n")
    assert table.columns["text"] == ["x", "", "z"]
