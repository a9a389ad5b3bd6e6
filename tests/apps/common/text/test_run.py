"""A run whose task reads texts: its tokenizer, and the texts that it cuts."""

import shutil
from types import SimpleNamespace

import pytest

import polyhead.apps
from polyhead.apps.common.data.kept import Kept
from polyhead.apps.common.text.run import TextRun, text_examples


@pytest.fixture
def run(review_run, tmp_path):
    """A copy of the trained run, to be changed."""
    shutil.copytree(review_run.path, tmp_path / "run")
    return polyhead.apps.load(tmp_path / "run")


def test_a_text_that_is_cut_is_noted(run):
    assert isinstance(run, TextRun)
    long = "the plot " * 200
    run.predict(["short", long])
    assert run.truncated == [False, True]
    (note,) = run.notes
    assert note == (
        "longer than the 128 pieces that the model reads, and cut: text 2 "
        "(train with max_tokens=256)"
    )
    run.predict(["short"])
    assert run.truncated == [False] and run.notes == []


def test_no_more_pieces_are_advised_than_the_task_allows(run):
    highest = run.task.ranges["max_tokens"][1]
    object.__setattr__(run.config, "max_tokens", highest // 2 + 1)
    run.note_cuts(["a b " * highest])
    assert run.truncated == [True] and "train with" not in run.notes[0]


@pytest.mark.tensorflow
def test_a_text_that_the_file_alone_cuts_is_noted(run):
    run.export(["tflite"], ["int8"], max_input_bytes=20, max_loss=100)
    run.predict(["short", "a film of more than twenty bytes"], engine="tflite")
    assert run.truncated == [False, True]
    (note,) = run.notes
    assert note == (
        "longer than model_int8.tflite reads, and cut: text 2 "
        "(--engine keras reads more)"
    )


def test_the_tokenizer_is_read_once(run, monkeypatch):
    assert run.tokenizer is run.tokenizer
    assert run.tokenizer.encode("the plot") and run.assets.num_special == 0


def test_texts_are_cut_as_the_file_takes_them():
    texts = {"text": ["né", "longer than that", "third"]}
    inputs_of = text_examples(None, Kept("test", 3, 3, 0, texts), 2)
    model = SimpleNamespace(inputs={"text": (1, 6)})
    assert [bytes(row) for row in inputs_of(model)["text"]] == [
        "né".encode() + b"\0" * 3,
        b"longer",
    ]
