"""A forecaster's splits stay where they were, whatever rows its file has today."""

from pathlib import Path

import numpy as np
import pytest
from changed_tools import change_rows, kept_files
from wave_tools import hours, make_small, make_waves, write_wide

from polyhead.apps import forecasting
from polyhead.apps.common.errors import PolyheadError


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run of 200 hours: 140 of training, 20 of validation, 40 of test."""
    folder = tmp_path_factory.mktemp("waves")
    train = write_wide(folder / "train.csv", make_waves(200))
    config = make_small(train, folder / "run", horizon=3)
    return forecasting.train(config, quiet=True)


def later_rows(first, count, column=""):
    values = make_waves(400)[first : first + count]
    stamps = hours(400)[first : first + count]
    return [
        f"{stamp},{a:.6f},{b:.6f}{column}"
        for stamp, (a, b) in zip(stamps, values, strict=True)
    ]


def ends_of(run):
    ends = run.load_data().dataset.ends
    return {split: int(end[0]) for split, end in ends.items()}


def test_rows_that_follow_move_no_split(trained, copied):
    run, file, before = copied
    assert ends_of(run) == {"train": 140, "validation": 160, "test": 200}
    change_rows(file, lambda rows: [*rows, *later_rows(200, 100)])
    assert ends_of(run) == {"train": 140, "validation": 160, "test": 200}
    metrics = run.evaluate()
    assert "100 new" in metrics["differences"][0]
    assert metrics["test"] == trained.metrics["test"]
    assert kept_files(run) == before
    # The newest history is that of today.
    assert run.predict()[0].stamps[0] == hours(301)[-1]


def test_no_step_of_training_is_scored_in_a_file_that_was_cut(copied):
    run, file, before = copied
    change_rows(file, lambda rows: rows[:180])
    assert ends_of(run) == {"train": 140, "validation": 160, "test": 180}
    metrics = run.evaluate()
    assert "20 gone" in metrics["differences"][0]
    assert kept_files(run) == before
    change_rows(file, lambda rows: rows[30:])  # as of a log of the latest rows
    assert ends_of(run) == {"train": 110, "validation": 130, "test": 150}
    assert "50 gone" in run.evaluate()["differences"][0]


def test_without_the_rows_of_its_test_a_run_has_nothing_to_be_measured_on(copied):
    run, file, before = copied
    change_rows(file, lambda rows: rows[:150])
    with pytest.raises(PolyheadError, match="no window fits: the test split"):
        run.evaluate()
    change_rows(file, lambda rows: later_rows(300, 50))
    with pytest.raises(PolyheadError, match="no row of the run's training"):
        run.evaluate()
    assert kept_files(run) == before


def test_other_values_are_told(copied):
    run, file, before = copied
    change_rows(file, lambda rows: [rows[0] + "1", *rows[1:-1], rows[-1] + "1"])
    change_rows(file, lambda rows: [row.replace("100.", "101.") for row in rows])
    assert "with another value" in run.evaluate()["differences"][0]
    assert kept_files(run) == before


def test_a_new_column_is_no_new_target(copied):
    run, file, _ = copied
    text = file.read_text().splitlines()
    lines = [f"{text[0]},more", *(f"{row},1" for row in text[1:])]
    file.write_text("\n".join(lines) + "\n")
    metrics = run.evaluate()
    assert "differences" not in metrics
    assert run.predict()[0].targets == ("y0", "y1")


def test_of_later_rows_those_of_the_run_are_left_out(copied, tmp_path):
    run, file, before = copied
    whole = tmp_path / "whole.csv"
    header, *rows = file.read_text().splitlines()
    whole.write_text("\n".join([header, *rows[100:], *later_rows(200, 30)]) + "\n")
    metrics = run.evaluate(test=str(whole))
    told = "40 of its 130 rows were trained on, and 60 more do not follow the run's"
    assert told in metrics["protocol"] and told in run.notes[0]
    alone = tmp_path / "alone.csv"
    alone.write_text("\n".join([header, *later_rows(200, 30)]) + "\n")
    scores = run.evaluate(test=str(alone))
    assert scores["test"] == metrics["test"]
    assert "0 of its 30 rows were trained on" in scores["protocol"]
    # The run's own file may have grown by the same rows.
    change_rows(file, lambda rows: [*rows, *later_rows(200, 30)])
    assert run.evaluate(test=str(alone))["test"] == metrics["test"]
    with pytest.raises(PolyheadError, match="give rows that follow those of the run"):
        run.evaluate(test=write_wide(tmp_path / "old.csv", make_waves(150)))
    assert kept_files(run) == before


def test_training_on_spares_what_was_not_trained_on(copied, tmp_path):
    older, file, _ = copied
    change_rows(file, lambda rows: rows[:160])  # shares would end train at 112
    config = make_small(
        str(file), tmp_path / "newer", horizon=3, init_from=str(older.path)
    )
    newer = forecasting.train(config, quiet=True)
    assert ends_of(newer) == {"train": 140, "validation": 146, "test": 160}
    stamps = hours(160).astype(np.int64)
    trained = older.known.rows.was_trained_on([f"\0{stamp}" for stamp in stamps])
    assert trained.sum() == 140


def test_without_the_own_file_steps_of_training_are_history_alone(copied, tmp_path):
    run, file, _ = copied
    given = file.rename(tmp_path / "given.csv")
    header, *rows = given.read_text().splitlines()
    given.write_text("\n".join([header, *rows[100:]]) + "\n")
    metrics = run.evaluate(test=str(given))
    assert f"{given}: 40 of its 100 steps were trained on" in metrics["protocol"]
    assert metrics["test"]["windows"] == 40 - 3 + 1  # of the test split
    given.write_text("\n".join([header, *rows[:140]]) + "\n")
    with pytest.raises(PolyheadError, match="140 of its 140 steps were trained on"):
        run.evaluate(test=str(given))


def test_rows_before_the_first_of_training_change_no_score(trained, copied):
    run, file, before = copied
    older = write_wide(
        file.with_name("older.csv"),
        make_waves(30, seed=5) * 3,
        stamps=hours(30, "2023-12-30T18"),
    )
    earlier = Path(older).read_text().splitlines()[1:]
    change_rows(file, lambda rows: [*earlier, *rows])
    metrics = run.evaluate()
    assert "30 new" in metrics["differences"][0]
    assert metrics["test"] == trained.metrics["test"]
    assert metrics["baselines"] == trained.metrics["baselines"]
    assert kept_files(run) == before
