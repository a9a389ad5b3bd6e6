"""A classifier's run beside its baselines: metrics, predictions and pictures."""

import csv
from types import SimpleNamespace

import numpy as np
from label_tools import NAMES, examples, sure_of
from picture_tools import HISTORY

from polyhead.apps.common.classification.data import Dataset
from polyhead.apps.common.classification.evaluation import score_classifier

TRUTH = np.arange(60, dtype=np.int32) % 3
ANSWERS = np.where(np.arange(60) < 45, TRUTH, (TRUTH + 1) % 3)


def make_run():
    """A run that answers "text 1" to "text 60"."""

    def predict(inputs):
        numbers = [int(text.split()[1]) - 1 for text in inputs]
        return sure_of(ANSWERS[numbers])

    config = SimpleNamespace(seed=0, label_separator=",")
    serving = SimpleNamespace(predict=predict)
    told: list = []
    return SimpleNamespace(
        serving=serving,
        config=config,
        label_names=NAMES,
        thresholds=None,
        told=told,
        tell=told.append,
    )


def make_dataset(test=True):
    data = examples(TRUTH)
    return Dataset(data, data, data if test else None, NAMES, False, {})


def test_the_run_is_scored_on_test_and_all_is_written(tmp_path):
    baselines = {
        "majority": {
            "accuracy": float(np.mean(TRUTH == 0)),
            "macro_f1": 0.1,
            "predicted": np.zeros(60, np.int32),
        }
    }
    evaluation = score_classifier(
        make_run(), make_dataset(), baselines, threshold=0.9, unit="picture"
    )
    metrics = evaluation.metrics
    assert metrics["test"]["accuracy"] == metrics["validation"]["accuracy"] == 0.75
    assert metrics["baselines"]["majority"]["verdict"].startswith("above majority")
    assert metrics["answered"]["coverage"] == 0.0 and not evaluation.other
    evaluation.write_predictions(tmp_path / "predictions.csv")
    with open(tmp_path / "predictions.csv", encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["picture", "label", "predicted", "probability"]
    wrong = [row[1] != row[2] for row in rows]
    assert len(rows) == 60 and sum(wrong) == 15 and all(wrong[:15])
    paths = evaluation.plot(tmp_path / "plots", HISTORY, 2)
    assert {path.name for path in (tmp_path / "plots").iterdir()} == {
        "confusion.png",
        "labels.png",
        "reliability.png",
        "history.png",
    }
    assert paths is None


def test_other_rows_are_named_in_the_protocol():
    evaluation = score_classifier(make_run(), make_dataset(), {}, other="new.csv")
    assert evaluation.other
    assert evaluation.metrics["protocol"].startswith(
        "new.csv, which is not the run's own test; "
    )


def test_without_test_data_validation_is_scored(tmp_path):
    evaluation = score_classifier(make_run(), make_dataset(test=False), {})
    assert "test" not in evaluation.metrics
    assert "answered" not in evaluation.metrics
    assert "no test data" in evaluation.metrics["protocol"]
