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
from polyhead.apps.common.classification.known import remember_examples, restore_dataset
from polyhead.apps.common.errors import PolyheadError


def make_config(**settings):
    settings = {"multi_label": False, "validation_fraction": 0.25, "seed": 0} | settings
    return SimpleNamespace(label_column="kind", init_from=None, **settings)


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
    assert examples.take(np.ones(3, bool)).inputs == examples.inputs
    some = examples.take(np.array([True, False, True]))
    assert (some.inputs, some.labels.tolist()) == (["x", "z"], [0, 2])
    assert (some.rows.tolist(), some.source) == ([5, 9], "data")


CONFIG = SimpleNamespace(
    label_column="kind",
    multi_label=False,
    validation_fraction=0.2,
    seed=0,
    init_from=None,
)


def make_labelled(rows, source="data"):
    inputs, labels = zip(*rows, strict=True)
    return Labelled(source, list(inputs), list(labels), np.arange(1, len(rows) + 1))


ROWS = [(f"text {row}", "ab"[row % 2]) for row in range(20)]


def begin(labelled):
    dataset = make_dataset(CONFIG, labelled, describe)
    return dataset, remember_examples(CONFIG, dataset, dataset)


def test_the_parts_are_those_of_the_training():
    dataset, known = begin({"train": make_labelled(ROWS)})
    again = restore_dataset(
        CONFIG, known, ("a", "b"), {"train": make_labelled(ROWS[::-1])}, describe
    )
    for part in ("train", "validation"):
        assert getattr(again, part).inputs == getattr(dataset, part).inputs
        labels = getattr(again, part).labels, getattr(dataset, part).labels
        np.testing.assert_array_equal(*labels)
    assert again.is_whole and again.differences == ()


def test_rows_of_no_part_stay_in_none():
    labelled = {"train": make_labelled(ROWS), "test": make_labelled(ROWS[:3], "more")}
    dataset, known = begin(labelled)
    again = restore_dataset(CONFIG, known, ("a", "b"), labelled, describe)
    assert again.differences == () and again.test.inputs == dataset.test.inputs
    assert again.train.inputs == dataset.train.inputs


def test_without_a_row_to_score_there_is_an_error():
    dataset, known = begin({"train": make_labelled(ROWS)})
    kept = {"train": make_labelled([(x, "a") for x in dataset.train.inputs])}
    with pytest.raises(PolyheadError, match="data: no row is left to measure the run"):
        restore_dataset(CONFIG, known, ("a", "b"), kept, describe)


def test_sets_of_labels_are_alike_in_any_order():
    rows = [(f"text {row}", ("a", "b") if row % 2 else ("a",)) for row in range(20)]
    config = SimpleNamespace(**{**vars(CONFIG), "multi_label": True})
    dataset = make_dataset(config, {"train": make_labelled(rows)}, describe)
    known = remember_examples(CONFIG, dataset, dataset)
    turned = {"train": make_labelled([(text, x[::-1]) for text, x in rows])}
    again = restore_dataset(config, known, ("a", "b"), turned, describe)
    assert again.differences == () and again.train.inputs == dataset.train.inputs
