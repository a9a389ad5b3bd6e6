"""A run beside its baselines: paired intervals, verdicts, the protocol, the table."""

import json
from dataclasses import dataclass

import numpy as np
import pytest
from pair_tools import make_rows, score
from sacrebleu.metrics import BLEU

from polyhead.apps.common.data.pairs import Pairs, make_pairs
from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.generation.comparison import (
    build_metrics,
    describe_decoding,
    format_metrics,
)
from polyhead.apps.common.generation.scores import Scorer

SCORER = Scorer()


@dataclass(frozen=True)
class Dataset:
    """What a run is scored on."""

    train: Pairs
    validation: Pairs
    test: Pairs | None


def make_dataset(references, validation=None):
    def part(name, targets):
        return make_pairs(name, [f"source {i}" for i in range(len(targets))], targets)

    train = part("train.tsv", ["x"] * 7)
    held_out = part("validation.tsv", validation or ["a b c d e"] * 3)
    test = part("test.tsv", references) if references is not None else None
    return Dataset(train, held_out, test)


def baseline(hypotheses, split="test", **rest):
    return {"split": split, "hypotheses": hypotheses, "settings": {}, **rest}


def test_difference_is_that_of_resampled_corpora():
    ours, references = make_rows(30, 0.2)
    theirs, _ = make_rows(30, 0.4)
    metrics = build_metrics(
        make_dataset(references),
        {"test": ours},
        {"nearest": baseline(theirs)},
        SCORER,
        bootstrap=80,
    )
    draws = np.random.default_rng(12345).choice(30, size=(80, 30))

    def bleu(lines, draw):
        wanted = [references[i] for i in draw]
        return BLEU().corpus_score([lines[i] for i in draw], [wanted]).score

    differences = sorted(bleu(ours, draw) - bleu(theirs, draw) for draw in draws)
    difference = metrics["baselines"]["nearest"]["difference"]
    assert difference["interval"] == pytest.approx([differences[2], differences[77]])
    everything = range(30)
    value = bleu(ours, everything) - bleu(theirs, everything)
    assert difference["value"] == pytest.approx(value)


def test_the_same_rows_tell_more_than_two_intervals():
    theirs, references = make_rows(300, 0.35)
    # One row in forty is right in ours: far less than resamples differ by.
    ours = [
        wanted if row % 40 == 0 else line
        for row, (line, wanted) in enumerate(zip(theirs, references, strict=True))
    ]
    metrics = build_metrics(
        make_dataset(references),
        {"test": ours},
        {"other": baseline(theirs)},
        SCORER,
        bootstrap=300,
    )
    other = metrics["baselines"]["other"]
    assert other["bleu_interval"][1] > metrics["test"]["bleu_interval"][0]
    assert other["verdict"].startswith("above other by")
    swapped = build_metrics(
        make_dataset(references),
        {"test": theirs},
        {"other": baseline(ours)},
        SCORER,
        bootstrap=300,
    )
    assert swapped["baselines"]["other"]["verdict"].startswith("below other by")


def test_no_win_is_claimed_that_the_data_do_not_show():
    references = make_rows(60, 0)[1]
    ours = make_rows(60, 0.3, seed=0)[0]
    alike = list(ours)
    alike[3], alike[4] = references[3], "falsch"
    metrics = build_metrics(
        make_dataset(references),
        {"test": ours},
        {"same": baseline(ours), "alike": baseline(alike)},
        SCORER,
        bootstrap=200,
    )
    for name in ("same", "alike"):
        words = metrics["baselines"][name]["verdict"]
        assert words.startswith(f"no difference from {name} that the data can show")
    assert metrics["baselines"]["same"]["difference"]["value"] == 0


def test_a_handful_of_rows_shows_nothing():
    ours, references = make_rows(5, 0)
    metrics = build_metrics(
        make_dataset(references), {"test": ours}, {"copy": baseline(["x"] * 5)}, SCORER
    )
    words = metrics["baselines"]["copy"]["verdict"]
    assert words.startswith("5 rows are too few to tell this run from copy")


