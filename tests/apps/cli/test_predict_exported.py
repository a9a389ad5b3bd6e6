"""`polyhead predict` by the exported file, which starts without TensorFlow."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SHIPPED = Path(__file__).resolve().parents[3] / "saved_models"
SCRIPT = """
import sys
from polyhead.apps.cli.main import main

status = main(sys.argv[1:])
heavy = {"tensorflow", "keras", "jax", "torch", "polyhead.layers", "sklearn"}
print(status, sorted(heavy & set(sys.modules)))
"""


def predict(run, *words, **options):
    command = [sys.executable, "-c", SCRIPT, "predict", str(SHIPPED / run), *words]
    return subprocess.run(command, capture_output=True, text=True, **options)


@pytest.mark.parametrize(
    "run, words, answer",
    [
        ("language-identifier", ["Königreich der Niederlande"], "de (German)\t"),
        ("dates", ["jeudi 5 mars 1998"], "1998-03-05\n"),
        ("english-spanish", ["Where is the station?"], "¿Dónde está la estación?\n"),
    ],
)
def test_an_exported_run_answers_without_tensorflow(run, words, answer):
    done = predict(run, *words)
    assert done.stdout.startswith(answer), done.stderr
    assert done.stdout.endswith("\n0 []\n") and done.stderr == ""


def test_a_forecaster_answers_without_tensorflow(tmp_path):
    weeks = "\n".join(f"{day},{370 + 0.01 * i}" for i, day in enumerate(saturdays(160)))
    (tmp_path / "new.csv").write_text(f"ds,co2\n{weeks}\n")
    done = predict("co2", str(tmp_path / "new.csv"), "--format", "csv")
    assert done.stdout.startswith("ds,co2,co2_q0.1,co2_q0.5,co2_q0.9\n"), done.stderr
    assert len(done.stdout.splitlines()) == 1 + 52 + 1
    assert done.stdout.endswith("\n0 []\n") and done.stderr == ""


def saturdays(count):
    import numpy as np

    return np.datetime64("2003-01-04") + np.arange(count) * np.timedelta64(7, "D")


def test_a_file_of_lines_has_no_columns(tmp_path):
    (tmp_path / "dates.en").write_text("5 March 1998\n")
    done = predict("dates", "--file", str(tmp_path / "dates.en"), "--column", "text")
    assert done.stdout.splitlines()[0].startswith("2 ") and "no column" in done.stderr


@pytest.mark.parametrize("engine", [[], ["--engine", "keras"]])
def test_a_text_of_more_pieces_than_the_model_reads_is_said(engine):
    texts = "5 March 1998", "x" * 200, "1 May 2000"
    done = predict("dates", *texts, *engine, "--format", "json")
    answers, _ = json.JSONDecoder().raw_decode(done.stdout)
    assert [answer["truncated"] for answer in answers] == [False, True, False]
    (note,) = done.stderr.splitlines()
    config = json.loads((SHIPPED / "dates/config.json").read_text())
    limit = config["max_tokens"]
    assert note == (
        f"note: longer than the {limit} pieces that the model reads, and cut: text 2 "
        f"(train with max_tokens={2 * limit})"
    )


def test_a_classifier_names_what_is_cut_too():
    done = predict("language-identifier", "x" * 200, "Wednesday " * 26, "Where?")
    assert done.stderr.splitlines() == [
        "note: longer than the 128 pieces that the model reads, and cut: text 1, 2 "
        "(train with max_tokens=256)"
    ]
    assert done.stdout.endswith("\n0 []\n")  # a tokenizer needs no TensorFlow


def test_a_text_that_the_file_alone_cuts_is_said():
    texts = "Where is the station?", "government " * 24, "z" * 300
    done = predict("english-spanish", *texts)
    model, file, answers = done.stderr.splitlines()
    assert "pieces that the model reads, and cut: text 3 (train" in model
    assert file == (
        "note: longer than model_int8.tflite reads, and cut: text 2 "
        "(--engine keras reads more)"
    )
    # The model repeats itself.
    assert answers.startswith("note: answers that were cut at their limit: text ")
    assert "3 (export with more" in answers


@pytest.mark.parametrize("engine", [[], ["--engine", "keras"]])
def test_an_answer_without_a_score_high_enough_is_unsure(engine):
    texts = "Where is the station?", "xyzzy plugh frotz"
    done = predict("english-spanish", *texts, *engine, "--min-score", "-0.5")
    assert done.stdout.splitlines()[:2] == ["¿Dónde está la estación?", "unsure"]
    done = predict("english-spanish", *texts, *engine, "--format", "json")
    answers, _ = json.JSONDecoder().raw_decode(done.stdout)
    sure, unsure = (answer["translations"][0] for answer in answers)
    assert unsure["score"] < -0.5 < sure["score"] < 0
    assert unsure["text"] != "unsure" and sure["truncated"] is False


def test_an_answer_that_is_cut_is_said():
    """Of a source that makes the model repeat itself up to the limit of pieces."""
    done = predict("english-spanish", "ha " * 80, "I am hungry.", "--format", "json")
    answers, _ = json.JSONDecoder().raw_decode(done.stdout)
    cut = [answer["translations"][0]["truncated"] for answer in answers]
    noted = "note: answers that were cut at their limit: text 1" in done.stderr
    assert cut[1] is False and noted == cut[0]


def test_what_only_keras_can_do_is_done_by_keras():
    done = predict("dates", "5 March 1998", "--n-best", "2")
    assert done.stdout.startswith("1998-03-05\n"), done.stderr
    assert "'keras'" in done.stdout.splitlines()[-1]


def test_standard_input_of_no_text_gives_no_answer():
    done = predict("dates", input="")
    assert (done.stdout, done.stderr) == ("0 []\n", "")
