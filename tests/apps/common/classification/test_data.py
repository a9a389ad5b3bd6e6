"""From labelled inputs to training, validation and test examples of any kind."""

from types import SimpleNamespace

import numpy as np
import pytest

from polyhead.apps.common.classification.data import (
    Examples,
    Labelled,
    encode_examples,
    make_dataset,
)
from polyhead.apps.common.errors import PolyheadError


def make_config(**settings):
    settings = {"multi_label": False, "validation_fraction": 0.25, "seed": 0} | settings
    return SimpleNamespace(label_column="kind", **settings)


def label(inputs, labels, source="data"):
    return Labelled(source, list(inputs), list(labels), np.arange(len(inputs)) + 2)


def describe(splits, label_names, removed, warnings):
    rows = {split: len(part.inputs) for split, part in splits.items()}
    return {"rows": rows, "removed": removed, "warnings": warnings}


def test_validation_is_taken_from_training():
    train = label(range(40), ["b", "a"] * 20)
    dataset = make_dataset(make_config(), {"train": train}, describe, "picture")
    assert dataset.label_names == ("a", "b") and dataset.test is None
    assert dataset.report["rows"] == {"train": 30, "validation": 10}
    assert sorted(dataset.train.inputs + dataset.validation.inputs) == [*range(40)]
    for split in (dataset.train, dataset.validation):
        assert split.labels.tolist() == [1 - given % 2 for given in split.inputs]
        assert split.rows.tolist() == [given + 2 for given in split.inputs]


def test_no_input_is_in_training_and_in_another_split():
    splits = {
        "train": label(range(10), "ab" * 5),
        "validation": label([3, 20, 21], "bab"),
        "test": label([4, 20, 4], "aab"),
    }
    dataset = make_dataset(make_config(), splits, describe, "picture")
    assert dataset.train.inputs == [0, 1, 2, 5, 6, 7, 8, 9]
    assert dataset.test.inputs == [4, 20, 4]  # test is never changed
    assert dataset.report["removed"] == 2
    assert dataset.report["warnings"] == [
        "1 validation pictures are in test too",
        "2 training rows removed: validation or test has the same picture",
    ]


@pytest.mark.parametrize(
    "splits, message",
    [
        ({"train": label("xy", "aa")}, "data: every row of column 'kind' has 'a'"),
        ({"train": label("xx", "ab")}, "data: 2 rows are too few to take a validation"),
        (
            {"train": label("xy", "ab"), "test": label("xy", "ab")},
            "data: validation or test has the picture of every row",
        ),
        (
            {"train": label("xy", "ab"), "test": label("z", "c", "more")},
            "more: row 2: label 'c' does not occur",
        ),
    ],
)
def test_data_that_cannot_train_a_classifier(splits, message):
    with pytest.raises(PolyheadError, match=message):
        make_dataset(make_config(), splits, describe, "picture")


def test_examples_with_several_labels():
    examples = encode_examples(label("xy", [("b", "a"), ()]), ("a", "b"), True)
    assert examples.labels.tolist() == [[True, True], [False, False]]


def test_some_of_the_examples():
    examples = Examples(["x", "y", "z"], np.arange(3), np.array([5, 6, 9]), "data")
    assert examples.take(np.ones(3, bool)) is examples
    some = examples.take(np.array([True, False, True]))
    assert (some.inputs, some.labels.tolist()) == (["x", "z"], [0, 2])
    assert (some.rows.tolist(), some.source) == ([5, 9], "data")