def test_metrics_hold_what_the_contract_names():
    ours, references = make_rows(25, 0.1)
    nearest = baseline(references[::-1], train_rows=4, sampled=True)
    metrics = build_metrics(
        make_dataset(references),
        {"validation": ["a b c d e", "", "a b"], "test": ours},
        {"nearest": nearest},
        Scorer("none", lowercase=True),
        decoding="beam size 5, length penalty 1",
        bootstrap=40,
    )
    metrics = json.loads(json.dumps(metrics))
    expected = score(ours, references, "none", True, 40)
    signatures = {
        "signature": expected.pop("signature"),
        "chrf_signature": expected.pop("chrf_signature"),
    }
    assert metrics["test"].pop("fingerprint").startswith("25-")
    assert metrics["test"] == expected
    assert signatures.items() <= metrics.items()
    assert metrics["validation"]["rows"] == 3
    assert metrics["validation"]["exact"] == pytest.approx(1 / 3)
    stored = metrics["baselines"]["nearest"]
    assert "hypotheses" not in stored and stored["split"] == "test"
    alone = score(references[::-1], references, "none", True, 40)
    for key in ("bleu", "chrf", "exact", "bleu_interval", "chrf_interval"):
        assert stored[key] == alone[key]
    for words in (
        "trained on 7 pairs of train",
        "scored on all 25 pairs of test",
        "tokenisation none, lowercased",
        "decoding: beam size 5, length penalty 1",
        "nearest searched a sample of 4 pairs",
        "40 bootstrap resamples",
    ):
        assert words in metrics["protocol"]


def test_table_shows_the_run_beside_its_baselines():
    ours, references = make_rows(50, 0.5)
    metrics = build_metrics(
        make_dataset(references),
        {"test": ours},
        {"copy": baseline(["falsch"] * 50), "nearest": baseline(references)},
        SCORER,
        bootstrap=50,
    )
    lines = format_metrics(metrics).splitlines()
    assert lines[0] == "test, 50 rows"
    assert lines[1].split() == ["BLEU", "chrF++", "exact", "WER"]
    low, high = metrics["test"]["bleu_interval"]
    cell = f"{metrics['test']['bleu']:.2f} ({low:.1f}-{high:.1f})"
    assert lines[2].startswith("this run") and cell in lines[2]
    assert lines[4].startswith("nearest") and lines[4].rstrip().endswith("0.0000")
    assert lines[5].startswith("above copy by")
    assert lines[6].startswith("below nearest by")
    assert lines[7] == metrics["signature"]
    assert len({len(line) for line in lines[1:5]}) == 1


def test_without_test_data_the_table_says_so():
    references = make_rows(30, 0)[1]
    dataset = make_dataset(None, validation=references)
    metrics = build_metrics(
        dataset, {"validation": references}, {}, SCORER, bootstrap=0
    )
    assert "test" not in metrics and metrics["baselines"] == {}
    assert "no test data" in metrics["protocol"]
    text = format_metrics(metrics)
    assert text.startswith("validation, 30 rows") and "expect less" in text
    assert "100.00" in text and "(" not in text  # no intervals were asked for


def test_without_intervals_nothing_is_claimed():
    ours, references = make_rows(30, 0)
    metrics = build_metrics(
        make_dataset(references),
        {"test": ours},
        {"copy": baseline(["x"] * 30)},
        SCORER,
        bootstrap=0,
    )
    stored = metrics["baselines"]["copy"]
    assert stored["verdict"] == "+100.0 BLEU against copy; no interval, so no claim"
    assert "interval" not in stored["difference"]
    assert "bootstrap" not in metrics["protocol"]


WORDS = [f"w{row:03}" for row in range(40)]


