"""Bad tables by the command: one clear line, the right status, nothing touched."""

import re
import shutil

import numpy as np
import pytest
from review_tools import contents
from wave_tools import hours, make_config, make_waves, write_wide

from polyhead.apps.cli.main import main
from polyhead.apps.forecasting import train

SETTINGS = ["--look-back", "48", "--horizon", "12", "--set", "hidden_dim=16"]
GOOD = [
    f"{stamp},{value:.3f}"
    for stamp, value in zip(hours(200), make_waves(200)[:, 0], strict=True)
]


def fail(capsys, words):
    """The status and the one line of a command that fails."""
    capsys.readouterr()
    status = main([str(word) for word in words])
    printed = capsys.readouterr()
    lines = printed.err.splitlines()
    assert printed.out == ""
    assert len(lines) == 1, printed.err
    assert lines[0].startswith("polyhead: error: ")
    return status, lines[0].removeprefix("polyhead: error: ")


def write(path, rows, header="date,y"):
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def with_row(place, row):
    return [*GOOD[:place], row, *GOOD[place + 1 :]]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([*GOOD[:9], GOOD[8], *GOOD[9:]], "rows 10 and 11 have the same time stamp"),
        (with_row(60, "03/01/24 12h,5"), "row 62: '03/01/24 12h' .* in another way"),
        (
            with_row(60, "no day,5"),
            "row 62: 'no day' in column 'date' is no time stamp",
        ),
        (
            with_row(60, "2024-01-03T12:00:00+05:00,5"),
            "row 62: .* another time zone, than the first",
        ),
        (with_row(60, "2024-01-03T12:20:00,5"), "row 62: .* no whole number of steps"),
        ([f"{stamp},7" for stamp in hours(200)], "'y' never changes"),
        (GOOD[:40], "no window fits.*--look-back 48"),
        (with_row(60, "2024-01-03T12:00:00,inf"), "row 62: 'inf' in column 'y' is inf"),
        (with_row(60, "2024-01-03T12:00:00,1e999"), "row 62: '1e999' .* infinite"),
        (with_row(60, "2024-01-03T12:00:00,1e39"), "row 62: '1e39' .* beyond 3.4e38"),
        (with_row(60, "2024-01-03T12:00:00,-1e39"), "row 62: '-1e39' .* beyond"),
        (
            [f"{stamp},north" for stamp in hours(200)],
            "row 2: 'north' in column 'y' is no number, .* --target, .*--series-column",
        ),
        (with_row(60, "2024-01-03T12:00:00,high"), "row 62: 'high' .* is no number"),
        (with_row(60, '2024-01-03T12:00:00,"3,5.1"'), "row 62: '3,5.1' .* a point"),
        (with_row(60, "2199-01-01T00:00:00,5"), "row (62|63): "),
        (GOOD[:1], "no series has two time stamps"),
    ],
)
def test_tables_that_cannot_be_used(tmp_path, capsys, rows, message):
    path = write(tmp_path / "a.csv", rows)
    words = ["train", "forecasting", "--train", path, "--run", tmp_path / "run"]
    status, line = fail(capsys, [*words, *SETTINGS])
    assert status == 1
    assert line.startswith(str(path))
    assert re.search(message, line), line
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("flags", "message", "status"),
    [
        (
            ["--target", "y", "--past-covariates", "y"],
            "'y' is given by --target and",
            2,
        ),
        (["--target", "y", "--future-covariates", "y"], "has one role only", 2),
        (["--target", "z"], "no column 'z' (--target); it has: date, y", 1),
        (["--time-column", "when"], "no column 'when' (--time-column)", 1),
        (["--categorical", "y"], "--categorical y: name it with", 2),
        (["--frequency", "fortnight"], "frequency 'fortnight'", 2),
        (["--frequency", "7min"], "row 3: ", 1),
        (["--model", "oracle"], "model 'oracle': choose from", 2),
        (["--loss", "mape"], "loss 'mape': choose from", 2),
        (["--quantiles", "0.5", "1.5"], "quantile 1.5", 2),
        (["--horizon", "0"], "horizon is 0", 2),
        (["--split", "5000,10,10"], "200 rows, but --split asks for 5,020", 1),
        (["--epochs", "many"], "--epochs: 'many' is not a whole number", 2),
        (["--dataset", "co2"], "not --train and --dataset", 2),
    ],
)
def test_wrong_flags(tmp_path, capsys, flags, message, status):
    path = write(tmp_path / "a.csv", GOOD)
    words = ["train", "forecasting", "--train", path, "--run", tmp_path / "run"]
    settings = SETTINGS if "--horizon" not in flags else []
    found, line = fail(capsys, [*words, *settings, *flags])
    assert message in line
    assert found == status
    assert not (tmp_path / "run").exists()


