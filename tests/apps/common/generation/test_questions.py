"""Pairs with the same source are one row with several right answers."""

import csv
from dataclasses import dataclass

import pytest
from pair_tools import make_rows, score
from sacrebleu.metrics import BLEU, CHRF

from polyhead.apps.common.data.pairs import Pairs, make_pairs
from polyhead.apps.common.data.row_hashes import fingerprint_rows
from polyhead.apps.common.generation.comparison import build_metrics
from polyhead.apps.common.generation.questions import merge_sources
from polyhead.apps.common.generation.scores import (
    Scorer,
    main_score,
    score_by_length,
    write_predictions,
)

SOURCES = ["a", "b", "a", "c", "a", "A"]
TARGETS = ["one", "two", "uno", "three", "one", "eins"]


def test_sources_stay_in_order_with_all_their_targets():
    asked = merge_sources(make_pairs("t", SOURCES, TARGETS))
    assert asked.sources == ["a", "b", "c", "A"]
    assert asked.references == [["one", "uno"], ["two"], ["three"], ["eins"]]
    assert asked.of_pair.tolist() == [0, 1, 0, 2, 0, 3]
    assert asked.pick(TARGETS) == ["one", "two", "three", "eins"]


def test_scores_are_those_of_sacrebleu_with_several_references():
    answers, first = make_rows(20, 0.3)
    second = make_rows(20, 0.4, seed=5)[0]
    references = [
        [one, other] if row % 3 else [one]
        for row, (one, other) in enumerate(zip(first, second, strict=True))
    ]
    found = score(answers, references, bootstrap=0)
    streams = [first, [r[1] if len(r) > 1 else None for r in references]]
    assert found["bleu"] == BLEU().corpus_score(answers, streams).score
    assert found["chrf"] == CHRF(word_order=2).corpus_score(answers, streams).score


def test_any_reference_is_right_and_the_nearest_counts():
    references = [["a b c d", "x y"], ["e f"]]
    found = score(["x y", "e g"], references, bootstrap=0)
    assert found["exact"] == 0.5 and found["wer"] == 1 / 4
    scorer = Scorer(main="exact")
    assert main_score(["x y", "e g"], references, scorer) == 0.5
    assert main_score(["nothing", "e g"], references, scorer) == 0


@dataclass(frozen=True)
class Dataset:
    """What a run is scored on."""

    train: Pairs
    validation: Pairs
    test: Pairs | None


def test_a_source_is_scored_once_and_the_rows_are_remembered_as_they_were(tmp_path):
    pairs = make_pairs("t", SOURCES, TARGETS)
    data = Dataset(pairs, pairs, pairs)
    answers = ["uno", "two", "uno", "no", "uno", "eins"]
    copy = {"split": "test", "hypotheses": SOURCES, "settings": {}}
    metrics = build_metrics(
        data, {"test": answers}, {"copy": copy}, Scorer(main="exact")
    )
    assert metrics["test"]["rows"] == 4 and metrics["test"]["exact"] == 0.75
    assert metrics["test"]["fingerprint"] == fingerprint_rows(pairs.known_as)
    assert "|nrefs:var|" in f"|{metrics['signature']}"
    assert "4 different sources, each scored once" in metrics["protocol"]
    write_predictions(tmp_path / "p.csv", pairs, answers)
    with open(tmp_path / "p.csv", encoding="utf-8", newline="") as file:
        rows = {row["source"]: row for row in csv.DictReader(file)}
    assert len(rows) == 4 and rows["a"]["target"] == "one | uno"
    assert float(rows["a"]["chrf"]) == 100
    buckets = score_by_length(pairs, answers, Scorer(main="exact"), bootstrap=0)
    assert [(b["rows"], b["exact"]) for b in buckets] == [(4, 0.75)]


def test_single_references_are_scored_as_before():
    answers, references = make_rows(9, 0.3)
    pairs = make_pairs("t", [f"s{i}" for i in range(9)], references)
    metrics = build_metrics(
        Dataset(pairs, pairs, pairs), {"test": answers}, {}, Scorer()
    )
    bleu = BLEU()
    assert metrics["test"]["bleu"] == pytest.approx(
        bleu.corpus_score(answers, [references]).score
    )
    assert metrics["signature"].startswith("nrefs:1|")
