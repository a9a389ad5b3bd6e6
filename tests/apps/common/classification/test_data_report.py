"""What is told of labelled data before a training."""

import numpy as np
from label_tools import examples

from polyhead.apps.common.classification.data_report import (
    MOST_CLASSES,
    describe_labels,
    format_classes,
    format_rows,
)


def make_report(**options):
    train = examples(np.array([0, 0, 1, 0]), ["x", "x", "x", "y"])
    validation = examples(np.array([1]), ["z"])
    splits = {"train": train, "validation": validation}
    return describe_labels(splits, ("a", "b", "c"), 3, ["first"], **options)


def test_rows_classes_and_repeated_inputs_are_counted():
    report = make_report()
    assert report["rows"] == {"train": 4, "validation": 1}
    assert report["classes"]["a"] == {"train": 3, "validation": 0}
    assert report["classes"]["b"] == {"train": 1, "validation": 1}
    assert report["duplicates_removed"] == 3
    assert report["repeated_in_train"] == 2 and report["conflicting_texts"] == 1
    assert report["warnings"] == [
        "first",
        "1 training texts occur with different labels",
        "1 class has one training example only: b",
        "1 class has no training example left: c",
    ]


def test_a_scored_text_with_several_labels_is_told():
    splits = {
        "train": examples(np.array([0, 1]), ["a", "b"]),
        "test": examples(np.array([0, 1, 0, 0]), ["x", "x", "y", "y"]),
    }
    warnings = describe_labels(splits, ("a", "b"), 0, [])["warnings"]
    assert (
        "1 test texts occur with different labels: no answer is right for all of "
        "their rows" in warnings
    )


def test_sets_of_labels_conflict_too():
    labels = np.array([[True, False], [True, True], [True, False]])
    splits = {"train": examples(labels, ["x", "x", "y"])}
    report = describe_labels(splits, ("a", "b"), 0, [], "picture")
    assert report["conflicting_pictures"] == 1
    assert report["classes"]["a"] == {"train": 3}


def test_a_column_of_numbers_is_no_column_of_labels():
    splits = {"train": examples(np.arange(30))}
    names = [f"class {n}" for n in range(30)]
    warnings = describe_labels(splits, names, 0, [])["warnings"]
    assert warnings[0].endswith("class 9, ...")
    assert warnings[-1] == "most classes have one example: is it the label column?"


def test_the_report_as_lines():
    lines = format_rows(make_report(unit="picture"), "picture")
    assert lines[0].split() == ["train", "4", "rows", "data.csv"]
    assert lines[-2].startswith("duplicates  3 removed from train because validation")
    assert lines[-2].endswith("has them, 2 repeated within train")
    assert lines[-1] == "conflicting 1 pictures"
    count, header, *rows = format_classes(make_report())
    assert count == "3 classes" and header.split() == ["class", "train", "validation"]
    assert [row.split() for row in rows] == [
        ["a", "3", "0"],
        ["b", "1", "1"],
        ["c", "0", "0"],
    ]


def test_of_many_classes_the_largest_and_the_smallest_are_shown():
    classes = {f"c{n}": {"train": n} for n in range(MOST_CLASSES + 5)}
    lines = format_classes({"classes": classes, "rows": {"train": 9}})
    assert lines[2].split() == ["c44", "44"] and lines[-1].split() == ["c0", "0"]
    assert len(lines) == 2 + MOST_CLASSES + 1 and lines[32] == "... 5 more ..."
