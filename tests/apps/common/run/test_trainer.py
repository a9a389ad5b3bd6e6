"""A run's training: interrupted, killed, resumed, and what is written of it."""

import json
import shutil
import signal
import subprocess
import sys
from dataclasses import replace

import pytest
from cut_tools import Cut, assert_same
from golden_tools import RUNS, copy_golden, golden_config
from review_tools import TINY, contents

import polyhead.apps
from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.history import read_history
from polyhead.apps.common.run import loop
from polyhead.apps.common.run.checkpoint import load_arrays
from polyhead.apps.common.run.loop import State
from polyhead.apps.common.run.trainer import Training, describe_training, say
from polyhead.apps.common.run.trainer import train as train_task
from polyhead.apps.registry import find_task, task_names
from polyhead.apps.text_classification import train


def weights_of(path):
    return polyhead.apps.load(path).serving.model.get_weights()


@pytest.fixture(scope="module")
def interrupted(review_run, tmp_path_factory):
    """The config of a run that was cut off in its second epoch."""
    path = tmp_path_factory.mktemp("interrupted") / "run"
    config = replace(review_run.config, run=str(path))
    end, steps = loop.Loop.on_train_batch_end, []

    def cut(self, batch, logs=None):
        end(self, batch, logs)
        steps.append(batch)
        if len(steps) == 14:
            raise Cut

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "CHECKPOINT_SECONDS", 0)
        patch.setattr(loop.Loop, "on_train_batch_end", cut)
        with pytest.raises(Cut):
            train(config, quiet=True)
    return config


def copy_run(config, path):
    shutil.copytree(config.run, path)
    return replace(config, run=str(path))


def test_an_interrupted_run_goes_on(interrupted, review_run, tmp_path, capsys):
    """With units, n-grams and pieces dropped; the same command ends the same."""
    config = copy_run(interrupted, tmp_path / "run")
    _, state = load_arrays(tmp_path / "run" / "checkpoint" / "last.npz")
    assert state["epoch"] == 1 and state["step"] > 0
    run = train(config)
    assert "resuming" in capsys.readouterr().err
    assert_same(weights_of(run.path), weights_of(review_run.path), 1e-4)
    assert run.metrics["test"] == review_run.metrics["test"]
    losses = [
        read_history(each.path / "history.csv")["loss"] for each in (run, review_run)
    ]
    assert losses[0] == pytest.approx(losses[1], abs=1e-4)
    assert not (run.path / "checkpoint").exists()


@pytest.mark.parametrize("name", ["last.npz", "best.npz"])
def test_a_corrupt_checkpoint_is_one_clear_line(interrupted, tmp_path, name):
    config = copy_run(interrupted, tmp_path / "run")
    broken = tmp_path / "run" / "checkpoint" / name
    broken.write_bytes(broken.read_bytes()[:-2000])
    before = contents(tmp_path)
    with pytest.raises(PolyheadError) as caught:
        train(config, quiet=True)
    assert str(caught.value).startswith(f"{broken}: not a readable checkpoint")
    assert str(caught.value).endswith("train again with --overwrite")
    assert "\n" not in str(caught.value)
    assert contents(tmp_path) == before


# Trains by the command, and kills itself three steps after a checkpoint.
DRIVER = """
import os, signal, sys
import polyhead.apps
from polyhead.apps.common.run import loop
from polyhead.apps.cli.main import main
kill_at, words = int(sys.argv[1]), sys.argv[2:]
steps, end = 0, loop.Loop.on_train_batch_end
def on_train_batch_end(self, batch, logs=None):
    global steps
    steps += 1
    loop.CHECKPOINT_SECONDS = 0 if steps == kill_at - 3 else 1e9
    end(self, batch, logs)
    if steps == kill_at:
        os.kill(os.getpid(), signal.SIGKILL)
loop.Loop.on_train_batch_end = on_train_batch_end
sys.exit(main(words))
"""


def drive(kill_at, words):
    return subprocess.run(
        [sys.executable, "-c", DRIVER, str(kill_at), *words],
        capture_output=True,
        text=True,
    )


