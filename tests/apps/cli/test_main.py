"""The command line: its parsing, its exit status, and what it prints.

A small task stands in for the real ones, so that no model is trained here.
"""

import codecs
import io
import json
import sys
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from run_tools import make_finished_run

from polyhead.apps import registry
from polyhead.apps.cli.main import main
from polyhead.apps.common.classification.answers import format_labels
from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.run import trainer
from polyhead.apps.common.run.run import Run
from polyhead.apps.common.task import Answering, Steps, Task


@dataclass(frozen=True)
class Config:
    train: str | None = None
    run: str | None = None
    text_column: str = "text"
    multi_label: bool = False
    label_separator: str = ","
    epochs: int = 15
    dropout: float = 0.3
    seed: int = 0

    @property
    def input_column(self):
        return self.text_column


@dataclass
class Asked:
    """What a run was asked."""

    options: dict = field(default_factory=dict)


class CountingRun(Run):
    """Remembers what it was asked."""

    serving = None  # there is no model to load

    def export(self, **options):
        self.asked.options = options
        return {"metric": "accuracy", "files": {}}


def predict(run, texts, **options):
    """Answers with the text's length."""
    run.asked.options = options
    return [[(str(len(text)), 0.75), ("other", 0.25)] for text in texts]


def evaluate(run, test, threshold):
    return {"rows from": test, "threshold": threshold}


def explain(run, text, output):
    run.asked.options = {"text": text, "output": output}
    return {}


def format_answers(run, inputs, answers, style):
    separator = run.config.label_separator if run.config.multi_label else None
    return format_labels(inputs, answers, style, separator)


@pytest.fixture
def app(monkeypatch):
    """A registered task; the runs that were loaded, and what was to be trained."""
    app = SimpleNamespace(runs=[], trained=[])

    def load_assets(config, path):
        app.runs.append(Asked())
        return SimpleNamespace(asked=app.runs[-1])

    answering = Answering(
        run=CountingRun,
        load_assets=load_assets,
        predict=predict,
        format_answers=format_answers,
        format_metrics=str,
        format_report=lambda report: f"{report['rows']} rows",
    )
    steps: dict[str, Any] = {step.name: None for step in fields(Steps)}
    steps |= {"evaluate": evaluate, "explain": explain}
    flags = {each.name: each.name for each in fields(Config) if each.name != "dropout"}
    app.task = Task(
        name="counting",
        config=Config,
        flags=flags,
        options={
            "predict": ("engine", "top_k"),
            "evaluate": ("test", "threshold"),
            "export": ("max_input_bytes", "max_loss"),
        },
        answering=lambda: answering,
        steps=lambda: Steps(**steps),
        choices={},
        ranges={},
        architecture=(),
        fill=lambda config: config,
        data_name=lambda config: "data",
    )

    def train(task, config, **options):
        assert task is app.task
        app.trained.append((config, options))
        if options["dry_run"]:
            return {"rows": 5, "estimate": {"all_parameters": 1234, "minutes": 2.5}}
        return SimpleNamespace(metrics={"accuracy": 0.5}, path=Path("somewhere"))

    monkeypatch.setattr(trainer, "train", train)
    monkeypatch.setattr(registry, "_TASKS", dict(registry._TASKS))
    registry.register(app.task)
    return app


@pytest.fixture
def run(app, tmp_path):
    return make_run(app, tmp_path / "run")


def make_run(app, path, **settings):
    return str(make_finished_run(app.task, Config(run=str(path), **settings)))


def failed(capsys, argv, status):
    """The one line that a failing command says."""
    assert main(argv) == status
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("polyhead: error: ")
    assert output.err.count("\n") == 1
    return output.err


# Training.


def test_flags_and_settings_make_the_config(app, tmp_path, capsys):
    file = tmp_path / "f.json"
    file.write_text('{"epochs": 2, "seed": 7, "dropout": 0.1}')
    words = "--train a.csv --run r --multi-label --epochs 3 --text-column 0".split()
    words += [
        "--config",
        str(file),
        "--set",
        "dropout=0.2",
        "--set",
        "label_separator=|",
    ]
    assert main(["train", "counting", *words]) == 0
    config, options = app.trained[0]
    assert config == Config(
        train="a.csv",
        run="r",
        text_column="0",
        multi_label=True,
        label_separator="|",
        epochs=3,
        dropout=0.2,
        seed=7,
    )
    assert not any(options.values())
    assert "accuracy" in capsys.readouterr().out


