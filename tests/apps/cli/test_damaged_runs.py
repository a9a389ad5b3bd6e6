"""A run whose files are damaged: one line that names the file, and no traceback."""

import json
import shutil
from pathlib import Path

import pytest

from polyhead.apps.cli.main import main

GOLDEN = Path(__file__).parents[2] / "golden"
DEEP = "[" * 100_000 + "]" * 100_000
DEEP_OBJECT = '{"a":' * 100_000 + "1" + "}" * 100_000
RUNS = {"reviews": ["a good one"], "numbers": ["one two"], "wave": []}
NO_OBJECTS = {
    "deep": DEEP,
    "deep objects": DEEP_OBJECT,
    "a list": "[]",
    "a number": "5",
    "null": "null",
    "a long number": '{"a": ' + "9" * 5000 + "}",
    "empty": "",
    "cut short": '{"a": [1,',
    "NUL": "\0\0\0",
    "surrogate": '{"a": "\\ud800"}',
}


@pytest.fixture(autouse=True)
def beside_the_data(tmp_path, monkeypatch):
    shutil.copytree(GOLDEN / "data", tmp_path / "data")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def copy(tmp_path):
    return lambda name: shutil.copytree(GOLDEN / "0.1.0" / name, tmp_path / name)


def failed(capsys, *argv, status=1):
    """The one line that a failing command says."""
    assert main([str(word) for word in argv]) == status
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("polyhead: error: ") and output.err.count("\n") == 1
    assert "a fault in polyhead" not in output.err
    return output.err


@pytest.mark.parametrize("content", NO_OBJECTS.values(), ids=NO_OBJECTS)
@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("reviews", "config.json"),
        ("reviews", "run.json"),
        ("wave", "columns.json"),
    ],
)
def test_json_that_predict_reads(copy, capsys, name, file, content):
    path = copy(name) / file
    path.write_text(content)
    assert str(path) in failed(capsys, "predict", path.parent, *RUNS[name])


@pytest.mark.parametrize("content", NO_OBJECTS.values(), ids=NO_OBJECTS)
@pytest.mark.parametrize("file", ["metrics.json", "export/export_report.json"])
def test_json_that_compare_reads(copy, capsys, file, content):
    run, other = copy("wave"), copy("reviews")
    (run / file).write_text(content)
    if content == NO_OBJECTS["surrogate"] and file == "metrics.json":
        assert main(["compare", str(other), str(run)]) == 0  # a run without scores
        return
    assert str(run / file) in failed(capsys, "compare", other, run)


@pytest.mark.parametrize("content", NO_OBJECTS.values(), ids=NO_OBJECTS)
def test_json_of_settings(tmp_path, capsys, content):
    path = tmp_path / "settings.json"
    path.write_text(content)
    assert main(["train", "forecasting", "--config", str(path)]) in (1, 2)
    error = capsys.readouterr().err
    assert str(path) in error and error.count("\n") == 1


@pytest.mark.parametrize("content", NO_OBJECTS.values(), ids=NO_OBJECTS)
@pytest.mark.parametrize("name", ["reviews", "numbers"])
def test_a_tokenizer_that_training_would_go_on_with(copy, capsys, name, content):
    path = copy(name) / "tokenizer.json"
    path.write_text(content)
    # The exported file holds its own; a long text has to be counted.
    message = failed(capsys, "predict", path.parent, "word " * 500)
    assert str(path) in message


def damaged_columns():
    whole = json.loads((GOLDEN / "0.1.0/wave/columns.json").read_text())
    yield {}
    for name in ("columns", "categories", "frequency"):
        yield {key: value for key, value in whole.items() if key != name}
    for name, value in (
        ("columns", []),
        ("columns", {"time": "date"}),
        ("columns", whole["columns"] | {"targets": "yz"}),
        ("columns", whole["columns"] | {"targets": [1, 2]}),
        ("columns", whole["columns"] | {"targets": []}),
        ("columns", whole["columns"] | {"time": 7}),
        ("columns", whole["columns"] | {"more": 7}),
        ("columns", whole["columns"] | {"targets": ["z", "y"]}),
        ("columns", whole["columns"] | {"targets": ["y"]}),
        ("frequency", ["second"]),
        ("frequency", ["second", "3600"]),
        ("frequency", ["century", 1]),
        ("frequency", ["second", 0]),
        ("frequency", 5),
        ("categories", []),
        ("categories", {"a": 5}),
        ("usual_gap", None),
        ("zone", 5),
        ("more", 5),
    ):
        yield whole | {name: value}


@pytest.mark.parametrize("content", [*damaged_columns()], ids=json.dumps)
def test_columns_of_another_kind(copy, capsys, content):
    path = copy("wave") / "columns.json"
    path.write_text(json.dumps(content))
    assert str(path) in failed(capsys, "predict", path.parent)


LABELS = {
    "empty": "",
    "one empty line": "\n",
    "cut in a word": "bad\ngo",
    "cut at the end": "bad\ngood",
    "one missing": "good\n",
    "an empty one": "bad\n\n",
    "twice": "bad\nbad\n",
    "one more": "bad\ngood\nso so\n",
}


@pytest.mark.parametrize("content", LABELS.values(), ids=LABELS)
def test_damaged_labels(copy, capsys, content):
    path = copy("reviews") / "labels.txt"
    path.write_text(content)
    assert str(path) in failed(capsys, "predict", path.parent, "text")


@pytest.mark.parametrize("content", ["good\nbad\n", "bad\nGood\n"])
def test_labels_that_are_not_those_of_the_file(copy, capsys, content):
    path = copy("reviews") / "labels.txt"
    path.write_text(content)
    for engine in ([], ["--engine", "tflite"]):
        message = failed(capsys, "predict", path.parent, "text", *engine)
        assert str(path) in message and "model_int8.tflite" in message
        assert f"export {path.parent} again" in message


@pytest.mark.tensorflow
@pytest.mark.parametrize("content", ["good\n", "bad\ngood\nso so\n"])
def test_labels_that_do_not_fit_the_model(copy, capsys, content):
    path = copy("reviews") / "labels.txt"
    path.write_text(content)
    message = failed(capsys, "predict", path.parent, "text", "--engine", "keras")
    assert str(path) in message and "the model has 2" in message


@pytest.mark.parametrize("file", ["config.json", "run.json", "labels.txt"])
def test_a_folder_in_the_place_of_a_file(copy, capsys, file):
    path = copy("reviews") / file
    path.unlink()
    path.mkdir()
    assert str(path) in failed(capsys, "predict", path.parent, "text")


def test_a_file_in_the_place_of_a_folder(copy, capsys):
    path = copy("reviews") / "export"
    shutil.rmtree(path)
    path.write_text("no folder")
    message = failed(capsys, "predict", path.parent, "a", "--engine", "tflite")
    assert str(path) in message
