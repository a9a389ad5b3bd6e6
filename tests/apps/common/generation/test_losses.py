"""The loss against a plain one, halves of a batch, and the threads for them."""

import os

import keras
import numpy as np
import pytest

from polyhead.apps.common.generation import losses
from polyhead.apps.common.generation.losses import limit_threads, smoothed_cross_entropy
from polyhead.apps.common.run.loop import EpochData, declare
from polyhead.apps.translation.model import Translator


def test_loss_is_cross_entropy_with_a_smoothed_target():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 3, 4)).astype("float32")
    table = rng.normal(size=(7, 4)).astype("float32")
    following = np.array([[3, 1, 0], [6, 2, 5]], np.int32)
    target = np.full((2, 3, 7), 0.2 / 7)
    np.put_along_axis(target, following[..., None], 0.8 + 0.2 / 7, axis=-1)
    logits = x @ table.T
    logp = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    expected = -(target * logp).sum(-1)[following > 0].mean()
    found = smoothed_cross_entropy(x, table, following, 0.2)
    assert float(found) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("rows", [2, 5])
def test_halves_of_a_batch_give_the_loss_of_the_whole(rows, monkeypatch):
    rng = np.random.default_rng(rows)
    translator = Translator(30, 1, 1, 8, 16, 2, seed=0)
    translator.build()
    model = losses.TrainedModel(translator, 0.1)
    source, target, following = rng.integers(1, 30, (3, rows, 6)).astype("int32")
    source[:, 4:] = following[:, 5:] = 0

    def loss(parts):
        monkeypatch.setattr(losses, "PARTS", parts)
        x = model((source, target), training=True)
        return float(model.compute_loss(y=following, y_pred=x))

    assert loss(2) == pytest.approx(loss(1), rel=1e-5)


@pytest.mark.parametrize("rows", [2, 3, 7])
def test_parts_hold_every_row_once(rows, monkeypatch):
    x = np.arange(rows * 2).reshape(rows, 2)
    for parts in (1, 2):
        monkeypatch.setattr(losses, "PARTS", parts)
        pieces = losses.split_rows(x)
        assert len(pieces) == parts and all(len(piece) for piece in pieces)
        np.testing.assert_array_equal(np.concatenate(pieces), x)


def test_no_loss_where_all_is_padding():
    x = np.ones((2, 3, 4), "float32")
    table = np.ones((7, 4), "float32")
    assert float(smoothed_cross_entropy(x, table, np.zeros((2, 3), np.int32))) == 0


def test_validation_leaves_the_smoothing_out():
    translator = Translator(30, 1, 1, 8, 16, 2, seed=0)
    translator.build()
    model = losses.TrainedModel(translator, 0.3)
    following = np.array([[3, 4, 2], [5, 2, 0]], np.int32)
    x = model((following, following))
    table = translator.embedding.embedding.embeddings
    for training, smoothing in ((True, 0.3), (False, 0.0)):
        loss = model.compute_loss(y=following, y_pred=x, training=training)
        wanted = smoothed_cross_entropy(x, table, following, smoothing)
        assert float(loss) == pytest.approx(float(wanted), rel=1e-6)


def test_threads_are_limited_once_and_as_the_user_wants(monkeypatch):
    name = "TF_NUM_INTRAOP_THREADS"
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(losses, "PARTS", 2)
    monkeypatch.setenv(name, "1")  # so that it is given back at the end
    monkeypatch.delenv(name)
    limit_threads()
    assert os.environ[name] == "4"
    monkeypatch.setenv(name, "7")
    limit_threads()
    assert os.environ[name] == "7"
    monkeypatch.setattr(losses, "PARTS", 1)
    monkeypatch.delenv(name)
    limit_threads()
    assert name not in os.environ


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_training_logs_the_loss_without_smoothing_of_all_its_pieces(smoothing):
    translator = Translator(30, 1, 1, 8, 16, 2, dropout=0.0, seed=0)
    translator.build()
    model = losses.TrainedModel(translator, smoothing)
    model.compile(keras.optimizers.SGD(0.0))  # the weights stay
    rng = np.random.default_rng(1)
    total, pieces, batches = 0.0, 0, []
    for rows, length in ((4, 6), (2, 3)):
        source, target, following = rng.integers(1, 30, (3, rows, length), "int32")
        following[0, 2:] = 0
        batches.append(((source, target), following))
        x = model((source, target), training=False)
        table = translator.embedding.embedding.embeddings
        count = int((following > 0).sum())
        total += count * float(smoothed_cross_entropy(x, table, following))
        pieces += count
    epoch = declare(EpochData(batches), fixed_length=False)
    logs = model.fit(epoch, verbose=0).history
    assert logs["plain_loss"] == [pytest.approx(total / pieces, rel=1e-4)]
    assert logs["loss"] != logs["plain_loss"]  # a mean of batches, smoothed
