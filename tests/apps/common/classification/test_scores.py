"""Metrics by hand and against scikit-learn, intervals against plain resampling."""

import csv
import doctest
import json

import numpy as np
import pytest
from sklearn import metrics as oracle

from polyhead.apps.common.classification import scores as module
from polyhead.apps.common.classification.scores import (
    decide,
    evaluate,
    measure_calibration,
    measure_coverage,
    tune_thresholds,
    write_predictions,
)
from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.text_classification import comparison
from polyhead.apps.text_classification.comparison import (
    bootstrap,
    build_metrics,
    describe_difference,
    format_table,
)
from polyhead.apps.text_classification.data import Dataset, Examples

NAMES = ("red", "green", "blue")


def examples(labels, texts=None):
    rows = np.arange(1, len(labels) + 1)
    texts = texts or [f"text {row}" for row in rows]
    return Examples(texts, np.asarray(labels), rows, "data.csv")


def sure_of(answers, num_labels=3, probability=0.8):
    """Probabilities whose likeliest label is the given one."""
    rest = (1 - probability) / (num_labels - 1)
    table = np.full((len(answers), num_labels), rest, np.float32)
    table[np.arange(len(answers)), answers] = probability
    return table


def random_case(seed, rows=200, num_labels=5, multi_label=False):
    rng = np.random.default_rng(seed)
    if multi_label:
        labels = rng.random((rows, num_labels)) < np.linspace(0.5, 0.02, num_labels)
        scores = 0.5 * labels + 0.5 * rng.random((rows, num_labels))
        return labels, scores.astype(np.float32)
    labels = rng.integers(0, num_labels, rows).astype(np.int32)
    scores = rng.random((rows, num_labels)) + 0.4 * np.eye(num_labels)[labels]
    return labels, (scores / scores.sum(axis=1, keepdims=True)).astype(np.float32)


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


@pytest.mark.parametrize("multi_label", [False, True])
@pytest.mark.parametrize("metric", ["accuracy", "macro_f1"])
def test_bootstrap_agrees_with_drawing_rows_one_by_one(metric, multi_label):
    labels, ours = random_case(0, multi_label=multi_label)
    _, other = random_case(1, multi_label=multi_label)
    other = np.where(np.arange(200)[:, None] < 120, ours, other)  # mostly alike
    answers = [decide(part, multi_label, 0.6) for part in (ours, other)]
    draws = bootstrap(labels, answers, 5, metric)
    assert draws.shape == (2000, 2)

    def score(truth, answer):
        if metric == "accuracy":
            return oracle.accuracy_score(truth, answer)
        return oracle.f1_score(truth, answer, average="macro", zero_division=0)

    rng = np.random.default_rng(7)
    rows = rng.integers(0, 200, (400, 200))
    naive = np.array([[score(labels[r], a[r]) for a in answers] for r in rows])
    np.testing.assert_allclose(draws.mean(axis=0), naive.mean(axis=0), atol=0.01)
    np.testing.assert_allclose(draws.std(axis=0), naive.std(axis=0), rtol=0.15)
    difference, expected = (t[:, 0] - t[:, 1] for t in (draws, naive))
    assert difference.std() == pytest.approx(expected.std(), rel=0.15)
    # Far narrower than if the two had been resampled apart.
    assert difference.std() < 0.95 * np.hypot(*draws.std(axis=0))


def test_bootstrap_is_seeded_and_exact_where_nothing_varies():
    labels, probabilities = random_case(3)
    answers = [labels, decide(probabilities, False), decide(probabilities, False)]
    draws = bootstrap(labels, answers, 5, "accuracy", seed=4)
    assert (draws[:, 0] == 1).all()
    assert (draws[:, 1] == draws[:, 2]).all()
    again = bootstrap(labels, answers, 5, "accuracy", seed=4)
    np.testing.assert_array_equal(draws, again)
    other = bootstrap(labels, answers, 5, "accuracy", seed=5)
    assert (draws != other).any()


def test_small_blocks_of_draws_give_the_same_intervals(monkeypatch):
    labels, probabilities = random_case(3)
    answers = [decide(probabilities, False)]
    whole = bootstrap(labels, answers, 5, "macro_f1")
    monkeypatch.setattr(comparison, "_CELLS", 100)
    np.testing.assert_allclose(bootstrap(labels, answers, 5, "macro_f1"), whole)


def test_verdicts_in_plain_words():
    assert describe_difference("svm", "accuracy", -0.012, (-0.02, -0.003)) == (
        "below svm by 1.2 points of accuracy (95% interval -2.0 to -0.3)"
    )
    assert describe_difference("svm", "macro_f1", 0.031, (0.011, 0.05)) == (
        "above svm by 3.1 points of macro-F1 (95% interval +1.1 to +5.0)"
    )
    for interval in ((-0.01, 0.018), (0.0, 0.018), (-0.01, 0.0)):
        text = describe_difference("svm", "accuracy", 0.004, interval)
        assert text.startswith("no difference from svm that the data can show (+0.4")


