"""A classifier is never scored on rows that it was trained on, whatever the file is."""

import json
import random
from pathlib import Path

import pytest
from changed_tools import change_rows, kept_files
from review_tools import TINY, make_reviews, write_csv

from polyhead.apps import text_classification
from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.text_classification import Config

NEW = ['"a new and superb text","good"', '"a new and awful text","bad"'] * 2


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run without test data of its own, from 120 rows."""
    folder = tmp_path_factory.mktemp("texts")
    train = write_csv(folder / "train.csv", make_reviews(120, seed=3))
    config = Config(train=train, run=str(folder / "run"), epochs=1, **TINY)
    return text_classification.train(config, quiet=True)


def inputs_of(run):
    data = run.load_data()
    return {name: set(getattr(data, name).inputs) for name in ("train", "validation")}


def test_eight_bytes_a_row_are_kept(trained):
    facts = json.loads((trained.path / "data.json").read_text())
    assert facts["rows"] == {"train": 100, "validation": 20, "left_out": 0}
    assert (trained.path / "rows.npz").stat().st_size < 8 * 120 + 1500
    assert b"superb" not in (trained.path / "rows.npz").read_bytes()


def test_a_shuffled_file_changes_no_score(trained, copied):
    run, file, before = copied
    change_rows(file, lambda rows: random.Random(0).sample(rows, len(rows)))
    metrics = run.evaluate()
    assert "differences" not in metrics
    for name in ("validation", "baselines", "protocol"):
        assert metrics[name] == trained.metrics[name], name
    assert kept_files(run)["metrics.json"] == before["metrics.json"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda rows: [*NEW, *rows], "4 new"),
        (lambda rows: rows[::2], "60 gone"),
        (lambda rows: [*rows[20:], *NEW], "4 new, 20 gone"),
        (lambda rows: [*rows, NEW[0].replace("good", "fair")], "1 new"),  # a label more
    ],
    ids=["more", "half", "both", "label"],
)
def test_a_changed_file_is_told_and_overwrites_nothing(copied, change, told):
    run, file, before = copied
    parts = inputs_of(run)
    change_rows(file, change)
    metrics = run.evaluate()
    (line,) = metrics["differences"]
    assert told in line and str(file) in line
    assert "metrics.json keeps" in text_of(run, metrics)
    now = inputs_of(run)
    assert now["validation"] <= parts["validation"] and now["train"] <= parts["train"]
    assert metrics["validation"]["rows"] == len(run.load_data().validation.inputs)
    assert kept_files(run) == before


def text_of(run, metrics):
    return run.task.answering().format_metrics(metrics)


def test_a_changed_label_is_told(copied):
    run, file, before = copied
    text = next(iter(inputs_of(run)["validation"]))
    turned = {"good": "bad", "bad": "good"}

    def turn(rows):
        for row in rows:
            start, label = row.rsplit(",", 1)
            label = label.strip('"')
            yield f'{start},"{turned[label] if text in start else label}"'

    change_rows(file, turn)
    metrics = run.evaluate()
    assert "1 with another label" in metrics["differences"][0]
    assert kept_files(run) == before


@pytest.mark.parametrize("test", [False, True])
def test_a_renamed_label_is_refused_by_its_name(copied, test):
    run, file, before = copied
    change_rows(file, lambda rows: [row.replace('"good"', '"Good"') for row in rows])
    with pytest.raises(
        PolyheadError, match=r"train.csv: rows? .*label 'Good' does not"
    ):
        run.evaluate(test=str(file) if test else None)
    assert kept_files(run) == before
    assert run.predict(["a superb film"])[0][0][0] in ("good", "bad")


def test_only_the_rows_of_another_file_that_are_new_are_scored(copied, tmp_path):
    run, file, before = copied
    parts, rows = inputs_of(run), make_reviews(30, seed=77)
    mixed = [*rows, *((text, "good") for text in sorted(parts["train"])[:7])]
    metrics = run.evaluate(test=write_csv(tmp_path / "mixed.csv", mixed))
    assert metrics["test"]["rows"] == 30
    assert run.notes == [
        f"{tmp_path / 'mixed.csv'}: 7 of its 37 rows were trained on, and are left out"
    ]
    assert run.notes[0] in metrics["protocol"]
    known = write_csv(tmp_path / "known.csv", mixed[30:])
    with pytest.raises(
        PolyheadError, match="known.csv: all of its 7 rows were trained"
    ):
        run.evaluate(test=known)
    assert kept_files(run) == before


def test_labels_in_another_order_are_refused(copied):
    run, _, _ = copied
    (run.path / "labels.txt").write_text("good\nbad\n")
    with pytest.raises(
        PolyheadError, match="labels.txt: not the labels, in their order"
    ):
        text_classification.load(run.path)


def test_training_on_from_a_run_keeps_its_parts_apart(copied, tmp_path):
    older, file, _ = copied
    parts = inputs_of(older)
    change_rows(file, lambda rows: [*NEW, *rows[::-1]])
    more = [f'"{text}","{label}"' for text, label in make_reviews(60, seed=9)]
    change_rows(file, lambda rows: [*more, *rows])
    config = Config(
        train=str(file),
        run=str(tmp_path / "newer"),
        init_from=str(older.path),
        epochs=1,
        **TINY,
    )
    newer = text_classification.train(config, quiet=True)
    now = inputs_of(newer)
    assert parts["train"] <= now["train"] and parts["validation"] <= now["validation"]
    assert now["validation"] - parts["validation"]  # a share of the new rows too
    # A third run knows what both were trained on.
    test = write_csv(tmp_path / "test.csv", [(t, "good") for t in parts["train"]])
    with pytest.raises(PolyheadError, match="was trained on every row"):
        text_classification.train(
            Config(
                train=str(file),
                test=test,
                run=str(tmp_path / "third"),
                init_from=str(newer.path),
                epochs=1,
                **TINY,
            ),
            quiet=True,
        )


def test_a_run_without_its_record_says_so_and_writes_nothing(copied):
    run, file, before = copied
    parts = inputs_of(run)
    for name in ("data.json", "rows.npz"):
        (run.path / name).unlink()
    run = text_classification.load(run.path)
    assert inputs_of(run) == parts  # of the same file
    change_rows(file, lambda rows: random.Random(0).sample(rows, len(rows)))
    (line,) = run.evaluate()["differences"]
    assert "does not say which rows it was trained on" in line
    assert kept_files(run) == before


def test_rows_of_validation_are_counted(copied, tmp_path):
    run, file, _ = copied
    run.evaluate(test=str(file))
    assert "100 of its 120 rows were trained on, and are left out" in run.notes[0]
    assert run.notes[0].endswith("20 are of validation, on which choices were made")


def test_a_test_file_loses_the_rows_of_training(tmp_path):
    train = write_csv(tmp_path / "train.csv", make_reviews(60, seed=3))
    test = write_csv(tmp_path / "test.csv", make_reviews(20, seed=4))
    config = Config(train=train, test=test, run=str(tmp_path / "run"), epochs=1, **TINY)
    run = text_classification.train(config, quiet=True)
    seen = sorted(run.load_data().train.inputs)[:5]
    change_rows(
        Path(test), lambda rows: [*rows[:15], *(f'"{text}","good"' for text in seen)]
    )
    metrics = run.evaluate()
    assert metrics["test"]["rows"] == 15
    assert "5 new, 5 gone" in metrics["differences"][0]
    assert run.metrics["test"]["rows"] == 20
