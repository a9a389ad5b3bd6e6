"""Labels as people write them, as arrays, and as a run and its files keep them."""

import numpy as np
import pytest

from polyhead.apps.common.classification.label_file import (
    describe_label,
    read_descriptions,
    write_descriptions,
)
from polyhead.apps.common.classification.labels import (
    clean_label,
    clean_labels,
    encode_labels,
    label_facts,
    read_labels,
    sort_labels,
    split_labels,
    write_labels,
)
from polyhead.apps.common.errors import PolyheadError


def test_labels_are_sorted_by_value_then_by_letter():
    labels = ["b", "10", "9", "-1", "a", "1.5", "B", "9"]
    assert sort_labels(labels) == ("-1", "1.5", "9", "10", "B", "a", "b")


@pytest.mark.parametrize(
    "value, label",
    [(None, ""), (float("nan"), ""), (2.0, "2"), (2.5, "2.5"), (" a \n b", "a b")],
)
def test_a_label_is_one_line(value, label):
    assert clean_label(value) == label


def test_several_labels_are_distinct_and_in_order():
    assert split_labels("b; a;;b ", ";") == ("b", "a")
    assert split_labels(["a, b", "c"], ",") == ("a, b", "c")
    assert split_labels(None, ",") == () and split_labels(7, ",") == ("7",)


ROWS = np.array([2, 3, 5])


def test_labels_of_every_row_are_cleaned():
    assert clean_labels("a.csv", [" x", 1.0, "y"], ROWS, "kind") == ["x", "1", "y"]
    assert clean_labels("a.csv", [["x"], "y", [2]], ROWS, "kind") == ["x", "y", "2"]
    labels = clean_labels("a.csv", ["x|y", "", None], ROWS, "kind", "|")
    assert labels == [("x", "y"), (), ()]


@pytest.mark.parametrize(
    "labels, message",
    [
        (["x", " ", None], "a.csv: rows 3, 5: no label in column 'kind'; fill it in"),
        ([["x", "y"], "y", ["z"]], "a.csv: row 2: a list of labels; add --multi-label"),
        ([["x"], [], ["z"]], "a.csv: row 3: no label in column 'kind'"),
        (
            [{"a": 1}, "y", "z"],
            "a.csv: row 2: column 'kind' holds objects; name a field",
        ),
        (
            [[{"name": "x"}], ["y"], []],
            "a.csv: row 2: column 'kind' holds lists of objects; write each as a list",
        ),
    ],
)
def test_a_row_that_has_not_one_label_is_named(labels, message):
    with pytest.raises(PolyheadError, match=message):
        clean_labels("a.csv", labels, ROWS, "kind")


def test_labels_become_numbers():
    one = encode_labels(["b", "a", "b"], ROWS, "a.csv", ("a", "b"), False)
    assert one.dtype == np.int32 and one.tolist() == [1, 0, 1]
    sets = [("b",), (), ("b", "a")]
    several = encode_labels(sets, ROWS, "a.csv", ("a", "b"), True)
    assert several.dtype == bool
    assert several.tolist() == [[False, True], [False, False], [True, True]]


def test_a_label_that_is_not_known_is_named():
    labels = ["z", "q", "z"]
    message = r"rows 2, 5: label 'z' does not occur .* \(and 1 more such labels\)"
    with pytest.raises(PolyheadError, match=message):
        encode_labels(labels, ROWS, "a.csv", ("a",), False)


def test_the_labels_of_a_run_come_back(tmp_path):
    path = tmp_path / "labels.txt"
    write_labels(path, ["bad", "très bien", "so so"])
    assert read_labels(path) == ("bad", "très bien", "so so")
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(
        PolyheadError, match="labels.txt: not UTF-8 text: train the run"
    ):
        read_labels(path)
    path.unlink()
    with pytest.raises(PolyheadError, match="labels.txt: missing: train"):
        read_labels(path)


def test_what_a_file_tells_of_its_labels():
    assert label_facts(("a", "b"), False, None) == {
        "answers": "labels",
        "labels": ["a", "b"],
        "multi_label": False,
        "thresholds": None,
    }
    assert label_facts(("a",), True, np.array([0.25]))["thresholds"] == [0.25]


def test_facts_have_descriptions_where_the_data_give_them():
    facts = label_facts(("de", "x"), False, None, {"de": "German"})
    assert facts["labels"] == ["de", "x"]
    assert facts["descriptions"] == {"de": "German"}
    assert "descriptions" not in label_facts(("de",), False, None, {})


def test_descriptions_of_a_run(tmp_path):
    write_descriptions(tmp_path, {})
    assert read_descriptions(tmp_path) == {}
    assert not list(tmp_path.iterdir())
    write_descriptions(tmp_path, {"nb": "Norwegian Bokmål"})
    descriptions = read_descriptions(tmp_path)
    assert describe_label("nb", descriptions) == "nb (Norwegian Bokmål)"
    assert describe_label("other", descriptions) == "other"
