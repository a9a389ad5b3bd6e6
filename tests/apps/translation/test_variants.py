"""Translators of other shapes, trained in other ways, and on another backend."""

import os
import subprocess
import sys

import numpy as np
import pytest
from number_tools import TINY, make_config, make_numbers

from polyhead.apps import load
from polyhead.apps.common.history import read_history
from polyhead.apps.common.run.settings import resolve
from polyhead.apps.translation import TASK, Config, train


@pytest.mark.parametrize(
    "settings",
    [
        {"norm_position": "post"},
        {"encoder_layers": 2, "decoder_layers": 1},
        {"ema": 0.0, "label_smoothing": 0.0},
        {"activation": "gelu", "dropout": 0.1},
        {"tokens_per_batch": 30},
    ],
    ids=lambda settings: "-".join(settings),
)
def test_other_ways_to_train(tmp_path, settings):
    epochs = 2 if "tokens_per_batch" in settings else 5
    run = train(make_config(tmp_path, "run", epochs=epochs, **settings), quiet=True)
    losses = read_history(run.path / "history.csv")["loss"]
    assert losses[-1] < 0.75 * losses[0]
    assert run.metrics["test"]["chrf"] > 15  # copying gives 0


def test_the_loss_may_decide_which_epoch_is_best(tmp_path):
    config = make_config(tmp_path, "run", epochs=6, monitor="loss", patience=2)
    run = train(config, quiet=True)
    losses = read_history(run.path / "history.csv")["val_loss"]
    assert run.metrics["train"]["best_epoch"] == int(np.argmin(losses)) + 1


def test_presets_are_what_they_say():
    phone = resolve(TASK, Config(train="a.csv", preset="phone"))
    assert phone.encoder_layers > 2 * phone.decoder_layers
    sizes = [
        resolve(TASK, Config(train="a.csv", preset=name)).hidden_dim
        for name in ("tiny", "small", "base")
    ]
    assert sizes == sorted(set(sizes))


def polyhead(folder, backend, *words):
    """Runs the command line in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "polyhead.apps", *words],
        env=os.environ | {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"},
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def words_of(config):
    """The command line of a configuration."""
    words = ["train", "translation", "--epochs", str(config.epochs), "--quiet"]
    for split in ("train", "validation", "test"):
        for side in ("source", "target"):
            words += [f"--{split}-{side}", getattr(config, f"{split}_{side}")]
    for name in TINY:
        words += ["--set", f"{name}={getattr(config, name)}"]
    return words


def test_a_run_trained_on_jax_is_one_for_tensorflow(tmp_path):
    config = make_config(tmp_path, "run", epochs=6)
    polyhead(tmp_path, "jax", *words_of(config), "--run", config.run)
    texts = [text for text, _ in make_numbers(40, 9)]
    lines = tmp_path / "lines.txt"
    lines.write_text("\n".join(texts) + "\n", encoding="utf-8")
    found = polyhead(tmp_path, "jax", "predict", config.run, "--file", str(lines))
    ours = [rows[0][0] for rows in load(config.run).predict(texts)]
    assert found.splitlines() == ours
    assert load(config.run).metrics["test"]["bleu"] > 20


@pytest.mark.slow
def test_deterministic_runs_are_equal(tmp_path):
    config = make_config(tmp_path, "run", epochs=2, dropout=0.2, piece_dropout=0.1)
    weights = []
    for name in ("first", "second"):
        words = [*words_of(config), "--deterministic", "--run", str(tmp_path / name)]
        polyhead(tmp_path, "tensorflow", *words)
        weights.append(load(tmp_path / name).serving.weights)
    for first, second in zip(*weights, strict=True):
        np.testing.assert_array_equal(first, second)
