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
            lambda folder, *training: (folder / "a.png").write_text(str(training)),
            other="other" in options,
        )

    steps = SimpleNamespace(score=score, make_card=lambda run: f"card {run.metrics}")
    metrics = {"train": {"epochs": 3}, "test": {"accuracy": 0.1}}
    run = SimpleNamespace(path=tmp_path, steps=steps, metrics=metrics, given=given)
    run.known = SimpleNamespace(rows="hashes")
    run.config = SimpleNamespace(dataset=None, tfds=None)
    return run


DATA = SimpleNamespace(differences=())
CHANGED = SimpleNamespace(differences=("data.csv has changed",))


def test_metrics_predictions_pictures_and_card_are_written(run):
    (run.path / "history.csv").write_text("epoch,loss\n1,0.5\n")
    metrics = measure(run, DATA, {"svm": {}}, threshold=0.5)
    assert run.given == [(DATA, {"svm": {}}, {"threshold": 0.5})]
    assert metrics == {"test": {"accuracy": 0.5}, "train": {"epochs": 3}}
    assert run.metrics == metrics == read_json(run.path / "metrics.json", "")
    assert (run.path / "predictions.csv").read_text() == "predictions"
    drawn = (run.path / "plots" / "a.png").read_text()
    assert drawn == "({'epoch': [1.0], 'loss': [0.5]}, None)"
    assert "0.5" in (run.path / "README.md").read_text()


def test_of_other_rows_nothing_is_written(run):
    metrics = measure(run, DATA, {}, other="new.csv")
    assert metrics["test"] == {"accuracy": 0.5} and metrics["train"] == {"epochs": 3}
    assert run.metrics["test"] == {"accuracy": 0.1}
    assert list(run.path.iterdir()) == []


def test_of_changed_data_nothing_is_written_but_of_a_new_run(run):
    metrics = measure(run, CHANGED, {})
    assert metrics["differences"] == ["data.csv has changed"]
    assert list(run.path.iterdir()) == []
    # A training that went on knows its rows, whatever else the file has.
    assert "differences" not in measure(run, CHANGED, {}, is_new=True)
    assert (run.path / "metrics.json").exists()


def test_of_a_run_that_forgot_its_rows_nothing_is_written(run):
    run.known.rows = None
    (line,) = measure(run, DATA, {})["differences"]
    assert "does not say which rows it was trained on" in line
    assert list(run.path.iterdir()) == []
    run.config.dataset = "languages"  # which does not change
    assert "differences" not in measure(run, DATA, {})
