"""Resume: a training that was cut off ends where an unbroken one does."""

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from cut_tools import Cut, CutAt
from keras import ops
from review_tools import TINY, contents

import polyhead.apps
from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.run import loop as training
from polyhead.apps.common.run.checkpoint import load_arrays
from polyhead.apps.text_classification import train

EPOCHS, STEPS = 4, 6  # steps an epoch
LENGTHS = (16, 4, 8, 8, 8, 12)  # of the batches; those after the third are alike


def make_epoch(epoch):
    """Batches of several lengths, drawn anew each epoch."""
    rng = np.random.default_rng([3, epoch])
    batches = []
    for length in LENGTHS:
        x = rng.normal(size=(8, length, 3)).astype("float32")
        batches.append((x, x.sum(axis=(1, 2), keepdims=True)[:, 0] > 0))
    return batches


def make_model(ema):
    keras.utils.set_random_seed(1)
    x = keras.Input((None, 3))
    y = keras.layers.Dense(8, activation="gelu")(x)
    y = keras.layers.Dropout(0.3, seed=5)(y)
    y = keras.layers.GlobalAveragePooling1D()(y)
    y = keras.layers.BatchNormalization()(y)  # statistics are state as well
    model = keras.Model(x, keras.layers.Dense(1)(y))
    schedule = training.WarmUpDecay(0.02, 4, 5 * STEPS)
    optimizer = keras.optimizers.AdamW(schedule, use_ema=ema, ema_momentum=0.8)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile(optimizer, loss=loss)
    return model


def score(model):
    x, y = make_epoch(99)[0]
    found = ops.convert_to_numpy(model(x, training=False))
    return {"accuracy": float(np.mean((found > 0) == y))}


def run(folder, ema=False, epochs=EPOCHS, patience=9, cut=None, score=score):
    """The state and the weights after training, which `cut` may break off."""
    model = make_model(ema)
    callbacks = (CutAt(cut),) if cut else ()
    state = training.train(
        model,
        make_epoch,
        epochs,
        score,
        "accuracy",
        folder / "checkpoint",
        patience,
        callbacks=callbacks,
    )
    return state, model.get_weights()


def assert_same(one, other, tolerance=1e-6):
    for a, b in zip(one, other, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance)


def losses_of(state):
    return [row["loss"] for row in state.history]


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    """State and weights, without and with averages."""
    return [run(tmp_path_factory.mktemp("whole"), ema) for ema in (False, True)]


@pytest.mark.parametrize(
    "cut, ema, every_batch",
    [
        (2, True, True),  # in the first epoch
        (9, True, True),  # the next two batches are of one length, the last is longer
        (9, False, True),
        (11, True, True),  # one batch is left
        (12, True, True),  # the epoch's last batch is done, the epoch is not
        (17, True, False),  # goes back to the end of the second epoch
    ],
)
def test_a_broken_training_ends_where_an_unbroken_one_does(
    unbroken, tmp_path, monkeypatch, cut, ema, every_batch
):
    expected, weights = unbroken[ema]
    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", 0 if every_batch else 1e9)
    with pytest.raises(Cut):
        run(tmp_path, ema, cut=cut)
    state, found = run(tmp_path, ema)
    assert_same(found, weights)
    assert (state.epoch, state.step) == (EPOCHS, 0)
    assert state.best_epoch == expected.best_epoch
    scores = [[row["val_accuracy"] for row in s.history] for s in (state, expected)]
    assert scores[0] == scores[1] and len(scores[0]) == EPOCHS
    history = training.read_history(tmp_path / "history.csv")
    assert history["val_accuracy"] == scores[0]
    # The loss is the mean of all batches, before and after the break.
    assert_same(losses_of(state), losses_of(expected))


def test_a_finished_training_trains_no_more(tmp_path):
    _, weights = run(tmp_path, epochs=2)
    _, again = run(tmp_path, epochs=2, cut=1)
    assert_same(again, weights, 0)


def scripted(model):
    """Best after the second epoch, whatever is learned."""
    epoch = int(model.optimizer.iterations) // STEPS
    return {"accuracy": {1: 0.5, 2: 0.9}.get(epoch, 0.6)}


def test_early_stopping_survives(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", 0)
    whole, weights = run(tmp_path / "a", True, 9, 3, score=scripted)
    assert (whole.epoch, whole.best_epoch, whole.stopped) == (5, 1, True)
    with pytest.raises(Cut):
        run(tmp_path / "b", True, 9, 3, cut=4 * STEPS + 2, score=scripted)
    state, found = run(tmp_path / "b", True, 9, 3, score=scripted)
    assert (state.epoch, state.best_epoch, state.stopped) == (5, 1, True)
    assert_same(found, weights)
    # They are the best epoch's, not the last one's.
    _, second = run(tmp_path / "c", True, 2, score=scripted)
    assert_same(found, second)


def test_a_checkpoint_of_another_model_is_refused(tmp_path):
    run(tmp_path, epochs=1)
    other = make_model(ema=True)
    with pytest.raises(PolyheadError, match=r"last\.npz: .*add --overwrite") as caught:
        training.train(
            other, make_epoch, 2, score, "accuracy", tmp_path / "checkpoint", 9
        )
    assert "\n" not in str(caught.value)


ON_JAX = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import test_loop as tests
tests.training.CHECKPOINT_SECONDS = 0
folder = Path(sys.argv[2])
whole, weights = tests.run(folder / "whole", ema=True)
try:
    tests.run(folder / "cut", ema=True, cut=9)
except tests.Cut:
    pass
else:
    sys.exit("was not cut")
state, found = tests.run(folder / "cut", ema=True)
tests.assert_same(found, weights)
tests.assert_same(tests.losses_of(state), tests.losses_of(whole))
"""


def test_resume_on_jax(tmp_path):
    pytest.importorskip("jax")
    done = subprocess.run(
        [sys.executable, "-c", ON_JAX, str(Path(__file__).parent), str(tmp_path)],
        capture_output=True,
        text=True,
        env=os.environ | {"KERAS_BACKEND": "jax"},
    )
    assert done.returncode == 0, done.stderr


# The app.


def weights_of(path):
    return polyhead.apps.load(path).serving.model.get_weights()


@pytest.fixture(scope="module")
def interrupted(review_run, tmp_path_factory):
    """The config of a run that was cut off in its second epoch."""
    path = tmp_path_factory.mktemp("interrupted") / "run"
    config = replace(review_run.config, run=str(path))
    end, steps = training.Loop.on_train_batch_end, []

    def cut(self, batch, logs=None):
        end(self, batch, logs)
        steps.append(batch)
        if len(steps) == 14:
            raise Cut

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "CHECKPOINT_SECONDS", 0)
        patch.setattr(training.Loop, "on_train_batch_end", cut)
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
        training.read_history(each.path / "history.csv")["loss"]
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
from polyhead.apps.common.run import loop as training
from polyhead.apps.cli.main import main
kill_at, words = int(sys.argv[1]), sys.argv[2:]
steps, end = 0, training.Loop.on_train_batch_end
def on_train_batch_end(self, batch, logs=None):
    global steps
    steps += 1
    training.CHECKPOINT_SECONDS = 0 if steps == kill_at - 3 else 1e9
    end(self, batch, logs)
    if steps == kill_at:
        os.kill(os.getpid(), signal.SIGKILL)
training.Loop.on_train_batch_end = on_train_batch_end
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