def compare_words(ours, theirs, scorer=SCORER, words=WORDS):
    """The metrics of answers of one word beside a baseline."""
    dataset = make_dataset(words)
    return build_metrics(dataset, {"test": ours}, {"copy": baseline(theirs)}, scorer)


def test_a_perfect_speller_is_above_copy():
    metrics = compare_words([*WORDS[:-1], "w"], ["no"] * 40, Scorer(main="exact"))
    assert metrics["main"] == "exact" and metrics["test"]["bleu"] == 0
    verdict = metrics["baselines"]["copy"]["verdict"]
    assert verdict.startswith("above copy by 97.5 points of exact match (95% interval")
    low, high = metrics["baselines"]["copy"]["difference"]["interval"]
    assert 0.9 < low < 0.975 < high <= 1
    assert metrics["test"]["exact_interval"] == pytest.approx([0.871, 0.996], abs=1e-3)
    assert 0 < metrics["test"]["cer"] < 0.05 < metrics["baselines"]["copy"]["cer"]
    lines = format_metrics(metrics).splitlines()
    assert lines[1].split() == ["exact", "CER", "chrF++", "BLEU"]
    assert "BLEU counts runs of four words, and is 0 without a right one" in lines


@pytest.mark.parametrize(
    "scorer, words",
    [(SCORER, WORDS), (Scorer(main="exact"), WORDS), (SCORER, WORDS[:2])],
)
def test_nothing_is_said_of_nothing_against_nothing(scorer, words):
    silent = ["no"] * len(words)
    metrics = compare_words(silent, ["nor"] * len(words), scorer, words)
    verdict = metrics["baselines"]["copy"]["verdict"]
    assert verdict.startswith("this run and copy both have 0 ")
    assert verdict.endswith("this measure says nothing here")


def test_equal_scores_that_are_not_0_are_compared():
    metrics = compare_words(WORDS, WORDS, Scorer(main="exact"))
    words = metrics["baselines"]["copy"]["verdict"]
    assert words.startswith("no difference from copy that the data can show")


@pytest.mark.parametrize("rows, name", [(1, "1 row"), (2, "2 rows"), (29, "29 rows")])
def test_few_rows_are_said_to_tell_little(rows, name):
    words = WORDS[:rows]
    scorer = Scorer(main="exact")
    text = format_metrics(compare_words(words, ["no"] * rows, scorer, words))
    assert f"{name} only: such scores say little about other rows" in text
    assert "1.0000-1.0000" not in text and "100.0-100.0" not in text
    assert "too few" in text or rows > 20
    enough = format_metrics(compare_words(WORDS, ["no"] * 40))
    assert "say little" not in enough


def test_scores_of_older_runs_can_be_shown():
    older = {"rows": 50, "bleu": 40.0, "bleu_interval": [38.0, 42.0], "chrf": 60.0}
    older |= {"chrf_interval": [58.0, 62.0], "exact": 0.5}
    text = format_metrics({"test": older, "signature": "nrefs:1|version:2.6.0"})
    assert text.splitlines()[1].split() == ["BLEU", "chrF++", "exact"]


@pytest.mark.parametrize(
    "hypotheses, baselines, message",
    [
        ({}, {}, "no hypotheses for test or validation"),
        ({"test": ["a"]}, {}, "test.tsv: this run: 1 hypotheses for 2 references"),
        (
            {"test": ["a", "b"]},
            {"copy": baseline(["a", "b"], "validation")},
            "copy answered validation, the run test",
        ),
    ],
)
def test_rows_that_do_not_match_are_refused(hypotheses, baselines, message):
    with pytest.raises(PolyheadError, match=message):
        build_metrics(make_dataset(["a", "b"]), hypotheses, baselines, SCORER)


def test_how_a_run_decoded():
    assert describe_decoding(1, 1.0) == "greedy decoding"
    assert describe_decoding(5, 0.6) == "beam size 5, length penalty 0.6"
