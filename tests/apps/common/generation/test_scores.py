"""Scores against sacreBLEU itself, intervals against plain resampling."""

import csv
import doctest
import json
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from sacrebleu.metrics import BLEU, CHRF

from polyhead.apps.common.errors import PolyheadError, UsageError
from polyhead.apps.common.generation import scores as module
from polyhead.apps.common.generation.scores import (
    Scorer,
    score,
    score_by_length,
    write_predictions,
)
from polyhead.apps.common.scoring import bootstrap as resampling
from polyhead.apps.translation import comparison
from polyhead.apps.translation.comparison import (
    build_metrics,
    describe_difference,
    format_table,
)
from polyhead.apps.translation.data import Dataset
from polyhead.apps.translation.pairs import make_pairs

WORDS = "Der Hund läuft schnell über die grüne Wiese und bellt eine Katze an .".split()

# Case, an empty answer, tokenised and glued signs, scripts without spaces, spaces
# at the end, an empty reference, a right answer.
HYPOTHESES = [
    "the cat is on the Mat",
    "",
    "A man , with a hat , sleeps .",
    "他 在 看书。",
    "it costs $3.50, or so...  ",
    "nothing wanted",
    "Two dogs run through the deep snow",
]
REFERENCES = [
    "The cat sat on the mat.",
    "A boy jumps into the cold water.",
    "A man, with a hat on, sleeps.",
    "他在看书。",
    "It costs $3.50 or so.",
    "",
    "Two dogs run through the deep snow",
]


def make_rows(rows, wrong, seed=0):
    """References of 13 words, and hypotheses with a share of words wrong."""
    rng = np.random.default_rng(seed)
    references = [" ".join(rng.permutation(WORDS)) for _ in range(rows)]
    hypotheses = [
        " ".join(word if rng.random() > wrong else "falsch" for word in line.split())
        for line in references
    ]
    return hypotheses, references


def make_dataset(references, validation=None):
    def part(name, targets):
        return make_pairs(name, [f"source {i}" for i in range(len(targets))], targets)

    train = part("train.tsv", ["x"] * 7)
    held_out = part("validation.tsv", validation or ["a b c d e"] * 3)
    test = part("test.tsv", references) if references is not None else None
    return Dataset(train, held_out, test, {})


def baseline(hypotheses, split="test", **rest):
    return {"split": split, "hypotheses": hypotheses, "settings": {}, **rest}


@pytest.mark.parametrize("lowercase", [False, True])
@pytest.mark.parametrize("tokenize", ["13a", "none", "intl", "zh", "char"])
def test_scores_are_those_of_sacrebleu(tokenize, lowercase):
    found = score(HYPOTHESES, REFERENCES, tokenize, lowercase, bootstrap=0)
    bleu = BLEU(tokenize=tokenize, lowercase=lowercase)
    chrf = CHRF(word_order=2, lowercase=lowercase)
    assert found["bleu"] == bleu.corpus_score(HYPOTHESES, [REFERENCES]).score > 1
    assert found["chrf"] == chrf.corpus_score(HYPOTHESES, [REFERENCES]).score > 1
    assert found["signature"] == str(bleu.get_signature())
    assert found["chrf_signature"] == str(chrf.get_signature())
    assert "bleu_interval" not in found