def test_a_column_named_none_is_no_trap(app):
    assert main(["train", "counting", "--text-column", "None"]) == 0
    assert app.trained[0][0].text_column == "None"


def test_dry_run_prints_the_report(app, capsys):
    assert main(["train", "counting", "--dry-run", "-q"]) == 0
    assert app.trained[0][1] == {
        "overwrite": False,
        "dry_run": True,
        "verbose": False,
        "quiet": True,
        "finish": False,
    }
    expected = "5 rows\n\nall parameters: 1,234\nminutes: 2.5\n"
    assert capsys.readouterr().out == expected


def test_an_app_of_its_own_knows_its_task(app):
    assert main(["train", "--epochs", "4"], task="counting") == 0
    assert app.trained[0][0].epochs == 4


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("trian", "unknown verb 'trian'; the nearest known one is 'train'"),
        ("train", "train needs a task"),
        ("train translatoin", "unknown task 'translatoin'"),
        ("train counting --epoch 3", "unrecognized arguments: --epoch"),
        ("train counting --epochs x", "--epochs: 'x' is not a whole number"),
        ("train counting --epochs", "expected one argument"),
        ("train counting extra", "unexpected 'extra'"),
        ("train counting --set dropuot=1", "the nearest known one is 'dropout'"),
        ("train counting --epochs 3 --set epochs=4", "epochs is given both"),
        ("train counting -v -q", "not allowed with argument"),
        ("evaluate", "which run? Give its folder"),
        ("evaluate run other", "unexpected 'other'"),
        ("predict run --top-k 0", "'0' is no number of 1 or more"),
        ("predict run --threshold 2", "'2' is no number from 0 to 1"),
        ("predict run --temperature inf", "'inf' is no number of 0.01 or more"),
        ("predict run --temperature nan", "'nan' is no number of 0.01 or more"),
        ("predict run --threshold nan", "'nan' is no number from 0 to 1"),
        ("predict run --engine onnx", "invalid choice: 'onnx'"),
        ("predict run text --file f.csv", "give texts or --file, not both"),
        ("predict run --column c", "--column is of a --file"),
        ("predict run -x", "arguments: -x: a text that begins with - comes after --"),
        ("evaluate run -x", "unrecognized arguments: -x (see"),
        ("explain run", "the following arguments are required: --output"),
        (
            "explain run a b --output p.png",
            "takes one text, in quotes, or one file, not 2",
        ),
        ("export run --variants int4", "'int4' is none of float32, float16"),
        ("export run --max-input-bytes -5", "'-5' is no number of 1 or more"),
    ],
)
def test_wrong_use_is_one_line_and_status_2(app, capsys, words, message):
    assert message in failed(capsys, words.split(), 2)


def test_a_failure_of_the_work_is_one_line_and_status_1(app, capsys, monkeypatch):
    def train(task, config, **options):
        raise PolyheadError("data.csv: row 3: no label: add one\nor remove the row")

    monkeypatch.setattr(trainer, "train", train)
    line = failed(capsys, ["train", "counting"], 1)
    assert line.endswith("data.csv: row 3: no label: add one or remove the row\n")


@pytest.mark.parametrize(
    "error",
    [ZeroDivisionError(), KeyError("a"), RecursionError("deep"), TypeError("x\ny")],
    ids=repr,
)
def test_a_fault_is_one_line_and_its_place_is_shown_on_request(
    app, capsys, monkeypatch, error
):
    def train(task, config, **options):
        raise error

    monkeypatch.setattr(trainer, "train", train)
    line = failed(capsys, ["train", "counting"], 1)
    assert f"({type(error).__name__}: " in line and "this is a fault in poly" in line
    assert "run the command again with -v to see where" in line
    assert main(["train", "counting", "-v"]) == 1
    shown = capsys.readouterr().err
    assert shown.startswith("Traceback") and "in train" in shown
    assert shown.endswith(line)


