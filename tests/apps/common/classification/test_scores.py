"""Metrics by hand and against scikit-learn."""

import csv
import doctest
import json
from types import SimpleNamespace

import numpy as np
import pytest
from label_tools import NAMES, examples, random_case, sure_of
from sklearn import metrics as oracle

from polyhead.apps.common.classification import scores as module
from polyhead.apps.common.classification.data import Dataset
from polyhead.apps.common.classification.evaluation import write_predictions
from polyhead.apps.common.classification.scores import (
    decide,
    evaluate,
    measure_calibration,
    measure_coverage,
    tune_thresholds,
)
from polyhead.apps.common.classification.thresholds import read_thresholds, tune_run
from polyhead.apps.common.errors import PolyheadError


def test_scores_of_six_texts_are_those_computed_by_hand():
    labels = np.array([0, 0, 1, 1, 2, 2], np.int32)
    answers = [0, 1, 1, 1, 2, 0]
    result = evaluate(sure_of(answers), examples(labels), NAMES, False)
    assert result["rows"] == 6
    assert result["accuracy"] == pytest.approx(4 / 6)
    # F1: red 2*1/(2+2), green 2*2/(3+2), blue 2*1/(1+2).
    assert result["macro_f1"] == pytest.approx((0.5 + 0.8 + 2 / 3) / 3)
    assert result["confusion"].tolist() == [[1, 1, 0], [0, 2, 0], [1, 0, 1]]
    assert result["per_class"][1] == {
        "label": "green",
        "precision": pytest.approx(2 / 3),
        "recall": 1.0,
        "f1": pytest.approx(0.8),
        "support": 2,
    }


def test_several_labels_by_hand():
    labels = np.array([[1, 0], [1, 1], [0, 1], [0, 0]], bool)
    probabilities = np.array([[0.9, 0.6], [0.2, 0.9], [0.1, 0.8], [0.1, 0.1]])
    result = evaluate(probabilities, examples(labels), ("a", "b"), True, [0.5, 0.5])
    assert result["accuracy"] == 0.5  # every label right: the last two texts
    # a: 1 hit, 1 answer, 2 true; b: 2 hits, 3 answers, 2 true.
    assert result["macro_f1"] == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert result["micro_f1"] == pytest.approx(2 * 3 / (4 + 4))
    assert result["confusion"] is None


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("multi_label", [False, True])
def test_scores_equal_those_of_scikit_learn(seed, multi_label):
    labels, probabilities = random_case(seed, rows=60, multi_label=multi_label)
    if not multi_label:
        labels[labels == 4] = 3  # a label that occurs in answers only, or nowhere
        probabilities[:, 4] *= seed % 2
    names = [f"label {i}" for i in range(5)]
    result = evaluate(probabilities, examples(labels), names, multi_label, 0.6)
    answers = result["predicted"]
    assert result["accuracy"] == pytest.approx(oracle.accuracy_score(labels, answers))
    expected = oracle.f1_score(labels, answers, average="macro", zero_division=0)
    assert result["macro_f1"] == pytest.approx(expected)
    if multi_label:
        expected = oracle.f1_score(labels, answers, average="micro", zero_division=0)
        assert result["micro_f1"] == pytest.approx(expected)
    else:
        table = oracle.confusion_matrix(labels, answers, labels=range(5))
        assert result["confusion"].tolist() == table.tolist()
    columns = oracle.precision_recall_fscore_support(
        labels, answers, labels=range(5), zero_division=0
    )
    ours = [
        [row[name] for row in result["per_class"]]
        for name in ("precision", "recall", "f1", "support")
    ]
    np.testing.assert_allclose(ours, columns)


def test_calibration_error_by_hand():
    sure = np.array([0.95, 0.95, 0.55, 0.65])
    probabilities = np.stack([sure, 1 - sure], axis=1)
    result = measure_calibration(probabilities, np.array([0, 1, 0, 0]), False)
    # Bins of 1/15: both 0.95 in the last, one of two right; the others alone.
    assert result["calibration_error"] == pytest.approx(
        (2 * abs(0.95 - 0.5) + abs(0.55 - 1) + abs(0.65 - 1)) / 4
    )
    curve = result["reliability"]
    assert curve["count"] == [0] * 8 + [1, 1, 0, 0, 0, 0, 2]
    assert curve["accuracy"][14] == 0.5
    assert curve["confidence"][14] == pytest.approx(0.95)
    assert curve["accuracy"][0] is None


def test_calibration_of_several_labels_counts_each_yes_and_no():
    probabilities = np.array([[1.0, 0.0], [1.0, 0.1]])
    labels = np.array([[True, False], [False, False]])
    result = measure_calibration(probabilities, labels, True)
    # 0 and 0.1 are in bins of their own; of the two at 1 one is right.
    assert result["calibration_error"] == pytest.approx((0 + 0.1 + 1.0) / 4)
    assert sum(result["reliability"]["count"]) == 4


@pytest.mark.parametrize("seed", range(20))
def test_no_threshold_has_a_better_f1(seed):
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 12, (40, 1)) / 12  # with many equal scores
    labels = rng.random((40, 1)) < (0.1 if seed % 2 else 0.5)
    labels[3] = True
    chosen = tune_thresholds(scores, labels)

    def f1_at(threshold):
        return oracle.f1_score(labels, scores >= threshold)

    best = max(f1_at(threshold) for threshold in np.unique(scores))
    assert f1_at(chosen) == pytest.approx(best)