def test_scores_and_intervals_are_those_of_the_command(tmp_path):
    for name, lines in (("hyp", HYPOTHESES), ("ref", REFERENCES)):
        (tmp_path / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    command = "ref -i hyp -m bleu chrf -tok none -lc --chrf-lowercase"
    command += " --chrf-word-order 2 --confidence --confidence-n 200 -w 10"
    done = subprocess.run(
        [sys.executable, "-m", "sacrebleu", *command.split()],
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    theirs = json.loads(done.stdout)
    ours = score(HYPOTHESES, REFERENCES, "none", True, bootstrap=200)
    signatures = [ours["signature"], ours["chrf_signature"]]
    assert [row["signature"] for row in theirs] == signatures
    for name, row in zip(("bleu", "chrf"), theirs, strict=True):
        assert ours[name] == pytest.approx(row["score"], abs=1e-9)
        low, high = ours[f"{name}_interval"]
        assert (high - low) / 2 == pytest.approx(row["confidence_var"], abs=1e-3)
        assert low < row["confidence_mean"] < high


def test_only_empty_answers_score_zero():
    found = score(["", ""], ["a b c d", "e f g h"], bootstrap=10)
    assert found["bleu"] == found["chrf"] == found["exact"] == 0
    assert found["bleu_interval"] == [0, 0]


def test_exact_is_to_the_letter_unless_case_is_ignored():
    hypotheses, references = ["2026-03-01 ", "May", "x", ""], ["2026-03-01", "may"]
    references += ["y", ""]
    assert score(hypotheses, references, bootstrap=0)["exact"] == 0.5
    assert score(hypotheses, references, lowercase=True, bootstrap=0)["exact"] == 0.75


def test_resamples_depend_on_the_seed_alone(monkeypatch):
    rows = make_rows(40, 0.3)
    first = score(*rows, bootstrap=60)
    monkeypatch.setenv("SACREBLEU_SEED", "99")
    np.random.seed(7)
    state = np.random.get_state()[1].copy()
    assert score(*rows, bootstrap=60) == first
    assert (np.random.get_state()[1] == state).all()
    other = score(*rows, bootstrap=60, seed=1)
    assert other["bleu_interval"] != first["bleu_interval"]
    # However few of them are held at once, the draws are the same.
    monkeypatch.setattr(resampling, "_CELLS", 130)
    assert score(*rows, bootstrap=60) == first


@pytest.mark.parametrize(
    "change, kind, message",
    [
        ({"tokenize": "moses"}, UsageError, "'moses'; one of none, zh, 13a"),
        ({"hypotheses": [], "references": []}, PolyheadError, "no rows to score"),
        ({"references": ["a"]}, PolyheadError, "2 translations for 1 references"),
        ({"bootstrap": -1}, UsageError, "bootstrap is -1"),
    ],
)
def test_wrong_use_is_one_clear_line(change, kind, message):
    settings = {"hypotheses": ["a", "b"], "references": ["a", "b"]} | change
    with pytest.raises(kind, match=message) as caught:
        score(**settings)
    assert "\n" not in str(caught.value)


def test_a_tokenizer_whose_package_is_missing_is_one_clear_line(monkeypatch):
    from sacrebleu.tokenizers import tokenizer_ja_mecab

    monkeypatch.setattr(tokenizer_ja_mecab, "MeCab", None)
    with pytest.raises(PolyheadError, match=r"'ja-mecab'.*pip install") as caught:
        score(["a"], ["a"], tokenize="ja-mecab")
    assert "\n" not in str(caught.value)


def test_predictions_come_worst_first(tmp_path):
    sources = ['with "quotes", and commas', "two\nlines", "مرحبا", "\x07bell"]
    targets = ["good day to you", "two lines here", "hello there", "a bell"]
    hypotheses = ["good day to you", "", "hello thee", ""]
    rows = np.array([3, 5, 8, 2])
    path = tmp_path / "predictions.csv"
    write_predictions(path, make_pairs("t", sources, targets, rows), hypotheses)
    with open(path, encoding="utf-8", newline="") as file:
        found = list(csv.reader(file))
    assert found[0] == ["row", "source", "target", "prediction", "chrf"]
    assert [row[0] for row in found[1:]] == ["5", "2", "8", "3"]
    assert found[1] == ["5", "two\nlines", "two lines here", "", "0.00"]
    assert found[4][1:] == [sources[0], targets[0], hypotheses[0], "100.00"]
    chrf = CHRF(word_order=2).sentence_score("hello thee", ["hello there"]).score
    assert found[3][4] == f"{chrf:.2f}"


def test_buckets_hold_every_row_once_and_part_no_length():
    hypotheses, references = make_rows(90, 0.2)
    lengths = [3] * 40 + [10] * 30 + list(range(20, 40))
    pairs = make_pairs("t", ["s" * length for length in lengths], references)
    buckets = score_by_length(pairs, hypotheses, Scorer(), bootstrap=20)
    assert sum(bucket["rows"] for bucket in buckets) == 90
    edges = [(bucket["shortest"], bucket["longest"]) for bucket in buckets]
    assert edges[:2] == [(3, 3), (10, 10)] and edges[-1][1] == 39
    assert all(last < first for (_, last), (first, _) in pairwise(edges))
    alone = score(hypotheses[40:70], references[40:70], bootstrap=20)
    assert {k: buckets[1][k] for k in alone if "signature" not in k} == {
        k: v for k, v in alone.items() if "signature" not in k
    }


def test_difference_is_that_of_resampled_corpora():
    ours, references = make_rows(30, 0.2)
    theirs, _ = make_rows(30, 0.4)
    metrics = build_metrics(
        make_dataset(references),
        {"test": ours},
        {"nearest": baseline(theirs)},
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
        bootstrap=300,
    )
    other = metrics["baselines"]["other"]
    assert other["bleu_interval"][1] > metrics["test"]["bleu_interval"][0]
    assert other["verdict"].startswith("above other by")
    swapped = build_metrics(
        make_dataset(references),
        {"test": theirs},
        {"other": baseline(ours)},
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
        bootstrap=200,
    )
    for name in ("same", "alike"):
        words = metrics["baselines"][name]["verdict"]
        assert words.startswith(f"no difference from {name} that the data can show")
    assert metrics["baselines"]["same"]["difference"]["value"] == 0


def test_a_handful_of_rows_shows_nothing():
    ours, references = make_rows(5, 0)
    metrics = build_metrics(
        make_dataset(references), {"test": ours}, {"copy": baseline(["x"] * 5)}
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
        tokenize="none",
        lowercase=True,
        decoding="beam size 5, length penalty 1",
        bootstrap=40,
    )
    metrics = json.loads(json.dumps(metrics))
    expected = score(ours, references, "none", True, 40)
    signatures = {
        "signature": expected.pop("signature"),
        "chrf_signature": expected.pop("chrf_signature"),
    }
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
        bootstrap=50,
    )
    lines = format_table(metrics).splitlines()
    assert lines[0] == "test, 50 rows"
    assert lines[1].split() == ["BLEU", "chrF++", "exact"]
    low, high = metrics["test"]["bleu_interval"]
    cell = f"{metrics['test']['bleu']:.2f} ({low:.1f}-{high:.1f})"
    assert lines[2].startswith("this run") and cell in lines[2]
    assert lines[4].startswith("nearest") and lines[4].endswith("1.0000")
    assert lines[5].startswith("above copy by")
    assert lines[6].startswith("below nearest by")
    assert lines[7] == metrics["signature"]
    assert len({len(line) for line in lines[1:5]}) == 1


def test_without_test_data_the_table_says_so():
    references = make_rows(30, 0)[1]
    dataset = make_dataset(None, validation=references)
    metrics = build_metrics(dataset, {"validation": references}, {}, bootstrap=0)
    assert "test" not in metrics and metrics["baselines"] == {}
    assert "no test data" in metrics["protocol"]
    text = format_table(metrics)
    assert text.startswith("validation, 30 rows") and "expect less" in text
    assert "100.00" in text and "(" not in text  # no intervals were asked for


def test_without_intervals_nothing_is_claimed():
    ours, references = make_rows(30, 0)
    metrics = build_metrics(
        make_dataset(references),
        {"test": ours},
        {"copy": baseline(["x"] * 30)},
        bootstrap=0,
    )
    stored = metrics["baselines"]["copy"]
    assert stored["verdict"] == "+100.0 BLEU against copy; no interval, so no claim"
    assert "interval" not in stored["difference"]
    assert "bootstrap" not in metrics["protocol"]


@pytest.mark.parametrize(
    "hypotheses, baselines, message",
    [
        ({}, {}, "no translations of test or validation"),
        ({"test": ["a"]}, {}, "test.tsv: this run: 1 translations for 2 references"),
        (
            {"test": ["a", "b"]},
            {"copy": baseline(["a", "b"], "validation")},
            "copy translated validation, the run test",
        ),
    ],
)
def test_rows_that_do_not_match_are_refused(hypotheses, baselines, message):
    with pytest.raises(PolyheadError, match=message):
        build_metrics(make_dataset(["a", "b"]), hypotheses, baselines)


def test_an_interval_that_touches_zero_claims_nothing():
    assert "no difference" in describe_difference("n", 1.0, (0.0, 2.0), 100)
    assert "no difference" in describe_difference("n", -1.0, (-2.0, 0.0), 100)


@pytest.mark.parametrize("target", [module, comparison, resampling])
def test_examples_run(target):
    assert doctest.testmod(target).failed == 0


def test_nothing_here_needs_tensorflow():
    names = "evaluate", "comparison", "baselines", "card", "plots", "explain_plots"
    code = "import sys\n"
    code += "".join(f"import polyhead.apps.translation.{name}\n" for name in names)
    code += "heavy = {'tensorflow', 'keras', 'matplotlib', 'sacrebleu', 'sklearn'}\n"
    code += "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
