"""A run that writes texts, scored beside baselines on its own and on other pairs."""

import csv
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from polyhead.apps.common.data.pairs import Pairs, make_pairs
from polyhead.apps.common.generation.evaluation import score_texts
from polyhead.apps.common.generation.scores import Scorer


@dataclass(frozen=True)
class Dataset:
    """What a run is scored on."""

    train: Pairs
    validation: Pairs
    test: Pairs | None


def echo(name, rows):
    texts = [f"{name} number {row} of all that there are" for row in range(rows)]
    return make_pairs(name, texts, texts)


DATA = Dataset(echo("train", 30), echo("validation", 25), echo("test", 21))


def make_run():
    config = SimpleNamespace(beam_size=4, length_penalty=0.5)
    run = SimpleNamespace(config=config, asked=[])

    def predict(texts, beam_size):
        run.asked.append((len(texts), beam_size))
        run.truncated = [True] + [False] * (len(texts) - 1)
        return [[(text, -1.0)] for text in texts[:-1]] + [[]]  # no answer to the last

    run.predict, run.told = predict, []
    run.tell = run.told.append
    return run


def test_both_splits_are_scored_with_the_runs_own_beam(tmp_path):
    run = make_run()
    silent = {"split": "test", "hypotheses": ["no"] * 21, "settings": {}}
    evaluation = score_texts(run, DATA, {"silent": silent}, Scorer(), drawn="silent")
    assert evaluation.metrics["cut"].startswith("1 of the ")
    assert run.asked == [(25, 4), (21, 4)]
    metrics = evaluation.metrics
    assert metrics["test"]["exact"] == pytest.approx(20 / 21)
    assert metrics["validation"]["exact"] == pytest.approx(24 / 25)
    assert metrics["baselines"]["silent"]["verdict"].startswith("above silent by")
    assert "decoding: beam size 4, length penalty 0.5" in metrics["protocol"]
    assert not evaluation.other
    evaluation.write_predictions(tmp_path / "predictions.csv")
    with open(tmp_path / "predictions.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 21 and rows[0]["prediction"] == ""
    evaluation.plot(tmp_path, {"loss": [2.0, 1.0], "val_bleu": [1.0, 3.0]}, 2)
    drawn = {path.name for path in tmp_path.glob("*.png")}
    assert drawn == {"lengths.png", "history.png"}


def test_other_pairs_are_scored_alone_and_named():
    run = make_run()
    evaluation = score_texts(run, DATA, {}, Scorer("none"), 1, "others.tsv")
    assert run.asked == [(21, 1)]
    assert evaluation.other and "validation" not in evaluation.metrics
    protocol = evaluation.metrics["protocol"]
    assert protocol.startswith("others.tsv, which is not the run's own test; ")
    assert "greedy decoding" in protocol and "tokenisation none" in protocol
