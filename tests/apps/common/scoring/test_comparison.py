"""Verdicts, protocol and table of a run beside its baselines."""

import doctest

from polyhead.apps.common.scoring import comparison
from polyhead.apps.common.scoring.comparison import (
    Column,
    describe_difference,
    describe_other,
    describe_samples,
    describe_scored,
    format_table,
    remark_on_validation,
)


def test_verdicts_in_plain_words():
    unit = "points of accuracy"
    assert describe_difference("svm", -1.2, (-2, -0.3), unit) == (
        "below svm by 1.2 points of accuracy (95% interval -2.0 to -0.3)"
    )
    assert describe_difference("svm", 3.1, (1.1, 5), "points of macro-F1") == (
        "above svm by 3.1 points of macro-F1 (95% interval +1.1 to +5.0)"
    )
    for interval in ((-1, 1.8), (0, 1.8), (-1, 0)):
        text = describe_difference("svm", 0.4, interval, unit)
        assert text.startswith("no difference from svm that the data can show (+0.4")


def test_without_an_interval_or_with_few_rows_nothing_is_claimed():
    text = describe_difference("svm", 3.0, None, "BLEU")
    assert text == "+3.0 BLEU against svm; no interval, so no claim"
    text = describe_difference("svm", 30.0, (20, 40), "BLEU", rows=5)
    assert text == "5 rows are too few to tell this run from svm (+30.0 BLEU)"


def test_the_protocol_says_which_rows_were_scored():
    assert describe_scored("test", 7, "pairs") == "scored on all 7 pairs of test"
    assert "the pairs the choices were made on" in describe_scored(
        "validation", 7, "pairs"
    )
    other = describe_other("new.csv", "texts", ["a", "b", "a"], ["a", "c"])
    assert other == (
        "new.csv, which is not the run's own test (2 of its texts were trained on)"
    )
    baselines = {
        "svm": {"sampled": True, "train_rows": 9},
        "logistic": {"sampled": False, "train_rows": 20},
    }
    assert describe_samples(baselines, "fitted on", "rows") == [
        "svm fitted on a sample of 9 rows"
    ]


COLUMNS = [
    Column("mae", "MAE", "{:.2f}", "{:.1f}"),
    Column("missing", "missing", "{:.2f}"),
]


def test_the_table_has_the_measures_that_the_run_has():
    scores = {"rows": 1200, "mae": 1.5, "mae_interval": [1.0, 2.0]}
    metrics = {
        "test": scores,
        "validation": {"mae": 9.0},
        "baselines": {"naive": {"mae": 2.5, "verdict": "below naive"}, "none": {}},
    }
    assert format_table(metrics, COLUMNS, remarks=["a remark"]).splitlines() == [
        "test, 1,200 rows",
        "                     MAE",
        "this run  1.50 (1.0-2.0)",
        "naive               2.50",
        "none                   -",
        "below naive",
        "a remark",
    ]
    lines = format_table(metrics, COLUMNS, verdict=lambda name, *_: f"verdict {name}")
    assert lines.splitlines()[-2:] == ["verdict naive", "verdict none"]


def test_scores_on_validation_data_promise_too_much():
    assert remark_on_validation({"test": {}, "validation": {}}) == []
    (remark,) = remark_on_validation({"validation": {}}, "windows")
    assert remark == "no test data: choices were made on these windows, expect less"


def test_examples_in_docstrings():
    result = doctest.testmod(comparison)
    assert result.attempted and not result.failed