@pytest.mark.parametrize("flag", ["--run", "--train", "--config"])
@pytest.mark.parametrize("name", ["a\0b", "a\ud800b"])
def test_a_name_that_no_file_can_have(app, capsys, flag, name):
    line = failed(capsys, ["train", "counting", flag, name], 2)
    assert ascii(name) in line and "no file can have this name" in line
    for words in (["predict", name, "text"], ["evaluate", name], ["inspect", name]):
        assert "no file can have this name" in failed(capsys, words, 2)


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (MemoryError(), 1, "out of memory"),
        (OSError(28, "No space left on device", "r/log"), 1, "r/log: the disk is full"),
        (OSError(5, "Input/output error", "r/log"), 1, "r/log: Input/output error"),
        (OSError(5, "Input/output error"), 1, "Input/output error"),
        (PermissionError(13, "Permission denied", b"r\xff"), 1, "Permission denied"),
    ],
)
def test_what_the_system_does_is_one_line(
    app, capsys, monkeypatch, error, status, message
):
    def train(task, config, **options):
        raise error

    monkeypatch.setattr(trainer, "train", train)
    assert message in failed(capsys, ["train", "counting"], status)


def test_the_help_says_of_a_task_what_is_true_of_it(capsys):
    for task, fine_tunes in (
        ("text-classification", True),
        ("translation", False),
        ("forecasting", False),
    ):
        assert main(["train", task, "--help"]) == 0
        text = " ".join(capsys.readouterr().out.split())
        assert ("or what to fine-tune" in text) is fine_tunes
        assert ("or a folder of class folders" in text) is fine_tunes


# Predicting.


def test_flags_before_and_after_the_texts(app, run, capsys):
    words = ["predict", "--format", "json", run, "--top-k", "2", "one", "-q", "three"]
    assert main([*words, "--engine", "tflite", "--", "--four", "-v"]) == 0
    records = json.loads(capsys.readouterr().out)
    assert [record["text"] for record in records] == ["one", "three", "--four", "-v"]
    assert records[1]["predictions"] == [
        {"label": "5", "probability": 0.75},
        {"label": "other", "probability": 0.25},
    ]
    assert app.runs[0].options == {"top_k": 2, "engine": "tflite"}


def test_the_run_may_come_after_the_dashes(run, capsys):
    assert main(["predict", "--", run, "-1"]) == 0
    assert capsys.readouterr().out == "2\t0.7500\tother\t0.2500\t-1\n"


