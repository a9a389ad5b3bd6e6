"""The app end to end: train, load, predict, evaluate, export."""

import csv
import json
import os
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest
from review_tools import NEUTRAL, TINY, WORDS, make_reviews, write_csv

import polyhead.apps
from polyhead.apps import text_classification
from polyhead.apps.cli.main import main
from polyhead.apps.common.errors import UsageError
from polyhead.apps.text_classification import Config
from polyhead.apps.text_classification.data import load_data
from polyhead.runtime.classifier import UNKNOWN

TEXTS = ["a superb film", "an awful, tedious evening", "", "猫 😀 the music"]


def python(code, *words, **variables):
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        capture_output=True,
        text=True,
        env=os.environ | variables,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def copied(review_run, tmp_path):
    """A copy of the trained run, to be changed."""
    shutil.copytree(review_run.path, tmp_path / "run")
    return polyhead.apps.load(tmp_path / "run")


def test_it_learns(review_run):
    assert review_run.metrics["test"]["accuracy"] >= 0.97
    assert review_run.predict(TEXTS[:2])[0][0][0] == "good"
    assert review_run.predict(TEXTS[:2])[1][0][0] == "bad"


def test_the_folder_holds_what_it_should(review_run):
    files = {str(f.relative_to(review_run.path)) for f in review_run.path.rglob("*")}
    assert files == {
        "README.md",
        "config.json",
        "data.json",
        "examples.npz",
        "history.csv",
        "labels.txt",
        "metrics.json",
        "model.keras",
        "plots",
        "plots/confusion.png",
        "plots/history.png",
        "plots/labels.png",
        "plots/reliability.png",
        "predictions.csv",
        "rows.npz",
        "run.json",
        "tokenizer.json",
    }
    assert (review_run.path / "labels.txt").read_text() == "bad\ngood\n"
    record = json.loads((review_run.path / "run.json").read_text())
    assert record["finished"] is True


def test_the_model_is_saved_in_float32_and_without_its_optimizer(review_run):
    model = keras.saving.load_model(review_run.path / "model.keras")
    assert getattr(model, "optimizer", None) is None
    assert {weight.dtype for weight in model.weights} <= {"float32", "uint32"}
    size = sum(weight.numpy().nbytes for weight in model.weights)
    assert (review_run.path / "model.keras").stat().st_size < 1.2 * size + 200_000


LOADED = """
import json, sys
import polyhead.apps
print(polyhead.apps.load(sys.argv[1]).probabilities(json.loads(sys.argv[2])).tolist())
"""


def test_loaded_runs_predict_the_same(review_run):
    ours = review_run.probabilities(TEXTS)
    again = polyhead.apps.load(review_run.path).probabilities(TEXTS)
    assert np.array_equal(again, ours)
    theirs = python(LOADED, str(review_run.path), json.dumps(TEXTS))
    assert np.abs(np.array(json.loads(theirs)) - ours).max() < 1e-6


def test_top_k_and_unknown(review_run):
    row = review_run.probabilities(TEXTS[:1])[0]
    (both,) = review_run.predict(TEXTS[:1], top_k=2)
    assert [name for name, _ in both] == ["good", "bad"]
    assert [p for _, p in both] == pytest.approx([row[1], row[0]])
    best = float(row[1])
    sure = review_run.predict(TEXTS[:1], threshold=best)
    assert sure == [[("good", best)]]
    above = best + 1e-6
    (unsure,) = review_run.predict(TEXTS[:1], top_k=3, threshold=above)
    assert unsure == [(UNKNOWN, best), *both]
    assert review_run.predict([]) == []


def test_one_string_is_one_text(review_run):
    answers = review_run.predict(TEXTS[:1])
    assert review_run.predict(TEXTS[0]) == answers
    assert review_run.predict(iter(TEXTS[:1])) == answers
    np.testing.assert_array_equal(
        review_run.probabilities(TEXTS[0]), review_run.probabilities(TEXTS[:1])
    )
    assert review_run.explain(TEXTS[0]) == review_run.explain(TEXTS[:1])
    for ask in (review_run.predict, review_run.probabilities, review_run.explain):
        with pytest.raises(UsageError, match="text 2 is None, no text: leave it out"):
            ask(["a", None])


def test_an_engine_that_is_not_there(review_run):
    with pytest.raises(UsageError, match="engine 'onnx': choose from keras"):
        review_run.predict(TEXTS, engine="onnx")


