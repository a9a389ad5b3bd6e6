"""One form of answers for every task."""

import csv
import io
import json

from polyhead.apps.common.answers import add_columns, number_names, write_answers


def write(style, answers):
    return write_answers(
        style,
        lines=lambda: [f"{name} {value}" for name, value in answers],
        records=lambda: [{"name": name, "value": value} for name, value in answers],
        table=lambda: (["name", "value"], answers),
    )


def test_a_line_a_record_and_a_row_for_each_answer():
    answers = [("é", 1), ('a "b", c', 2)]
    assert write("text", answers) == 'é 1\na "b", c 2\n'
    assert json.loads(write("json", answers))[1] == {"name": 'a "b", c', "value": 2}
    assert "é" in write("json", answers)  # as it is, not escaped
    rows = list(csv.reader(io.StringIO(write("csv", answers))))
    assert rows == [["name", "value"], ["é", "1"], ['a "b", c', "2"]]


def test_no_answer_is_an_empty_list_a_header_or_nothing():
    assert [write(style, []) for style in ("json", "csv", "text")] == [
        "[]\n",
        "name,value\n",
        "",
    ]


def test_a_column_of_the_input_keeps_its_name():
    columns = {"text": ["x", "y"], "label": [0, 1]}
    header, rows = add_columns(columns, ["label", "label_"], [("a", 1), ("b", 2)])
    assert header == ["text", "label", "label_", "label__"]
    assert rows == [["x", 0, "a", 1], ["y", 1, "b", 2]]


def test_names_of_ranks():
    assert number_names(["label", "p"], 2) == ["label", "p", "label_2", "p_2"]
    assert number_names(["label"], 0) == []
