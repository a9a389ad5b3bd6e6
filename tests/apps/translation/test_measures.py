"""The measure of a run: chosen by its targets, stored with it, and used ever after."""

import csv
import json
from dataclasses import replace

import pytest
from number_tools import TINY

from polyhead.apps import load, translation
from polyhead.apps.common.errors import UsageError
from polyhead.apps.common.generation.training import fit_measure
from polyhead.apps.common.history import read_history
from polyhead.apps.common.run.config import config_to_json, load_config
from polyhead.apps.common.run.settings import resolve
from polyhead.apps.translation import TASK, Config, train
from polyhead.apps.translation.answering import ANSWERING
from polyhead.apps.translation.data import load_data
from polyhead.apps.translation.evaluate import make_scorer

WORDS = "one two three four five six seven eight nine ten red blue green".split()
SMALL = TINY | {"hidden_dim": 16, "feedforward_dim": 32, "epochs": 2, "beam_size": 2}
CHINESE = "我今天早上去市场买了很多水果和蔬菜"


def write_pairs(path, pairs):
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("source", "target"), *pairs])
    return str(path)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of words in upper case; two sources of its test have two answers."""
    folder = tmp_path_factory.mktemp("words")
    sources = [f"{a} {b}" for a in WORDS for b in WORDS[:4]]
    pairs = [(source, source.upper()) for source in sources]
    test = [*pairs[:10], ("one two", "UN DEUX"), ("red one", "ROUGE UN")]
    test = [("x" + source, target) for source, target in test]
    return train(
        Config(
            train=write_pairs(folder / "train.csv", pairs[10:]),
            test=write_pairs(folder / "test.csv", test),
            run=str(folder / "run"),
            target_language="zh",  # which the targets are not
            **SMALL,
        ),
        quiet=True,
    )


def test_it_is_stored_with_the_run_and_decides(run):
    config = json.loads((run.path / "config.json").read_text())
    assert (config["measure"], config["tokenize"]) == ("exact", "13a")
    metrics = run.metrics
    assert metrics["main"] == "exact" and metrics["test"]["rows"] == 11
    assert {"bleu", "chrf", "exact", "cer"} <= set(metrics["test"])
    for baseline in metrics["baselines"].values():
        assert baseline["difference"]["metric"] == "exact"
    validated = metrics["train"]["validated"]
    assert validated["measure"] == "exact" and "greedy" in validated["how"]
    history = read_history(run.path / "history.csv")
    assert {"loss", "objective", "val_loss", "val_exact"} <= set(history)
    assert (
        history["val_exact"][run.metrics["train"]["best_epoch"] - 1]
        == (validated["score"])
    )
    assert "13a" in run.metrics["protocol"]


def test_the_run_is_measured_by_it_again(run):
    before = (run.path / "metrics.json").read_text()
    scores = load(run.path).evaluate()
    assert scores["test"] == run.metrics["test"] and scores["main"] == "exact"
    other = load(run.path).evaluate(tokenize="char")
    assert "not the run's own measure" in other["protocol"]
    assert json.loads((run.path / "metrics.json").read_text()) == json.loads(before)


def test_a_finished_run_goes_on_with_it(run):
    config = replace(run.config, measure=None, tokenize=None, max_output_ratio=None)
    more = train(replace(config, epochs=3), quiet=True)
    assert more.config.measure == "exact" and more.config.epochs == 3
    assert len(read_history(more.path / "history.csv")["val_exact"]) == 3


@pytest.mark.parametrize(
    "targets, settings, expected",
    [
        ([CHINESE], {"target_language": "en"}, ("bleu", "zh")),
        ([CHINESE], {}, ("bleu", "zh")),
        (["ฉันไปตลาดทุกเช้าเพื่อซื้อผลไม้"], {}, ("bleu", "char")),
        (["PARIS"], {"target_language": "fr"}, ("exact", "13a")),
        (["PARIS"], {"measure": "bleu"}, ("bleu", "13a")),
        ([CHINESE], {"tokenize": "char"}, ("bleu", "char")),
        ([CHINESE], {"measure": "exact"}, ("exact", "zh")),
    ],
)
def test_the_user_may_name_it(tmp_path, targets, settings, expected):
    pairs = [(f"source {row}", target) for row, target in enumerate(targets * 30)]
    path = write_pairs(tmp_path / "a.csv", pairs)
    config = Config(train=path, **settings)
    data = load_data(config)
    fitted = fit_measure(config, data.train)
    assert (fitted.measure, fitted.tokenize) == expected
    scorer = make_scorer(fitted)
    assert (scorer.main, scorer.tokenize) == expected
    report = ANSWERING.format_report(data.report)
    name = {"exact": "exact match", "bleu": "BLEU"}[expected[0]]
    assert f"{name} decides; BLEU tokenised by {expected[1]}" in report


def test_a_measure_that_does_not_exist_is_refused():
    with pytest.raises(UsageError, match="measure 'wer': choose from bleu, exact"):
        resolve(TASK, Config(train="a.csv", measure="wer"))


def test_a_run_of_an_older_version_keeps_bleu_and_its_code(tmp_path):
    older = config_to_json("translation", Config(target_language="ja"))
    older = {k: v for k, v in older.items() if k not in ("measure", "tokenize")}
    (tmp_path / "config.json").write_text(json.dumps(older | {"monitor": "bleu"}))
    config = load_config(translation.Config, "translation", tmp_path / "config.json")
    assert (config.monitor, config.measure) == ("measure", "bleu")
    scorer = make_scorer(config)
    assert (scorer.main, scorer.tokenize) == ("bleu", "char")


def test_the_report_counts_sources_with_several_answers(tmp_path):
    train_file = write_pairs(tmp_path / "a.csv", [(f"s{i}", "T") for i in range(40)])
    test = write_pairs(tmp_path / "b.csv", [("x", "A"), ("x", "B"), ("y", "C")])
    report = load_data(Config(train=train_file, test=test)).report
    assert report["scored_sources"]["test"] == 2
    text = ANSWERING.format_report(report)
    assert "2 different in test: each is scored once" in text
    assert "different in validation" not in text
