"""Scores against sacreBLEU itself, intervals against plain resampling."""

import csv
import doctest
import json
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from pair_tools import make_rows, score
from sacrebleu.metrics import BLEU, CHRF

from polyhead.apps.common.data.pairs import make_pairs
from polyhead.apps.common.errors import PolyheadError, UsageError
from polyhead.apps.common.generation import scores as module
from polyhead.apps.common.generation.scores import (
    Scorer,
    count_edits,
    main_score,
    score_by_length,
    write_predictions,
)
from polyhead.apps.common.scoring import bootstrap as resampling

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


@pytest.mark.parametrize(
    "tokenize, main, name",
    [
        ("13a", "bleu", "wer"),
        ("zh", "bleu", "cer"),
        ("char", "bleu", "cer"),
        ("13a", "exact", "cer"),
    ],
)
def test_the_error_rate_is_of_words_or_of_characters(tokenize, main, name):
    results, _ = module.score_systems(
        {"run": ["the cat", "a dog sat"]},
        ["the cat", "the dog sat here"],
        Scorer(tokenize, main=main),
        bootstrap=10,
    )
    edits = {"wer": 2 / 6, "cer": 8 / 23}[name]
    assert results["run"][name] == pytest.approx(edits)
    assert ("wer" in results["run"]) != ("cer" in results["run"])
    low, high = results["run"][f"{name}_interval"]
    assert low <= edits <= high


@pytest.mark.parametrize(
    "answer, references, words, expected",
    [
        ("", [""], True, (0, 0)),
        ("x", [""], False, (1, 0)),
        ("", ["a b"], True, (2, 2)),
        (" HUND ", ["hund"], False, (4, 4)),
        ("😀😀", ["😀🎉"], False, (1, 2)),
        ("我去市场", ["我去商场"], False, (1, 4)),
        ("a b c d e", ["a b", "a b c d x y"], True, (2, 6)),
    ],
)
def test_edits_are_to_the_nearest_reference(answer, references, words, expected):
    assert count_edits(answer, references, words) == expected


def test_case_is_an_error_unless_it_is_ignored():
    rows = ["Hund", "KATZE"], ["hund", "katze"]
    assert score(*rows, bootstrap=0)["wer"] == 1
    assert score(*rows, lowercase=True, bootstrap=0)["wer"] == 0


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
        ({"references": ["a"]}, PolyheadError, "2 hypotheses for 1 references"),
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
    # Equal lengths, but no equal sources, which would be one row.
    sources = [f"{row:03}".ljust(length, "s") for row, length in enumerate(lengths)]
    pairs = make_pairs("t", sources, references)
    buckets = score_by_length(pairs, hypotheses, Scorer(), bootstrap=20)
    assert sum(bucket["rows"] for bucket in buckets) == 90
    edges = [(bucket["shortest"], bucket["longest"]) for bucket in buckets]
    assert edges[:2] == [(3, 3), (10, 10)] and edges[-1][1] == 39
    assert all(last < first for (_, last), (first, _) in pairwise(edges))
    alone = score(hypotheses[40:70], references[40:70], bootstrap=20)
    assert {k: buckets[1][k] for k in alone if "signature" not in k} == {
        k: v for k, v in alone.items() if "signature" not in k
    }


def test_examples_run():
    assert doctest.testmod(module).failed == 0


def test_nothing_here_needs_tensorflow():
    names = "comparison", "plots", "scores", "answers"
    code = "import sys\n"
    code += "".join(f"import polyhead.apps.common.generation.{n}\n" for n in names)
    code += "import polyhead.apps.translation.baselines\n"
    code += "import polyhead.apps.translation.answering\n"
    code += "heavy = {'tensorflow', 'keras', 'matplotlib', 'sacrebleu', 'sklearn'}\n"
    code += "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_main_score_is_that_of_all_scores():
    rows = make_rows(20, 0.3)
    assert main_score(*rows, Scorer()) == score(*rows, bootstrap=0)["bleu"]
    lower = [line.lower() for line in rows[0]]
    assert main_score(lower, rows[1], Scorer(lowercase=True)) > 0
    assert main_score(lower, rows[1], Scorer()) < main_score(*rows, Scorer())