def make_run(answers_of, rows=400, test=True):
    """A data set, our probabilities and two baselines right on given rows."""
    labels = np.arange(rows, dtype=np.int32) % 3
    data = examples(labels)
    dataset = Dataset(data, data, data if test else None, NAMES, False, {})
    right = {name: np.arange(rows) < count for name, count in answers_of.items()}
    wrong = (labels + 1) % 3
    answers = {name: np.where(good, labels, wrong) for name, good in right.items()}
    ours = sure_of(answers.pop("ours"))
    splits = ("validation", "test") if test else ("validation",)
    baselines = {
        name: {
            "split": splits[-1],
            "accuracy": float(np.mean(answer == labels)),
            "macro_f1": 0.5,
            "settings": {"C": 1.0},
            "train_rows": rows,
            "sampled": name == "high",
            "scores": sure_of(answer),
            "predicted": answer,
        }
        for name, answer in answers.items()
    }
    return dataset, dict.fromkeys(splits, ours), baselines


def test_metrics_set_the_run_beside_its_baselines():
    dataset, probabilities, baselines = make_run(
        {"ours": 300, "low": 240, "even": 301, "high": 360}
    )
    metrics, evaluations = build_metrics(dataset, probabilities, baselines)
    assert json.loads(json.dumps(metrics, allow_nan=False)) == metrics
    assert metrics["test"]["accuracy"] == metrics["validation"]["accuracy"] == 0.75
    low, high = metrics["test"]["accuracy_interval"]
    assert 0.70 < low < 0.72 and 0.78 < high < 0.80  # 0.75 -+ 1.96 * 0.0217
    lines = {name: entry["verdict"] for name, entry in metrics["baselines"].items()}
    assert lines["low"].startswith("above low by 15.0 points of accuracy (95%")
    assert lines["even"].startswith("no difference from even that the data can show")
    assert lines["high"].startswith("below high by 15.0 points of accuracy (95%")
    entry = metrics["baselines"]["low"]
    assert (entry["split"], entry["accuracy"]) == ("test", 0.6)
    assert not {"scores", "predicted"} & set(entry)
    assert "high fitted on a sample of 400 rows" in metrics["protocol"]
    assert "low fitted" not in metrics["protocol"]
    assert evaluations["test"]["confusion"].sum() == 400


def test_table_shows_all_models_and_verdicts():
    run = make_run({"ours": 300, "low": 240, "high": 360})
    metrics, _ = build_metrics(*run)
    lines = format_table(metrics).splitlines()
    assert lines[0] == "test, 400 rows"
    assert lines[1].split() == "accuracy macro f1 calibration error".split()
    assert lines[2].startswith("this run  0.7500 (0.7")
    assert lines[3].startswith("low       0.6000 (0.5")
    assert lines[4].split()[-2:] == ["0.5000", "-"]
    assert [line.split()[0] for line in lines[5:]] == ["above", "below"]


def test_without_test_data_the_scores_are_called_optimistic():
    run = make_run({"ours": 300, "low": 240}, test=False)
    metrics, evaluations = build_metrics(*run)
    assert "test" not in metrics and list(evaluations) == ["validation"]
    assert metrics["baselines"]["low"]["split"] == "validation"
    assert "no test data" in metrics["protocol"]
    assert "expect less" in format_table(metrics)


def test_thresholds_of_a_run_come_from_validation_alone():
    labels, probabilities = random_case(0, multi_label=True)
    _, elsewhere = random_case(1, multi_label=True)
    names = tuple("abcde")
    validation, test = examples(labels[:100]), examples(labels[100:])
    dataset = Dataset(validation, validation, test, names, True, {})
    metrics = [
        build_metrics(dataset, {"validation": probabilities[:100], "test": t}, {})[0]
        for t in (probabilities[100:], elsewhere[100:])
    ]
    expected = tune_thresholds(probabilities[:100], labels[:100])
    assert list(metrics[0]["thresholds"].values()) == expected.tolist()
    assert metrics[1]["thresholds"] == metrics[0]["thresholds"]
    assert metrics[0]["test"]["macro_f1"] > metrics[1]["test"]["macro_f1"]
    assert "thresholds" in metrics[0]["protocol"]


@pytest.mark.parametrize("documented", [module, comparison])
def test_examples_in_docstrings(documented):
    result = doctest.testmod(documented)
    assert result.attempted and not result.failed