# A trained run.


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bad")
    values = make_waves(400, 2)
    path = write_wide(folder / "a.csv", values, ["y", "wind"])
    config = make_config(
        path, folder / "run", target=("y",), future_covariates=("wind",), epochs=1
    )
    return train(config, quiet=True)


def table(path, steps, first="2024-03-01T00", step=1, names=("y", "wind")):
    stamps = hours(steps * step, first)[::step]
    return write_wide(path, make_waves(steps, len(names)), list(names), stamps)


def test_a_future_that_begins_at_the_wrong_time(run, tmp_path, capsys):
    past = table(tmp_path / "past.csv", 48)
    late = table(tmp_path / "late.csv", 12, "2024-03-03T05", names=["wind"])
    status, line = fail(capsys, ["predict", run.path, "--file", past, "--future", late])
    assert status == 1
    assert line.startswith(late) and "missing for 2024-03-03T00:00:00" in line
    assert "and 2 more" in line and "begins at 2024-03-03T00:00:00" in line


def test_a_future_that_is_not_there(run, tmp_path, capsys):
    past = table(tmp_path / "past.csv", 48)
    status, line = fail(capsys, ["predict", run.path, past])
    assert status == 1 and "--future" in line and "(wind)" in line


def test_a_history_that_is_too_short(run, tmp_path, capsys):
    past = table(tmp_path / "past.csv", 47)
    status, line = fail(capsys, ["predict", run.path, past])
    assert status == 1
    assert "47 steps with a target, but the run looks back 48" in line


def test_another_frequency(run, tmp_path, capsys):
    past = table(tmp_path / "past.csv", 60, step=2)
    status, line = fail(capsys, ["predict", run.path, past])
    assert status == 1
    assert "steps are 2h, but the run was trained on steps of h" in line


def test_another_column(run, tmp_path, capsys):
    past = table(tmp_path / "past.csv", 60, names=["y", "sun"])
    status, line = fail(capsys, ["predict", run.path, past])
    assert status == 1 and "no column 'wind', which the run was trained on" in line


def test_a_history_without_values(run, tmp_path, capsys):
    past = write_wide(tmp_path / "a.csv", np.full((60, 2), np.nan), ["y", "wind"])
    status, line = fail(capsys, ["predict", run.path, past])
    assert status == 1 and "no value of a target" in line


def test_two_files(run, tmp_path, capsys):
    status, line = fail(capsys, ["predict", run.path, "a.csv", "b.csv"])
    assert status == 2 and "give one file, not 2" in line


def test_a_test_file_that_does_not_follow(run, tmp_path, capsys):
    before = contents(run.path)
    early = table(tmp_path / "early.csv", 60, "2024-01-02T00")
    status, line = fail(capsys, ["evaluate", run.path, "--test", early])
    assert status == 1 and "give rows that follow" in line
    assert contents(run.path) == before


def test_a_test_file_beside_the_grid(run, tmp_path, capsys):
    beside = table(tmp_path / "beside.csv", 60, "2024-02-01T00:20")
    status, line = fail(capsys, ["evaluate", run.path, "--test", beside])
    assert status == 1 and line.startswith(beside)
    assert "begins at 2024-02-01T00:20:00, which is no whole number of steps" in line


def test_a_model_file_cut_short(run, tmp_path, capsys):
    broken = tmp_path / "run"
    shutil.copytree(run.path, broken)
    data = (broken / "model.keras").read_bytes()
    (broken / "model.keras").write_bytes(data[: len(data) // 2])
    status, line = fail(capsys, ["predict", broken])
    assert status == 1 and "truncated or corrupt" in line


def test_verbs_of_other_tasks(run, review_run, capsys):
    status, line = fail(capsys, ["backtest", review_run.path])
    assert status == 2 and "is a text-classification run" in line
    status, line = fail(capsys, ["predict", run.path, "--top-k", "2"])
    assert status == 2 and "is a forecasting run" in line
