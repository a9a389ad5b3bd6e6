"""Measuring a run: what is written, and what is not of other rows."""

from types import SimpleNamespace

import pytest

from polyhead.apps.common.files import read_json
from polyhead.apps.common.run.evaluation import Evaluation, measure


@pytest.fixture
def run(tmp_path):
    """A run whose task scores nothing, and remembers what it was given."""
    given = []

    def score(run, data, baselines, **options):
        given.append((data, baselines, options))
        return Evaluation(
            {"test": {"accuracy": 0.5}},
            lambda path: path.write_text("predictions"),
            lambda folder, history: (folder / "a.png").write_text(str(history)),
            other="other" in options,
        )

    steps = SimpleNamespace(score=score, make_card=lambda run: f"card {run.metrics}")
    metrics = {"train": {"epochs": 3}, "test": {"accuracy": 0.1}}
    return SimpleNamespace(path=tmp_path, steps=steps, metrics=metrics, given=given)


def test_metrics_predictions_pictures_and_card_are_written(run):
    (run.path / "history.csv").write_text("epoch,loss\n1,0.5\n")
    metrics = measure(run, "data", {"svm": {}}, threshold=0.5)
    assert run.given == [("data", {"svm": {}}, {"threshold": 0.5})]
    assert metrics == {"test": {"accuracy": 0.5}, "train": {"epochs": 3}}
    assert run.metrics == metrics == read_json(run.path / "metrics.json", "")
    assert (run.path / "predictions.csv").read_text() == "predictions"
    drawn = (run.path / "plots" / "a.png").read_text()
    assert drawn == "{'epoch': [1.0], 'loss': [0.5]}"
    assert "0.5" in (run.path / "README.md").read_text()


def test_of_other_rows_nothing_is_written(run):
    metrics = measure(run, "data", {}, other="new.csv")
    assert metrics["test"] == {"accuracy": 0.5} and metrics["train"] == {"epochs": 3}
    assert run.metrics["test"] == {"accuracy": 0.1}
    assert list(run.path.iterdir()) == []