def test_text_output_is_one_line_an_input(run, capsys):
    assert main(["predict", run, "a\nb", "", "\ttab"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("\t")[0] for line in lines] == ["3", "0", "4"]
    assert lines[0].endswith("\ta b")


def test_standard_input_is_a_text_a_line(run, capsys, monkeypatch):
    stdin = io.TextIOWrapper(io.BytesIO("é\r\n\nthree\n".encode()))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert main(["predict", run]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("\t")[0] for line in lines] == ["1", "0", "5"]


def test_standard_input_that_is_not_utf8_names_the_row(run, capsys, monkeypatch):
    stdin = io.TextIOWrapper(io.BytesIO(b"good\n\xe9t\xe9\n"))
    monkeypatch.setattr(sys, "stdin", stdin)
    message = failed(capsys, ["predict", run], 1)
    assert "standard input: row 2: byte 0xe9 is not UTF-8" in message


def test_a_terminal_is_answered_line_by_line(app, run, capsys, monkeypatch):
    stdin = io.StringIO("one\n\nfour\n")
    stdin.isatty = lambda: True
    monkeypatch.setattr(sys, "stdin", stdin)
    assert main(["predict", run]) == 0
    output = capsys.readouterr()
    assert output.out.splitlines() == [
        "3\t0.7500\tother\t0.2500\tone",
        "0\t0.7500\tother\t0.2500\t",
        "4\t0.7500\tother\t0.2500\tfour",
    ]
    assert output.err.startswith("> > > ")
    assert len(app.runs) == 1  # loaded once


@pytest.mark.parametrize(
    "words", ["predict R a --threshold 1", "export R --beam-size 2"]
)
def test_a_flag_that_the_task_lacks_is_refused(app, run, capsys, words):
    message = failed(capsys, words.replace("R", run).split(), 2)
    assert "is of no use here" in message and "a counting run" in message
    assert not app.runs


def test_csv_keeps_the_columns_of_the_input(run, tmp_path, capsys):
    file = tmp_path / "in.csv"
    file.write_text('id,text,probability\n7,"a, b",x\n8,"say ""so""",y\n')
    assert main(["predict", run, "--file", str(file), "--format", "csv"]) == 0
    assert capsys.readouterr().out == (
        "id,text,probability,predicted_label,probability_,predicted_label_2,"
        "probability_2\n"
        '7,"a, b",x,4,0.750000,other,0.250000\n'
        '8,"say ""so""",y,8,0.750000,other,0.250000\n'
    )


def test_several_labels_share_a_csv_field(app, tmp_path, capsys):
    run = make_run(app, tmp_path / "multi", multi_label=True, label_separator="|")
    assert main(["predict", run, "abc", "--format", "csv"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "text,predicted_label,probability"
    assert lines[1] == "abc,3|other,0.750000|0.250000"


def test_the_column_of_training_is_read_unless_named(app, tmp_path, capsys):
    run = make_run(app, tmp_path / "named", text_column="body")
    file = tmp_path / "in.jsonl"
    file.write_text('{"body": "abc", "title": "a"}\n{"body": 12, "title": "b"}\n')
    assert main(["predict", run, "--file", str(file)]) == 0
    assert main(["predict", run, "--file", str(file), "--column", "title"]) == 0
    labels = [line.split("\t")[0] for line in capsys.readouterr().out.splitlines()]
    assert labels == ["3", "2", "1", "1"]


def test_a_row_without_a_text_is_named(run, tmp_path, capsys):
    file = tmp_path / "in.jsonl"
    file.write_text('{"text": "abc"}\n{"text": null}\n')
    message = failed(capsys, ["predict", run, "--file", str(file)], 1)
    assert f"{file}: row 2: column 'text' holds null" in message


def test_output_goes_to_a_file(run, tmp_path, capsys):
    output = tmp_path / "out.json"
    words = ["predict", run, "é", "--format", "json", "--output", str(output)]
    assert main(words) == 0
    assert capsys.readouterr().out == ""
    assert json.loads(output.read_text("utf-8"))[0]["text"] == "é"


def test_a_word_that_is_not_utf8_is_refused(run, capsys):
    assert "is not UTF-8" in failed(capsys, ["predict", run, "\udce9"], 2)
    words = ["explain", run, "caf\udce9", "--output", "a.png"]
    assert "is not UTF-8" in failed(capsys, words, 2)


def test_half_a_character_in_any_column_can_be_written(run, tmp_path):
    file, output = tmp_path / "in.jsonl", tmp_path / "out.csv"
    file.write_text('{"text": "a", "other": "b\\ud83d", "c\\ud83d": 7, "d": null}\n')
    words = ["predict", run, "--file", str(file), "--format", "csv"]
    assert main([*words, "--output", str(output)]) == 0
    header, row = output.read_text("utf-8").splitlines()
    assert header.startswith("text,other,c,d,") and row.startswith("a,b,7,,")


def test_a_byte_order_mark_is_no_text(run, capsys, monkeypatch):
    data = codecs.BOM_UTF8 + b"one\n" + codecs.BOM_UTF8 + b"one\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert main(["predict", run]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("\t")[0] for line in lines] == ["3", "4"]


@pytest.mark.parametrize(
    "words",
    ["evaluate R", "predict R a", "explain R a --output p.png", "export R"],
)
def test_every_verb_refuses_a_folder_that_is_no_run(app, tmp_path, capsys, words):
    words = words.replace("R", str(tmp_path / "none")).split()
    assert "none: no such run folder" in failed(capsys, words, 1)
    assert list(tmp_path.iterdir()) == []


# The other verbs.


def test_evaluate_prints_the_table(run, capsys):
    assert main(["evaluate", "--test", "f.csv", run, "--threshold", ".5"]) == 0
    assert capsys.readouterr().out == "{'rows from': 'f.csv', 'threshold': 0.5}\n"


def test_explain_takes_one_text(app, run):
    assert main(["explain", run, "--output", "p.png", "--", "-a text"]) == 0
    assert app.runs[0].options == {"text": "-a text", "output": "p.png"}


def test_export_passes_its_flags_on(app, run, capsys):
    assert main(["export", run, "--variants", "int8, float32", "--max-loss", "0"]) == 0
    assert app.runs[0].options == {
        "formats": ("savedmodel", "tflite"),
        "variants": ("int8", "float32"),
        "max_loss": 0.0,
    }
    assert main(["export", run]) == 0
    assert app.runs[1].options["variants"] == ("float32", "float16", "int8")
