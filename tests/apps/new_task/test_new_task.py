"""A task that is not of the suite goes through a run's whole life.

`season_task.py` is the task, `seasons.py` adds it to the registry by one call and hands
its arguments to the command line. Nothing in apps/ knows of it.
"""

import datetime
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from polyhead.apps.common.files import read_json

HERE = Path(__file__).parent
SEASONS = ("winter", "spring", "summer", "autumn")
MOST_LINES = 270
TRAIN = "train seasons --train train.csv --test test.csv --deterministic --run"
ENVIRONMENT = os.environ | {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
pytestmark = pytest.mark.tensorflow


def write_dates(path, rows, seed):
    draw = random.Random(seed)
    lines = ["date,season"]
    for _ in range(rows):
        day = datetime.date(1990, 1, 1) + datetime.timedelta(draw.randrange(14_000))
        lines.append(f"{day.isoformat()},{SEASONS[day.month % 12 // 3]}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def start(folder, words):
    command = [sys.executable, str(HERE / "seasons.py"), *words.split()]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=folder, env=ENVIRONMENT, **pipes)


def run(folder, words, status=0):
    process = start(folder, words)
    out, err = process.communicate(timeout=300)
    assert process.returncode == status, err
    return out, err


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with data and the trained run "whole"."""
    folder = tmp_path_factory.mktemp("seasons")
    write_dates(folder / "train.csv", 600, seed=1)
    write_dates(folder / "test.csv", 120, seed=2)
    out, _ = run(folder, f"{TRAIN} whole")
    assert "above majority by" in out and "saved in whole" in out
    return folder


@pytest.fixture(scope="module")
def exported(folder):
    out, _ = run(folder, "export whole")
    assert "model_int8.tflite" in out
    return folder


def weights_of(path):
    with zipfile.ZipFile(path / "model.keras") as archive:
        return archive.read("model.weights.h5")


def test_the_task_is_a_page():
    lines = (HERE / "season_task.py").read_text("utf-8").splitlines()
    assert len(lines) <= MOST_LINES


def test_it_learns_what_the_months_say(folder):
    scores = read_json(folder / "whole" / "metrics.json", "")["test"]
    assert scores["rows"] == 120 and scores["accuracy"] > 0.7


def test_a_killed_training_goes_on_where_it_was(folder):
    process = start(folder, f"{TRAIN} killed")
    deadline = time.monotonic() + 200
    while not (folder / "killed/checkpoint/last.npz").exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    run(folder, "predict killed 2024-07-14", status=1)  # it is unfinished
    _, err = run(folder, f"{TRAIN} killed")
    assert "resuming killed" in err
    assert weights_of(folder / "killed") == weights_of(folder / "whole")


def test_it_is_compared_with_its_baseline(folder):
    out, err = run(folder, "evaluate whole")
    assert "above majority by" in out
    assert "scoring 120 test dates\n" in err
    same, err = run(folder, "evaluate whole -q")
    assert same == out and "scoring" not in err
    metrics = read_json(folder / "whole" / "metrics.json", "")
    assert metrics["baselines"]["majority"]["accuracy"] < metrics["test"]["accuracy"]
    card = (folder / "whole" / "README.md").read_text("utf-8")
    assert "above majority by" in card
    assert (folder / "whole" / "plots" / "history.png").exists()
    first = (folder / "whole" / "predictions.csv").read_text("utf-8").splitlines()[0]
    assert first == "date,label,predicted,probability"


def test_it_answers_and_explains(folder):
    out, _ = run(folder, "predict whole 2024-07-14 2024-01-20 --format json --top-k 2")
    summer, winter = json.loads(out)
    assert summer["predictions"][0]["label"] == "summer"
    assert len(winter["predictions"]) == 2
    run(folder, "explain whole 2024-07-14 --output why.csv")
    rows = (folder / "why.csv").read_text("utf-8").splitlines()
    falls = [float(row.split(",")[1]) for row in rows]
    assert len(falls) == 10 and np.argmax(np.abs(falls)) in (5, 6)  # the month


def test_its_files_are_verified_and_answer_alike(exported):
    report = read_json(exported / "whole/export/export_report.json", "")
    assert report["files"]["model_float32.tflite"]["disagreements"] == 0
    assert report["files"]["savedmodel"]["disagreements"] == 0
    answers = {
        run(exported, f"predict whole 2024-07-14 --engine {engine}")[0].split("\t")[0]
        for engine in ("keras", "savedmodel", "tflite")
    }
    assert answers == {"summer"}


def test_its_files_are_inspected_timed_and_compared(exported):
    out, _ = run(exported, "inspect whole/export/model_int8.tflite")
    assert "task: seasons" in out and "accuracy" in out
    out, _ = run(exported, "benchmark whole")
    assert "model_float16.tflite" in out
    out, _ = run(exported, "compare whole whole")
    assert "model_int8.tflite MB" in out and "test accuracy" in out


def test_it_moves_without_its_data(exported, tmp_path):
    shutil.copytree(exported / "whole", tmp_path / "moved")
    out, _ = run(tmp_path, "export moved --format tflite --variants float32")
    assert "model_float32.tflite" in out
    report = read_json(tmp_path / "moved/export/export_report.json", "")
    assert report["examples"] == {"split": "test", "rows": 120, "of": 120, "seed": 0}
    write_dates(tmp_path / "other.csv", 30, seed=3)
    out, err = run(tmp_path, "evaluate moved --test other.csv")
    assert "majority" not in out
    assert "train.csv: no such file" in err
    (seen,) = re.findall(r"other.csv: (\d+) of its 30 rows were trained on", err)
    assert f"test, {30 - int(seen)} rows" in out
    _, err = run(tmp_path, "evaluate moved", status=1)
    assert "train.csv: no such file" in err and err.rstrip().endswith("--test F")
    out, _ = run(tmp_path, "benchmark moved --test other.csv")
    assert "model_float32.tflite" in out


def test_the_command_line_knows_it(folder):
    out, _ = run(folder, "--help")
    assert "seasons" in out
    out, _ = run(folder, "train seasons --help")
    assert "--epochs" in out
    _, err = run(folder, f"{TRAIN} wrong --epochs 0", status=2)
    assert err.splitlines()[-1].startswith("polyhead: error: epochs is 0")
    _, err = run(folder, "backtest whole", status=2)
    assert "backtest is of no use here" in err