def test_thresholds_of_rare_labels():
    scores = np.array([[0.9, 0.4, 0.3], [0.8, 0.2, 0.3], [0.1, 0.1, 0.3]])
    labels = np.array([[False, True, True], [False, False, False], [False] * 3])
    thresholds = tune_thresholds(scores, labels)
    assert thresholds[0] == 0.5  # no text has it: nothing to go by
    assert thresholds[1] == pytest.approx(0.3)  # one text has it
    assert thresholds[2] == pytest.approx(0.3)  # equal scores: all or none
    assert tune_thresholds(scores, labels, neutral=0.0)[0] == 0.0


def test_threshold_between_neighbouring_floats_still_parts_them():
    low = 0.3
    high = np.nextafter(low, 1)
    labels = np.array([[True], [False]])
    threshold = tune_thresholds(np.array([[high], [low]]), labels)
    assert decide(np.array([[high], [low]]), True, threshold).tolist() == [
        [True],
        [False],
    ]


def test_coverage_by_hand():
    probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.45, 0.55], [0.2, 0.8]])
    labels = np.array([0, 1, 1, 0])
    assert measure_coverage(probabilities, labels, 0.6) == {
        "threshold": 0.6,
        "coverage": 0.75,
        "accuracy": pytest.approx(1 / 3),
    }
    assert measure_coverage(probabilities, labels, 0.95)["accuracy"] is None
    with pytest.raises(PolyheadError, match="threshold is 60; .* between 0 and 1"):
        measure_coverage(probabilities, labels, 60)


def test_predictions_file_has_the_worst_mistakes_first(tmp_path):
    probabilities = np.array([[0.9, 0.1], [0.3, 0.7], [0.8, 0.2], [0.6, 0.4]])
    texts = ['right, "sure"', "wrong, rather sure", "wrong, sure", "right\nso-so"]
    data = examples(np.array([0, 0, 1, 0]), texts)
    write_predictions(tmp_path / "p.csv", probabilities, data, ("no", "yes"))
    with open(tmp_path / "p.csv", encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [
            ["text", "label", "predicted", "probability"],
            ["wrong, sure", "yes", "no", "0.8000"],
            ["wrong, rather sure", "no", "yes", "0.7000"],
            ["right\nso-so", "no", "no", "0.6000"],
            ['right, "sure"', "no", "no", "0.9000"],
        ]


def test_predictions_file_with_several_labels(tmp_path):
    probabilities = np.array([[0.9, 0.8, 0.1], [0.1, 0.2, 0.1]])
    labels = np.array([[True, True, False], [False, False, True]])
    path = tmp_path / "p.csv"
    write_predictions(
        path, probabilities, examples(labels), NAMES, [0.5] * 3, separator="|"
    )
    assert path.read_text().splitlines()[1:] == [
        "text 2,blue,,",
        "text 1,red|green,red|green,0.9000|0.8000",
    ]


@pytest.mark.parametrize(
    ("probabilities", "labels", "multi_label", "message"),
    [
        (np.zeros((0, 3)), np.zeros(0, int), False, "data.csv: no rows to score"),
        (np.ones((2, 2)), np.zeros(2, int), False, r"shape \(2, 2\), not \(2, 3\)"),
        (np.ones((2, 3)), np.zeros((2, 3), bool), False, "multi_label=False"),
        (np.full((2, 3), np.nan), np.zeros(2, int), False, "row 1: .*learning_rate"),
    ],
)
def test_what_cannot_be_scored_is_said(probabilities, labels, multi_label, message):
    with pytest.raises(PolyheadError, match=message) as caught:
        evaluate(probabilities, examples(labels), NAMES, multi_label)
    assert "\n" not in str(caught.value)


def test_examples_in_docstrings():
    result = doctest.testmod(module)
    assert result.attempted and not result.failed


LETTERS = tuple("abcde")


def test_they_come_from_validation_alone(tmp_path):
    labels, probabilities = random_case(0, multi_label=True)
    validation, test = examples(labels[:100]), examples(labels[100:])
    dataset = Dataset(validation, validation, test, LETTERS, True, {})
    answers = {id(validation.inputs): probabilities[:100]}
    serving = SimpleNamespace(predict=lambda inputs: answers[id(inputs)])
    run = SimpleNamespace(path=tmp_path, serving=serving, label_names=LETTERS)
    tune_run(run, dataset)
    expected = tune_thresholds(probabilities[:100], labels[:100])
    np.testing.assert_array_equal(read_thresholds(tmp_path, LETTERS), expected)


def test_one_label_to_an_input_needs_none(tmp_path):
    labels, _ = random_case(0)
    part = examples(labels)
    tune_run(
        SimpleNamespace(path=tmp_path), Dataset(part, part, None, LETTERS, False, {})
    )
    assert not list(tmp_path.iterdir())


def test_an_older_run_has_them_in_its_metrics(tmp_path):
    tuned = dict(zip(LETTERS, [0.1, 0.2, 0.3, 0.4, 0.5], strict=True))
    (tmp_path / "metrics.json").write_text(json.dumps({"thresholds": tuned}))
    assert read_thresholds(tmp_path, LETTERS).tolist() == list(tuned.values())


@pytest.mark.parametrize("content", ["{}", "[]", '{"a": 1}', '{"a": "x"}', "{"])
def test_a_broken_file_is_one_line(tmp_path, content):
    (tmp_path / "thresholds.json").write_text(content)
    with pytest.raises(PolyheadError, match="thresholds.json: .*train the run again"):
        read_thresholds(tmp_path, LETTERS)
