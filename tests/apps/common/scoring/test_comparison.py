"""Verdicts, the protocol's parts and the table of scores, in words and numbers."""

import doctest

import pytest

from polyhead.apps.common.scoring import comparison
from polyhead.apps.common.scoring.comparison import (
    FEWEST_ROWS,
    Column,
    describe_difference,
    describe_other,
    describe_samples,
    describe_scored,
    format_table,
    remark_on_validation,
    scored_split,
)

COLUMNS = [Column("bleu", "BLEU", "{:.2f}", "{:.1f}"), Column("chrf", "chrF", "{:.1f}")]


def test_an_interval_that_touches_zero_claims_nothing():
    assert "no difference" in describe_difference("n", 1.0, (0.0, 2.0), "BLEU", 100)
    assert "no difference" in describe_difference("n", -1.0, (-2.0, 0.0), "BLEU", 100)


@pytest.mark.parametrize(
    ("difference", "interval", "rows", "words"),
    [
        (2.0, (1.0, 3.0), 50, "above n by 2.0 F1 (95% interval +1.0 to +3.0)"),
        (-2.0, (-3.0, -1.0), 50, "below n by 2.0 F1 (95% interval -3.0 to -1.0)"),
        (2.0, None, 50, "+2.0 F1 against n; no interval, so no claim"),
        (
            2.0,
            (1.0, 3.0),
            FEWEST_ROWS - 1,
            "19 rows are too few to tell this run from n (+2.0 F1)",
        ),
        (2.0, (1.0, 3.0), FEWEST_ROWS, "above n by 2.0 F1"),
    ],
)
def test_a_verdict_says_what_the_rows_show(difference, interval, rows, words):
    assert describe_difference("n", difference, interval, "F1", rows).startswith(words)


def test_the_protocol_says_which_rows_were_scored():
    assert describe_scored("test", 30, "pairs") == "scored on all 30 pairs of test"
    without = describe_scored("validation", 30, "pairs")
    assert without == (
        "no test data, so scores are on the pairs the choices were made on"
    )
    baselines = {
        "copy": {},
        "nearest": {"sampled": True, "train_rows": 9},
        "all": {"sampled": False, "train_rows": 50},
    }
    assert describe_samples(baselines, "searched", "pairs") == [
        "nearest searched a sample of 9 pairs"
    ]
    assert describe_other("b.tsv") == "b.tsv, which is not the run's own test"


def test_the_table_shows_what_there_is():
    metrics = {
        "test": {"rows": 30, "bleu": 20.0, "bleu_interval": [18.04, 22.0]},
        "validation": {"rows": 9, "bleu": 90.0},
        "baselines": {"copy": {"bleu": 3.0, "verdict": "above copy"}, "none": {}},
    }
    changed = format_table(metrics | {"differences": ["1 new"]}, COLUMNS)
    last = changed.splitlines()[-2:]
    assert last == ["1 new", "so metrics.json keeps the earlier scores"]
    lines = format_table(metrics, COLUMNS, remarks=["a remark"]).splitlines()
    assert lines[0] == "test, 30 rows"
    assert lines[1].split() == ["BLEU"]  # the run has no chrF
    assert lines[2].split() == ["this", "run", "20.00", "(18.0-22.0)"]
    assert lines[3].split() == ["copy", "3.00"]
    assert lines[4].split() == ["none", "-"]
    assert lines[5:] == ["above copy", "a remark"]
    assert remark_on_validation(metrics) == []

    def verdict(name, run_scores, scores):
        return f"{name}: {run_scores['rows']} against {len(scores)}"

    lines = format_table(metrics, COLUMNS, verdict=verdict).splitlines()
    assert lines[5:] == ["copy: 30 against 2", "none: 30 against 0"]


def test_without_test_data_validation_is_shown():
    metrics = {"validation": {"windows": 12, "bleu": 90.0}}
    assert scored_split(metrics) == "validation"
    text = format_table(metrics, COLUMNS, "windows")
    assert text.startswith("validation, 12 windows\n")
    (remark,) = remark_on_validation(metrics, "windows")
    assert "these windows" in remark and "expect less" in remark


def test_examples_run():
    assert doctest.testmod(comparison).failed == 0


@pytest.mark.parametrize(
    "validated, last, shown",
    [
        ({"measure": "bleu", "score": 21.5, "how": "greedy decoding"}, 23.0, True),
        ({"measure": "bleu", "score": 21.5, "how": ""}, 23.0, True),
        ({"measure": "bleu", "score": 23.001, "how": "greedy"}, 23.0, False),
        ({"measure": "loss", "score": 2.0, "how": "greedy"}, 23.0, False),
        ({"measure": "bleu", "score": None, "how": ""}, 23.0, False),
        ({}, 23.0, False),  # of an older version
    ],
)
def test_another_validation_score_than_training_printed_is_explained(
    validated, last, shown
):
    metrics = {
        "validation": {"rows": 40, "bleu": last},
        "train": {"best_epoch": 7, "validated": validated},
    }
    lines = format_table(metrics, COLUMNS).splitlines()
    how = validated.get("how") and f" ({validated['how']})" or ""
    line = f"validation: BLEU 21.50 in epoch 7 of the training{how}, 23.00 of the "
    assert (f"{line}finished run" in lines) == shown
    assert any("epoch 7" in line for line in lines) == shown


@pytest.mark.parametrize("unit, few", [("rows", 29), ("windows", 1), ("windows", 30)])
def test_few_rows_and_few_windows_are_told(unit, few):
    text = format_table({"test": {unit: few, "bleu": 90.0}}, COLUMNS, unit)
    assert ("say little about other " + unit in text) == (few < 30)
    assert ("1 window only" in text) == (few == 1)


def test_no_interval_without_width_is_given():
    line = describe_difference("copy", 100.0, (100.0, 100.0), "points", 40, 100.0)
    assert line == "above copy by 100.0 points (the same in every row)"
