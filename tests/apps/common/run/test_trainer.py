"""A run's training: interrupted, killed, resumed, and what is written of it."""

import json
import shutil
import signal
import subprocess
import sys
from dataclasses import replace

import pytest
from cut_tools import Cut, assert_same
from review_tools import TINY, contents

import polyhead.apps
from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.run import loop
from polyhead.apps.common.run.checkpoint import load_arrays
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
        loop.read_history(each.path / "history.csv")["loss"]
        for each in (run, review_run)
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
