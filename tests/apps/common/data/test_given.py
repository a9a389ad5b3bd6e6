"""Rows from Python: every form that is taken, and what is refused in words."""

import copy
from collections import namedtuple
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from polyhead.apps.common.data.given import (
    give,
    given_tables,
    name_of,
    read_rows,
    to_table,
)
from polyhead.apps.common.errors import PolyheadError

PAIRS = [("fine", "good"), ("dull", "bad"), ("fine", "good")]
NAMES = ("text", "label")
COLUMNS = {"text": ["fine", "dull", "fine"], "label": ["good", "bad", "good"]}
FRAME = pd.DataFrame(COLUMNS)
Row = namedtuple("Row", NAMES)


class Foreign:
    """A table of another library, such as polars or datasets."""

    def to_pandas(self):
        return FRAME


FORMS = {
    "frame": FRAME,
    "filtered": pd.concat([FRAME, FRAME]).iloc[3:],
    "columns": COLUMNS,
    "arrays": {name: np.array(values) for name, values in COLUMNS.items()},
    "series": {name: pd.Series(values) for name, values in COLUMNS.items()},
    "dicts": [dict(zip(NAMES, pair, strict=True)) for pair in PAIRS],
    "tuples": PAIRS,
    "lists": [list(pair) for pair in PAIRS],
    "named tuples": [Row(*pair) for pair in PAIRS],
    "matrix": np.array(PAIRS),
    "generator": (pair for pair in PAIRS),
    "foreign": Foreign(),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_the_same_table(form):
    rows = list(FORMS[form]) if form == "generator" else FORMS[form]
    table = read_rows(rows, NAMES)
    assert table.columns == COLUMNS and table.rows.tolist() == [1, 2, 3]
    assert give(rows, NAMES) == give(FRAME)


def test_generators_are_read_once():
    assert to_table(iter(PAIRS), NAMES).columns == COLUMNS


def test_missing_values_are_none_and_numbers_are_plain():
    table = pd.DataFrame({"y": pd.array([1, None, 3], "Int64"), "z": [0.5, np.nan, 1]})
    columns = to_table(table).columns
    assert columns == {"y": [1, None, 3], "z": [0.5, None, 1.0]}
    assert type(columns["y"][0]) is int
    found = to_table([{"y": np.float32(2)}, {"y": float("nan")}, {"z": pd.NaT}])
    assert found.columns == {"y": [2.0, None, None], "z": [None, None, None]}


class Tensor:
    """A tensor of TensorFlow or PyTorch."""

    def __init__(self, value):
        self.value = value

    def numpy(self):
        return self.value


def test_tensors_and_arrays_are_what_they_hold():
    rows = [(Tensor(b"caf\xc3\xa9"), Tensor(np.array(1))), (np.str_("a"), np.int8(2))]
    assert to_table(rows, NAMES).columns == {"text": ["café", "a"], "label": [1, 2]}
    found = to_table({"label": [np.array(["x", "y"]), ["z"]], "text": [b"\xff", "b"]})
    assert found.columns == {"label": [["x", "y"], ["z"]], "text": [b"\xff", "b"]}
    (stamp,) = to_table({"ds": np.array(["2024-01-02"], "M8[s]")}).columns["ds"]
    assert str(stamp)[:10] == "2024-01-02"


DAYS = pd.date_range("2024-01-01", periods=2, name="ds")


@pytest.mark.parametrize(
    "table, names",
    [
        (pd.DataFrame({"y": [1, 2]}, DAYS), ["ds", "y"]),
        (pd.DataFrame({"y": [1, 2]}, DAYS.rename(None)), ["time", "y"]),
        (pd.DataFrame({"y": [1, 2]}, DAYS.to_period("D")), ["ds", "y"]),
        (pd.Series([1, 2], DAYS, name="y"), ["ds", "y"]),
        (pd.Series([1, 2], DAYS), ["ds", "value"]),
        (pd.DataFrame({"ds": DAYS, "y": [1, 2]}).set_index("ds", drop=False), None),
        (pd.DataFrame({"ds": DAYS, "y": [1, 2]}, [5, 9]), None),
        (
            pd.DataFrame({"ds": DAYS, "s": "a", "y": [1, 2]}).set_index(["s", "ds"]),
            ["s", "ds", "y"],
        ),
    ],
)
def test_an_index_of_time_stamps_is_a_column(table, names):
    columns = to_table(table).columns
    names = names or ["ds", "y"]
    assert list(columns) == names
    time = columns["ds" if "ds" in names else "time"]
    assert [str(stamp)[:10] for stamp in time] == ["2024-01-01", "2024-01-02"]


@pytest.mark.parametrize(
    "rows, message",
    [
        ("a.csv", "data is 'a.csv': give a DataFrame, .*name a file in the config"),
        ({"train": "a.csv", "test": "b.csv"}, r"data\['train'\] is 'a.csv': give"),
        (5, "data is 5: give a DataFrame"),
        ([], "data: has no rows"),
        (FRAME[:0], "data: has no rows"),
        ({}, "data: has no rows"),
        ({"train": [], "test": PAIRS}, r"data\['train'\]: has no rows"),
        ({"train": PAIRS, "dev": PAIRS}, "a split 'dev': call it one of train, valid"),
        (["fine", "dull"], "data: row 1 is 'fine': give a dict, .* a tuple .text, lab"),
        ([*PAIRS, ("x",)], r"data: row 4 is \('x',\): give a dict"),
        ([*PAIRS, None], "data: row 4 is None: give a dict"),
        ([{"text": "a", "label": "b"}, {"text": "c"}], "row 2: no field 'label' .fiel"),
        ({"text": "fine", "label": ["good"]}, "column 'text' is 'fine': give a list"),
        ({"text": ["a"], "label": []}, "columns differ in their rows: 'text' 1, 'lab"),
        (pd.concat([FRAME, FRAME], axis=1), "two columns are named 'text'"),
    ],
    ids=str,
)
def test_what_is_no_table_is_refused_in_words(rows, message):
    with pytest.raises(PolyheadError, match=message):
        give(rows, NAMES)


def test_a_missing_column_is_named():
    with pytest.raises(PolyheadError, match="the table: no column 'words'; it has: te"):
        read_rows(FRAME, ["words"])
    assert read_rows(FRAME, ["text"]).columns.keys() == {"text"}
    assert read_rows(FRAME, ["text"], keep_all=True).columns == COLUMNS


def test_splits_have_their_names_in_messages():
    given = give({"train": PAIRS, "test": FRAME, "validation": None}, NAMES)
    assert list(given.tables) == ["train", "test"]
    assert given.tables["test"].source == "data['test']"
    assert str(given).startswith("train:3-") and " test:3-" in given


@pytest.mark.parametrize("form", [FRAME, Foreign(), PAIRS, COLUMNS, FRAME.text])
def test_splits_may_have_every_form(form):
    assert list(give({"train": form, "test": form}, NAMES).tables) == ["train", "test"]


def test_fields_of_dicts_are_found_as_in_files():
    rows = [{"pair": {"text": f"text {n}", "label": "x"}} for n in range(3)]
    for table in (give(rows, NAMES).tables["train"], pd.DataFrame(rows)):
        assert read_rows(table, NAMES).columns["text"] == ["text 0", "text 1", "text 2"]
    # Labels may be columns of 0 and 1, so a name that no row has is no error here.
    switches = [{"text": "fine", "good": 1, "bad": 0}] * 2
    assert list(give(switches, NAMES).tables["train"].columns) == [
        "text",
        "good",
        "bad",
    ]
    with pytest.raises(PolyheadError, match="row 2: no field 'text' .fields: pair"):
        give([*rows[:1], {"pair": {}}], NAMES)


def test_the_fingerprint_tells_rows_not_their_order():
    shuffled = FRAME.iloc[[2, 0, 1]][["label", "text"]]
    assert give(shuffled) == give(FRAME)
    for other in (FRAME[1:], FRAME.replace("dull", "dulL"), FRAME.assign(more=1)):
        assert give(other) != give(FRAME)
    assert give({"train": FRAME, "test": FRAME}) != give(FRAME)
    # What config.json keeps has no rows.
    assert type(copy.deepcopy(give(FRAME))) is str


@pytest.mark.parametrize(
    "fields, message",
    [
        ({"train": "a.csv"}, "give data or train, not both"),
        ({"dataset": "dates"}, "give data or dataset, not both"),
        ({"train_source": "a.en"}, "give data or train_source, not both"),
        ({"test": "a.csv"}, r"give data\['test'\] or test, not both"),
        ({"data": "train:3-0"}, "rows were given from Python, and are not kept: call"),
    ],
)
def test_one_source_of_rows(fields, message):
    data = give({"train": PAIRS, "test": PAIRS}, NAMES)
    with pytest.raises(PolyheadError, match=message):
        given_tables(SimpleNamespace(**({"data": data} | fields)))
    assert given_tables(SimpleNamespace(train="a.csv")) is None


def test_names():
    assert name_of("folder/a.csv") == "a.csv" and name_of(FRAME) == "the table"