def test_metrics_have_their_shape(review_run):
    metrics = json.loads((review_run.path / "metrics.json").read_text())
    assert metrics["test"]["rows"] == 200 and metrics["validation"]["rows"] == 60
    for split in ("test", "validation"):
        for name in ("accuracy", "macro_f1", "calibration_error"):
            assert 0 <= metrics[split][name] <= 1
    low, high = metrics["test"]["accuracy_interval"]
    assert low <= metrics["test"]["accuracy"] <= high
    assert [row["label"] for row in metrics["test"]["per_class"]] == ["bad", "good"]
    names = ["majority", "tfidf-logistic-regression", "tfidf-linear-svm"]
    assert list(metrics["baselines"]) == names
    train = metrics["train"]
    assert train["seconds"] > 0 and train["examples_per_second"] > 0
    assert 1 <= train["best_epoch"] <= train["epochs"] <= 4
    assert "540 rows" in metrics["protocol"] and "200 rows" in metrics["protocol"]


def test_predictions_come_worst_first(review_run):
    with open(review_run.path / "predictions.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 200
    right = [row["label"] == row["predicted"] for row in rows]
    assert right == sorted(right)
    assert np.mean(right) == review_run.metrics["test"]["accuracy"]
    sure = [
        float(row["probability"]) for row, good in zip(rows, right, strict=True) if good
    ]
    assert sure == sorted(sure)
    ours = review_run.probabilities([row["text"] for row in rows])
    assert [row["predicted"] for row in rows] == [
        review_run.label_names[i] for i in ours.argmax(axis=1)
    ]


def test_the_card_tells_the_scores_and_the_use(review_run):
    card = (review_run.path / "README.md").read_text("utf-8")
    assert f"{review_run.metrics['test']['accuracy']:.4f}" in card
    assert "`train.csv` (preset `tiny`" in card
    assert "2 labels: bad, good" in card
    assert f"polyhead export {review_run.path}" in card


def test_evaluate_adds_the_baselines(copied, tmp_path, capsys):
    path = write_csv(tmp_path / "more.csv", make_reviews(60, seed=9))
    before = (copied.path / "metrics.json").read_text()
    assert main(["evaluate", str(copied.path), "--test", path]) == 0
    table, told = capsys.readouterr()
    assert "fitting tfidf-linear-svm to" in told and "scoring 60 test texts" in told
    assert (copied.path / "metrics.json").read_text() == before
    metrics = copied.evaluate(test=path)
    assert metrics["test"]["rows"] == 60
    assert "which is not the run's own test" in metrics["protocol"]
    assert "0 of its 60 rows were trained on" in metrics["protocol"]
    names = ["majority", "tfidf-logistic-regression", "tfidf-linear-svm"]
    assert list(metrics["baselines"]) == names
    for name, scores in metrics["baselines"].items():
        assert name in table and scores["split"] == "test"
        assert scores["verdict"] in table
    assert metrics["train"] == copied.metrics["train"]


def test_a_threshold_tells_what_it_leaves_unanswered(copied, monkeypatch):
    monkeypatch.setattr(
        "polyhead.apps.text_classification.steps.run_baselines", lambda *a: {}
    )
    answered = copied.evaluate(threshold=0.9)["answered"]
    sure = copied.probabilities(load_data(copied.config).test.inputs).max(axis=1) >= 0.9
    assert answered["coverage"] == pytest.approx(sure.mean())
    assert answered["threshold"] == 0.9


def test_all_engines_give_the_same(copied, capsys):
    assert main(["export", str(copied.path)]) == 0
    table, told = capsys.readouterr()
    assert "model_int8.tflite" in table
    assert "writing model_int8.tflite\nverifying model_int8.tflite on " in told
    texts = [text for text, _ in make_reviews(30, seed=8)] + TEXTS
    ours = copied.probabilities(texts)
    found = copied.probabilities(texts, "savedmodel")
    assert np.abs(found - ours).max() < 1e-4
    found = copied.probabilities(texts, "tflite")  # int8
    assert np.abs(found - ours).max() < 0.1
    assert (found.argmax(axis=1) == ours.argmax(axis=1))[:30].all()
    for name in ("int8", "float16"):
        (copied.path / "export" / f"model_{name}.tflite").unlink()
    found = copied.probabilities(texts, "tflite")  # float32
    assert np.abs(found - ours).max() < 1e-4
    words = ["predict", str(copied.path), *TEXTS[:2], "--format", "json"]
    for engine in ("keras", "savedmodel", "tflite"):
        assert main([*words, "--engine", engine]) == 0
        printed = json.loads(capsys.readouterr().out)
        labels = [answer["predictions"][0]["label"] for answer in printed]
        assert labels == ["good", "bad"]


def test_without_an_export_the_engines_say_how_to_make_one(review_run, capsys):
    words = ["predict", str(review_run.path), "x", "--engine", "tflite"]
    assert main(words) == 1
    error = capsys.readouterr().err
    assert "export/model_int8.tflite: missing: polyhead export" in error


def topic_texts(count, seed):
    """Texts with none, one or both of two labels, and these."""
    rng = np.random.default_rng(seed)
    pairs = []
    for _ in range(count):
        labels = [name for name in ("good", "bad") if rng.random() < 0.4]
        words = list(rng.choice(NEUTRAL, 8))
        words += [str(rng.choice(WORDS[name])) for name in labels]
        pairs.append((" ".join(rng.permutation(words)), ";".join(labels)))
    return pairs


@pytest.fixture(scope="module")
def topic_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("topics")
    pairs = topic_texts(500, seed=0)
    config = Config(
        train=write_csv(folder / "train.csv", pairs),
        multi_label=True,
        label_separator=";",
        run=str(folder / "run"),
        epochs=9,
        label_smoothing=0.05,
        class_weights=True,
        **TINY,
    )
    return text_classification.train(config, quiet=True)


def test_several_labels_are_learned(topic_run):
    assert topic_run.label_names == ("bad", "good")
    assert topic_run.metrics["validation"]["macro_f1"] > 0.8
    tuned = json.loads((topic_run.path / "thresholds.json").read_text())
    assert set(tuned) == {"good", "bad"}
    texts = ["a superb awful film", "the terrible story", "the superb film", "the film"]
    both, bad, good, none = topic_run.probabilities(texts)
    assert (both > none + 0.2).all()
    assert bad[0] > bad[1] + 0.2 and good[1] > good[0] + 0.2


def test_thresholds_decide(topic_run):
    rows = topic_run.probabilities(["a superb awful film"])
    limits = topic_run.thresholds
    assert (rows[0] >= limits).all()
    assert topic_run.predict(["the film"], threshold=1.0) == [[]]
    (found,) = topic_run.predict(["the film"], threshold=0.0)
    assert len(found) == 2 and found[0][1] >= found[1][1]
    (found,) = topic_run.predict(["the film"], threshold=0.0, top_k=2)
    assert len(found) == 2
    with open(topic_run.path / "predictions.csv", encoding="utf-8") as file:
        predicted = {row["predicted"] for row in csv.DictReader(file)}
    assert predicted == {"", "bad", "good", "bad;good"}


def test_several_labels_on_the_command_line(topic_run, capsys):
    words = ["predict", str(topic_run.path), "superb awful", "--format", "csv"]
    assert main(words) == 0
    assert ";" in capsys.readouterr().out.splitlines()[1]


def test_several_labels_are_explained_and_exported(topic_run, tmp_path):
    found = topic_run.explain("the superb film")
    assert found["label"] == "good"
    shutil.copytree(topic_run.path, tmp_path / "run")
    run = polyhead.apps.load(tmp_path / "run")
    report = run.export(formats=("tflite",), variants=("int8",))
    assert "macro_f1" in json.dumps(report)
    texts = ["a superb awful film", "the film"]
    difference = run.probabilities(texts, "tflite") - run.probabilities(texts)
    assert np.abs(difference).max() < 0.1


def test_a_run_trained_on_jax_loads_under_tensorflow(review_run, tmp_path):
    pytest.importorskip("jax")
    path = tmp_path / "run"
    words = ["train", "text-classification", "--train", review_run.config.train]
    words += ["--preset", "tiny", "--epochs", "3", "--run", str(path), "-q"]
    words += ["--set", "vocabulary_size=400", "--set", "wide_buckets=1024"]
    # Few shapes: each is compiled.
    words += ["--set", "max_tokens=16", "--set", "batch_size=54"]
    code = "import sys; from polyhead.apps.cli.main import main; sys.exit(main())"
    python(code, *words, KERAS_BACKEND="jax")
    run = polyhead.apps.load(path)
    texts, labels = zip(*make_reviews(100, seed=6), strict=True)
    answers = [answer[0][0] for answer in run.predict(texts)]
    assert np.mean(np.array(answers) == labels) > 0.9
    theirs = python(LOADED, str(path), json.dumps(TEXTS), KERAS_BACKEND="jax")
    ours = run.probabilities(TEXTS)
    assert np.abs(np.array(json.loads(theirs)) - ours).max() < 1e-4


def test_dry_run_says_what_there_is_and_writes_nothing(reviews, tmp_path, capsys):
    words = ["train", "text-classification", "--train", str(reviews / "train.csv")]
    words += ["--preset", "tiny", "--run", str(tmp_path / "run"), "--dry-run"]
    assert main(words) == 0
    report = capsys.readouterr().out
    assert "estimated minutes at most" in report and "parameters" in report
    assert "duplicates " in report and "bytes " in report
    assert not list(tmp_path.iterdir())