@pytest.mark.timeout(600)  # three processes
def test_deterministic_runs_are_bit_equal_even_if_killed(reviews, tmp_path):
    settings = [f"{k}={v}" for k, v in (TINY | {"ema": 0.9}).items() if k != "preset"]
    words = ["train", "text-classification", "--deterministic", "--epochs", "2"]
    words += ["--train", str(reviews / "train.csv"), "--preset", "tiny"]
    words += [word for setting in settings for word in ("--set", setting)]
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    done = drive(0, [*words, "--run", str(whole)])
    assert done.returncode == 0, done.stderr
    done = drive(14, [*words, "--run", str(killed)])
    assert done.returncode == -signal.SIGKILL, done.stderr
    _, state = load_arrays(killed / "checkpoint" / "last.npz")
    assert (state["epoch"], state["step"]) == (1, 2)
    done = drive(0, [*words, "--run", str(killed)])
    assert done.returncode == 0, done.stderr
    assert "resuming" in done.stderr
    assert_same(weights_of(killed), weights_of(whole), 0)
    metrics = [json.loads((f / "metrics.json").read_text()) for f in (killed, whole)]
    assert metrics[0]["validation"] == metrics[1]["validation"]


# Rows of words that the tokenizer has not seen.
ADDED = {
    "reviews.csv": '"a zebra and a quagga","good"\n' * 40,
    "train.words": "quagga zebra\n" * 40,
    "train.digits": "7 0\n" * 40,
}


@pytest.mark.parametrize("name", [n for n in task_names() if n in RUNS])
def test_a_resumed_run_keeps_its_tokenizer(name, tmp_path, monkeypatch):
    task = find_task(name)
    path = copy_golden(task, tmp_path)
    if not (path / "tokenizer.json").exists():
        pytest.skip(f"{name} has no tokenizer")
    config = golden_config(task, path, run=str(tmp_path / "run"), epochs=2)
    end = loop.Loop.on_train_batch_end

    def cut(self, batch, logs=None):
        end(self, batch, logs)
        raise Cut

    with monkeypatch.context() as patch:
        patch.setattr(loop, "CHECKPOINT_SECONDS", 0)
        patch.setattr(loop.Loop, "on_train_batch_end", cut)
        with pytest.raises(Cut):
            train_task(task, config, quiet=True)
    before = (tmp_path / "run" / "tokenizer.json").read_bytes()
    for file, lines in ADDED.items():
        with open(tmp_path / "data" / file, "a") as data:
            data.write(lines)
    # These data would make another tokenizer.
    steps = task.steps()
    data = steps.load_data(config)
    (tmp_path / "other").mkdir()
    assets = steps.make_assets(config, data, None)
    steps.save_assets(assets, tmp_path / "other")
    assert (tmp_path / "other" / "tokenizer.json").read_bytes() != before
    run = train_task(task, config, quiet=True)
    assert (run.path / "tokenizer.json").read_bytes() == before
    assert run.metrics["train"]["epochs"] == 2


@pytest.mark.parametrize("name", [n for n in task_names() if n in RUNS])
def test_evaluate_keeps_what_was_added_on_the_data(name, tmp_path, monkeypatch):
    path = copy_golden(find_task(name), tmp_path)
    monkeypatch.chdir(tmp_path)  # the run names its data relative to this folder
    notes = "\n## Data\n\nMade by hand, CC0.\n"
    with open(path / "README.md", "a", encoding="utf-8") as card:
        card.write(notes)
    polyhead.apps.load(path).evaluate()
    card = (path / "README.md").read_text("utf-8")
    assert card.endswith(notes) and card.count("## Data") == 1


def test_metrics_tell_of_the_training():
    history = [{"epoch": 1}, {"epoch": 2}]
    state = State(best_epoch=0, seconds=10.04, scoring_seconds=2.04, history=history)
    training = Training(None, None, steps=5, rows=60, unit="pairs", tokens=400)
    assert describe_training(training, state) == {
        "seconds": 10.0,
        "pairs_per_second": 12.0,
        "tokens_per_second": 100,
        "epochs": 2,
        "best_epoch": 1,
    }
    training = Training(None, None, steps=5, rows=60, facts={"left_out": 3})
    facts = describe_training(training, state)
    assert "tokens_per_second" not in facts and facts["left_out"] == 3
    assert facts["examples_per_second"] == 12.0


def test_nothing_is_said_where_no_progress_is_shown(capsys):
    say(None, "a line")
    assert capsys.readouterr().err == ""
