"""Labels in the forms that people's tables have them in."""

import json

import numpy as np
import pytest

from polyhead.apps.common.data.label_forms import (
    find_separator,
    read_labelled,
    unfold_lists,
)
from polyhead.apps.common.errors import PolyheadError


@pytest.mark.parametrize(
    "text, labels",
    [
        ("['sport', 'extra']", ["sport", "extra"]),
        ('["a","b"]', ["a", "b"]),
        (json.dumps(["Grüße", 'say "x"', "a, b"]), ["Grüße", 'say "x"', "a, b"]),
        (repr(["it's", 'say "x"', "new\nline"]), ["it's", 'say "x"', "new\nline"]),
        ("('a', 'b')", ["a", "b"]),
        ("{'a'}", ["a"]),
        ("['a']", ["a"]),
        (str(np.array(["a", "b c"])), ["a", "b c"]),
        (str(np.array([f"label {n}" for n in range(40)])), None),
        (str([np.str_("a"), np.str_("b")]), ["a", "b"]),
        ("[1, 27]", ["1", "27"]),
        ("[1 27]", ["1", "27"]),
        ("[1. 0.]", ["1", "0"]),
        ("[a, New York]", ["a", "New York"]),
        ("['a', nan]", ["a"]),
        ("[]", []),
        ("[ ]", []),
        ("[nan]", []),
        (" ['a'] ", ["a"]),
    ],
)
def test_a_list_that_is_written_as_text(text, labels):
    found, notes = unfold_lists([text], "kind")
    expected = [f"label {n}" for n in range(40)] if labels is None else labels
    assert found == [expected]
    assert notes == [
        f"column 'kind' has lists of labels, such as {text.strip()[:60]}",
    ]


@pytest.mark.parametrize(
    "labels",
    [["sport", "[x]", "a, b"], ["(none)", "{x}"], ["it's", "[it's"], [None, 7]],
)
def test_other_labels_stay(labels):
    assert unfold_lists(labels, "kind") == (labels, [])


def test_lists_beside_other_labels():
    found, _ = unfold_lists(["['a', 'b']", "[c]", "d", "", None], "kind")
    assert found == [["a", "b"], ["c"], "d", "", None]
    found, notes = unfold_lists([np.array(["a", "b"]), ("c",), ["d"]], "kind")
    assert found == [["a", "b"], ["c"], ["d"]] and not notes


def test_another_separator_is_found():
    assert find_separator(["a;b", "c", None, ["x"]], ",") == ";"
    assert find_separator(["a,b", "c"], "|") == ","
    assert find_separator(["a;b", "c,d"], ",") is None
    assert find_separator(["a", "b"], ",") is None


def write(tmp_path, *lines):
    path = tmp_path / "a.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def read(path, label_column="label", multi_label=True, guess=True):
    table, labels, notes = read_labelled(path, "text", label_column, multi_label, guess)
    return table.columns["text"], labels, notes


ONE_HOT = ["id,text,toxic,insult,threat", "7,a,1,0,1", "8,b,0,0,0", "9,c,0,1,"]
ONLY_ONE = ["text,toxic,insult", "a,1,0", "b,0,1", "c,1.0,0.0", "d,False,True"]


def test_columns_of_0_and_1_are_found(tmp_path):
    path = write(tmp_path, *ONE_HOT)
    texts, labels, notes = read(path)
    assert texts == ["a", "b", "c"]
    assert labels == [["toxic", "threat"], [], ["insult"]]
    expected = "the labels are the columns of 0 and 1: toxic, insult, threat"
    assert notes == (f"{path}: {expected}; not read: id",)


@pytest.mark.parametrize("guess", [True, False])
def test_columns_of_0_and_1_are_named(tmp_path, guess):
    path = write(tmp_path, *ONE_HOT)
    _, labels, notes = read(path, "toxic, THREAT", guess=guess)
    assert labels == [["toxic", "THREAT"], [], []] and notes == ()


def test_one_1_in_each_row_is_one_label(tmp_path):
    _, labels, _ = read(write(tmp_path, *ONLY_ONE), multi_label=False)
    assert labels == [["toxic"], ["insult"], ["toxic"], ["insult"]]
    message = "rows 2, 3: not exactly one of the columns toxic, insult, threat is 1; "
    with pytest.raises(PolyheadError, match=message + ".*add --multi-label"):
        read(write(tmp_path, *ONE_HOT), multi_label=False)


@pytest.mark.parametrize(
    "lines, column, guess, message",
    [
        (["text,a", "x,1"], "label", True, "no column 'label'; it has: text, a; name"),
        (["text,a,b", "x,1,2"], "label", True, "--label-column C, or columns of 0 and"),
        (ONE_HOT, "kind", False, "no column 'kind'; it has: id, text, toxic"),
        (ONE_HOT, "toxic,hate", False, "no column 'toxic,hate'; it has"),
        (["text,a,b", "x,1,-1"], "a,b", True, "row 2: '-1' in column 'b' is neither 0"),
        (["body,a,b", "x,1,0"], "label", True, "no column 'text'; it has: body, a, b"),
    ],
)
def test_files_without_labels(tmp_path, lines, column, guess, message):
    path = write(tmp_path, *lines)
    with pytest.raises(PolyheadError, match=message) as caught:
        read(path, column, guess=guess)
    assert str(caught.value).startswith(f"{path}: ")


def test_another_file_may_have_the_usual_column(tmp_path):
    path = write(tmp_path, "text,label", "a,toxic", 'b,"[""toxic"", ""insult""]"')
    _, labels, notes = read(path, "toxic,insult")
    assert labels == ["toxic", ["toxic", "insult"]]
    assert notes == (
        f'{path}: column \'label\' has lists of labels, such as ["toxic", "insult"]',
    )


def test_a_column_with_a_comma_in_its_name(tmp_path):
    path = write(tmp_path, 'text,"a,b",a,b', "x,kind,1,0")
    assert read(path, "a,b")[1] == ["kind"]
