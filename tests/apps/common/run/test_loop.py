"""Resume: a training that was cut off ends where an unbroken one does."""

import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from cut_tools import Cut, CutAt, assert_same
from keras import ops

from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.run import loop
from polyhead.apps.common.run.schedules import WarmUpDecay

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
    schedule = WarmUpDecay(0.02, 4, 5 * STEPS)
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
    state = loop.train(
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
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0 if every_batch else 1e9)
    with pytest.raises(Cut):
        run(tmp_path, ema, cut=cut)
    state, found = run(tmp_path, ema)
    assert_same(found, weights)
    assert (state.epoch, state.step) == (EPOCHS, 0)
    assert state.best_epoch == expected.best_epoch
    scores = [[row["val_accuracy"] for row in s.history] for s in (state, expected)]
    assert scores[0] == scores[1] and len(scores[0]) == EPOCHS
    history = loop.read_history(tmp_path / "history.csv")
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
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0)
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
        loop.train(other, make_epoch, 2, score, "accuracy", tmp_path / "checkpoint", 9)
    assert "\n" not in str(caught.value)


ON_JAX = """
import sys
from pathlib import Path
folder = Path(sys.argv[1])
sys.path[:0] = sys.argv[2:]
import test_loop as tests
tests.loop.CHECKPOINT_SECONDS = 0
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
    here = Path(__file__).parent
    tools = here.parents[1]
    done = subprocess.run(
        [sys.executable, "-c", ON_JAX, str(tmp_path), str(here), str(tools)],
        capture_output=True,
        text=True,
        env=os.environ | {"KERAS_BACKEND": "jax"},
    )
    assert done.returncode == 0, done.stderr


def test_a_row_an_epoch_is_read_as_columns(tmp_path):
    path = tmp_path / "history.csv"
    assert loop.read_history(path) == {}
    loop.write_history(
        path, [{"epoch": 1, "loss": 0.5}, {"epoch": 2, "val_loss": 0.25}]
    )
    history = loop.read_history(path)
    assert history["epoch"] == [1, 2] and history["loss"][0] == 0.5
    assert np.isnan(history["loss"][1]) and history["val_loss"][1] == 0.25
