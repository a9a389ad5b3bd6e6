"""Batches of any sizes; a training cut off ends where an unbroken one does."""

import json
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
from polyhead.apps.common.history import read_history
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


# Sizes `(rows, length)` of the batches of an epoch.
ANY_SIZES = [
    [(8, 8), (8, 8), (8, 16)],  # the third is of another length
    [(8, 8), (8, 8), (3, 8)],  # of another number of rows
    [(4, 8), (4, 16), (4, 8)],
    [(8, 8)],
    [(1, 8)],
]


def test_batches_of_any_sizes(tmp_path):
    seen, traced = [], []

    class Count(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(batch)

    class Traced(keras.layers.Dense):
        def call(self, x):
            traced.append(x.shape)
            return super().call(x)

    model = keras.Sequential([keras.Input((None, 3)), Traced(1)])
    model.compile("sgd", loss="mse")
    before = len(traced)
    state = loop.train(
        model,
        lambda epoch: [(np.ones((*n, 3)), np.ones((*n, 1))) for n in ANY_SIZES[epoch]],
        len(ANY_SIZES),
        lambda model: {"accuracy": 1.0},
        "accuracy",
        tmp_path / "checkpoint",
        9,
        callbacks=[Count()],
    )
    assert seen == [step for sizes in ANY_SIZES for step in range(len(sizes))]
    assert np.isfinite(losses_of(state)).all() and len(losses_of(state)) == 5
    # All batches of all epochs go through one compiled step.
    assert len(traced) == before + 1


def test_a_size_that_is_said_to_be_fixed_is_known_to_the_model():
    batches = [({"x": np.ones((2, 8, 3))}, np.ones((2, 4), "int32"), np.ones(2))]
    data = loop.EpochData(batches)
    fixed, varying = (loop.declare(data, flag).element_spec for flag in (True, False))
    shapes = [
        [s.shape.as_list() for s in keras.tree.flatten(e)] for e in (fixed, varying)
    ]
    assert shapes[0] == [[None, 8, 3], [None, 4], [None]]
    assert shapes[1] == [[None, None, 3], [None, None], [None]]


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
    history = read_history(tmp_path / "history.csv")
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
    # Patience ends after epoch 5; then the rate falls to zero in two more epochs.
    assert (whole.epoch, whole.best_epoch, whole.stopped) == (7, 1, True)
    assert whole.cool_down == [5 * STEPS, 2 * STEPS]
    for steps in (4, 2):  # before and within the cool-down
        with pytest.raises(Cut):
            run(tmp_path / "b", True, 9, 3, cut=steps * STEPS + 2, score=scripted)
    state, found = run(tmp_path / "b", True, 9, 3, score=scripted)
    assert (state.epoch, state.best_epoch, state.stopped) == (7, 1, True)
    assert_same(found, weights)
    # They are the best epoch's, not the last one's.
    _, second = run(tmp_path / "c", True, 2, score=scripted)
    assert_same(found, second)


TIES = {  # epoch -> exact match and loss
    "zeros": [(0.0, 3.0), (0.0, 2.0), (0.0, 1.0), (0.0, 0.9), (0.2, 1.5)],
    "worse": [(0.0, 3.0), (0.0, 2.0), (0.0, 2.5), (0.0, 2.1), (0.0, 2.0)],
    "perfect": [(0.5, 3.0), (1.0, 0.1), (1.0, 0.05), (1.0, 0.06), (1.0, 0.07)],
}


@pytest.mark.parametrize(
    "name, tie_breaker, best, epochs",
    [
        ("zeros", "loss", 5, 5),  # it does not stop before its first right answer
        ("worse", "loss", 2, 5),  # waits for two epochs, then cools down in one
        ("perfect", "loss", 3, 5),  # nor goes on for ever after its last
        ("perfect", None, 5, 5),  # the later of equal epochs
    ],
)
def test_equal_scores_are_told_apart(tmp_path, name, tie_breaker, best, epochs):
    scores = iter(TIES[name])
    state = loop.train(
        make_model(ema=False),
        make_epoch,
        len(TIES[name]),
        lambda model: dict(zip(("exact", "loss"), next(scores), strict=True)),
        "exact",
        tmp_path / "checkpoint",
        2,
        tie_breaker=tie_breaker,
    )
    assert (state.best_epoch + 1, state.epoch) == (best, epochs)


def test_a_resumed_training_remembers_what_broke_a_tie(tmp_path):
    def go(epochs, scores):
        values = iter(scores)
        return loop.train(
            make_model(ema=False),
            make_epoch,
            epochs,
            lambda model: dict(zip(("exact", "loss"), next(values), strict=True)),
            "exact",
            tmp_path / "checkpoint",
            9,
            tie_breaker="loss",
        )

    assert go(2, TIES["worse"][:2]).best_tie == 2.0
    state = go(4, TIES["worse"][2:4])
    assert (state.best_epoch, state.best_tie) == (1, 2.0)


def test_a_checkpoint_of_another_model_is_refused(tmp_path):
    run(tmp_path, epochs=1)
    other = make_model(ema=True)
    with pytest.raises(
        PolyheadError, match=r"last\.npz: .*delete .*checkpoint"
    ) as caught:
        loop.train(other, make_epoch, 2, score, "accuracy", tmp_path / "checkpoint", 9)
    assert "\n" not in str(caught.value)


def test_a_finished_training_goes_on(tmp_path):
    """Its best epoch is the one to beat, and the patience counts anew."""
    state, weights = run(tmp_path / "older", epochs=2, patience=9)
    best = {"train": {"best_epoch": state.best_epoch + 1}}
    (tmp_path / "older" / "metrics.json").write_text(json.dumps(best))
    model = make_model(ema=False)
    model.set_weights(weights)
    scores = iter([0.95] + [0.1] * 9)  # what the run keeps is better than it was
    last = loop.train(
        model,
        make_epoch,
        9,
        lambda model: {"accuracy": next(scores)},
        "accuracy",
        tmp_path / "new" / "checkpoint",
        3,
        older=tmp_path / "older",
    )
    assert (last.epoch, last.went_on, last.stopped) == (6, 2, True)
    assert (last.best_epoch, last.best_score) == (state.best_epoch, 0.95)
    assert [row["epoch"] for row in last.history] == [1, 2, 3, 4, 5, 6]
    assert last.seconds > state.seconds
    assert_same(model.get_weights(), weights, 0)


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
