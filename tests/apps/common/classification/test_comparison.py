"""A classifier beside its baselines."""

import json

import numpy as np
import pytest
from label_tools import NAMES, examples, random_case, sure_of
from sklearn import metrics as oracle

from polyhead.apps.common.classification import comparison
from polyhead.apps.common.classification.comparison import (
    bootstrap,
    build_metrics,
    format_metrics,
)
from polyhead.apps.common.classification.data import Dataset, Examples
from polyhead.apps.common.classification.scores import decide, tune_thresholds


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


@pytest.mark.parametrize("rows", [1, 2, 12])
def test_a_few_right_rows_are_no_certainty(rows):
    run = make_run({"ours": rows, "low": 0}, rows)
    metrics, _ = build_metrics(*run)
    low, high = metrics["test"]["accuracy_interval"]
    assert low == pytest.approx(rows / (rows + 1.96**2), abs=1e-3) and high == 1
    assert metrics["baselines"]["low"]["accuracy_interval"][1] == pytest.approx(1 - low)
    text = format_metrics(metrics)
    count, verb = ("1 row", "is") if rows == 1 else (f"{rows} rows", "are")
    assert f"{count} only: such scores say little about other rows" in text
    assert f"{count} {verb} too few to tell this run from low" in text
    assert "(1.000-1.000)" not in text and "(0.000-0.000)" not in text


def test_nothing_against_nothing_is_no_verdict():
    metrics, _ = build_metrics(*make_run({"ours": 0, "low": 0}, 40))
    assert metrics["baselines"]["low"]["verdict"] == (
        "this run and low both have 0 points of accuracy: this measure says nothing "
        "here"
    )


def test_several_labels_to_a_row_have_both_intervals():
    labels = np.eye(3, dtype=bool)[[0, 1]]
    data = examples(labels)
    dataset = Dataset(data, data, data, NAMES, True, {})
    metrics, _ = build_metrics(dataset, {"test": labels.astype(float)}, {})
    assert metrics["test"]["accuracy_interval"] == pytest.approx([0.342, 1], abs=1e-3)
    text = format_metrics(metrics)
    assert "1.0000 (0.342-1.000)" in text and "(1.000-1.000)" not in text


def test_table_shows_all_models_and_verdicts():
    run = make_run({"ours": 300, "low": 240, "high": 360})
    metrics, _ = build_metrics(*run)
    lines = format_metrics(metrics).splitlines()
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
    assert "expect less" in format_metrics(metrics)


def test_thresholds_are_those_of_the_model():
    labels, probabilities = random_case(0, multi_label=True)
    names = tuple("abcde")
    validation, test = examples(labels[:100]), examples(labels[100:])
    dataset = Dataset(validation, validation, test, names, True, {})
    parts = {"validation": probabilities[:100], "test": probabilities[100:]}
    tuned = tune_thresholds(probabilities[:100], labels[:100])
    scores = [
        build_metrics(dataset, parts, {}, thresholds=thresholds)[0]["test"]["macro_f1"]
        for thresholds in (tuned, np.full(5, 0.999))
    ]
    assert scores[0] > scores[1] + 0.1
    metrics, _ = build_metrics(dataset, parts, {}, thresholds=tuned)
    assert "thresholds" in metrics["protocol"] and "thresholds" not in metrics


def test_rows_have_a_fingerprint_whatever_their_order():
    labels, probabilities = random_case(0, multi_label=False)
    names, order = tuple("abcde"), np.random.default_rng(1).permutation(len(labels))
    found = []
    for rows in (np.arange(len(labels)), order, order[1:]):
        part = examples(labels).take(np.ones(len(labels), bool))
        part = Examples([part.inputs[i] for i in rows], labels[rows], rows, "data")
        dataset = Dataset(part, part, None, names, False, {})
        metrics, _ = build_metrics(dataset, {"validation": probabilities[rows]}, {})
        found.append(metrics["validation"]["fingerprint"])
    assert found[0] == found[1] != found[2]


def test_what_was_left_unanswered_is_told():
    metrics, _ = build_metrics(*make_run({"ours": 300, "low": 240}))
    metrics["answered"] = {"threshold": 0.9, "coverage": 0.5, "accuracy": 0.75}
    line = "at least 0.9 sure: 0.5000 of texts, 0.7500 of them right"
    assert format_metrics(metrics).splitlines()[-1] == line
    metrics["answered"] |= {"coverage": 0.0, "accuracy": None}
    assert format_metrics(metrics).endswith("0.0000 of texts, none")
