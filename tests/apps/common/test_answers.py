"""Answers as text, JSON or CSV: one form for every task."""

import csv
import io
import json

import pytest

from polyhead.apps.common.answers import add_columns, number_names, write_answers


def unused():
    raise AssertionError("another style was asked for")


def test_text_is_lines():
    lines = write_answers("text", lambda: ["one", "two"], unused, unused)
    assert lines == "one\ntwo\n"


@pytest.mark.parametrize("records", [[], [{"text": "é"}], [{"a": 1}, {"b": None}]])
def test_json_is_a_list_with_an_object_a_line(records):
    text = write_answers("json", unused, lambda: records, unused)
    assert json.loads(text) == records
    assert text.count("\n") == (len(records) + 2 if records else 1)
    assert "\\u" not in text


def test_csv_has_a_header():
    table = ["text", "answer"], [['a, "b"', 1], ["two\nlines", None]]
    text = write_answers("csv", unused, unused, lambda: table)
    assert list(csv.reader(io.StringIO(text))) == [
        ["text", "answer"],
        ['a, "b"', "1"],
        ["two\nlines", ""],
    ]


def test_new_columns_never_hide_those_of_the_input():
    columns = {"label": ["x", "y"], "label_": [1, 2]}
    header, rows = add_columns(columns, ["label", "score"], [("a", 0.5), ("b", 0.7)])
    assert header == ["label", "label_", "label__", "score"]
    assert rows == [["x", 1, "a", 0.5], ["y", 2, "b", 0.7]]


def test_ranks_are_numbered_from_the_second():
    names = number_names(["label", "score"], 2)
    assert names == ["label", "score", "label_2", "score_2"]
    assert number_names(["label"], 0) == []


def test_no_answer_is_an_empty_list_a_header_or_nothing():
    table = ["name", "value"], []
    answers = [
        write_answers(s, list, list, lambda: table) for s in ("json", "csv", "text")
    ]
    assert answers == ["[]\n", "name,value\n", ""]
