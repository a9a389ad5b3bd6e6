"""A killed training goes on with the rows that it began with, or says why not."""

import json
import random
from pathlib import Path

import numpy as np
import pytest
from changed_tools import change_rows, stop_after_an_epoch
from review_tools import TINY, make_reviews, write_csv

from polyhead.apps import text_classification
from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.text_classification import Config


@pytest.fixture
def killed(tmp_path, monkeypatch):
    """The configuration of a training that was ended after its first epoch."""
    train = write_csv(tmp_path / "train.csv", make_reviews(60, seed=3))
    config = Config(train=train, run=str(tmp_path / "run"), epochs=2, **TINY)
    with monkeypatch.context() as patch:
        stop_after_an_epoch(patch)
        with pytest.raises(KeyboardInterrupt):
            text_classification.train(config, quiet=True)
    return config, tmp_path / "train.csv"


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    folder = tmp_path_factory.mktemp("unbroken")
    train = write_csv(folder / "train.csv", make_reviews(60, seed=3))
    config = Config(train=train, run=str(folder / "run"), epochs=2, **TINY)
    return text_classification.train(config, quiet=True)


@pytest.mark.parametrize("change", ["appended", "shuffled"])
def test_it_goes_on_as_if_the_file_had_not_changed(killed, unbroken, change, capsys):
    config, file = killed
    if change == "appended":
        change_rows(file, lambda rows: [*rows, '"entirely other words","good"'])
    else:
        change_rows(file, lambda rows: random.Random(0).sample(rows, len(rows)))
    run = text_classification.train(config)
    assert ("1 new" in capsys.readouterr().err) == (change == "appended")
    assert run.tokenizer.pieces == unbroken.tokenizer.pieces
    data, expected = run.load_data(), unbroken.load_data()
    assert data.train.inputs == expected.train.inputs
    texts = expected.validation.inputs
    np.testing.assert_allclose(
        run.probabilities(texts), unbroken.probabilities(texts), atol=1e-4
    )
    facts = json.loads((run.path / "data.json").read_text())
    assert facts["rows"] == {"train": 48, "validation": 12, "left_out": 0}


CHANGES = {
    "cut": (lambda rows: rows[:40], "20 gone"),
    "renamed": (
        lambda rows: [row.replace('"good"', '"fine"') for row in rows],
        "label 'fine' does not occur",
    ),
    "swapped": (
        lambda rows: [rows[0].replace('"good"', '"bad"'), *rows[1:]],
        "1 with another label",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_rows_that_are_gone_or_changed_end_it_in_words(killed, name):
    config, file = killed
    change, told = CHANGES[name]
    change_rows(file, change)
    with pytest.raises(PolyheadError, match=f"cannot go on: .*{told}.*--overwrite"):
        text_classification.train(config, quiet=True)


def test_overwrite_begins_anew_where_the_data_have_changed(killed, capsys):
    config, file = killed
    change_rows(file, lambda rows: rows[:40])
    run = text_classification.train(config, overwrite=True)
    assert "20 gone: beginning anew" in capsys.readouterr().err
    assert run.metrics["train"]["epochs"] == 2
    facts = json.loads((run.path / "data.json").read_text())
    assert facts["rows"]["train"] == 32
    assert "differences" not in run.evaluate()


def test_more_epochs_go_on_with_the_same_rows(unbroken, tmp_path, capsys):
    from dataclasses import replace

    from changed_tools import copy_run

    run, file = copy_run(unbroken, tmp_path)
    change_rows(file, lambda rows: random.Random(0).sample(rows, len(rows)))
    more = text_classification.train(replace(run.config, epochs=3))
    assert "1 new" not in capsys.readouterr().err
    assert more.metrics["train"]["epochs"] == 3
    assert more.load_data().train.inputs == unbroken.load_data().train.inputs
    change_rows(file, lambda rows: rows[1:])
    with pytest.raises(PolyheadError, match="cannot go on: .*1 gone"):
        text_classification.train(replace(run.config, epochs=4), quiet=True)
    assert text_classification.load(run.path).metrics == more.metrics


@pytest.mark.parametrize("name", ["tokenizer.json", "labels.txt", "rows.npz"])
def test_overwrite_begins_anew_where_a_file_is_damaged(killed, name, capsys):
    config, _ = killed
    (Path(config.run) / name).write_bytes(b"{")
    with pytest.raises(PolyheadError, match=f"{name}"):
        text_classification.train(config, quiet=True)
    run = text_classification.train(config, overwrite=True)
    assert "beginning anew" in capsys.readouterr().err
    assert len(run.label_names) == 2 and run.known.rows


def test_a_training_that_forgot_its_rows_does_not_go_on(killed, capsys):
    config, _ = killed
    for name in ("data.json", "rows.npz"):
        (Path(config.run) / name).unlink()
    with pytest.raises(PolyheadError, match="does not say which rows it began with"):
        text_classification.train(config, quiet=True)
    run = text_classification.train(config, overwrite=True)
    assert "beginning anew" in capsys.readouterr().err and run.known.rows
