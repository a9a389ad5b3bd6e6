"""Training a text classifier: what the loss is given, and beginning from a run."""

from dataclasses import replace

import keras
import numpy as np
from review_tools import TINY, make_reviews, write_csv

from polyhead.apps import text_classification
from polyhead.apps.common.classification.training import make_targets
from polyhead.apps.common.run import loop
from polyhead.apps.common.run.settings import resolve
from polyhead.apps.common.run.trainer import start_training
from polyhead.apps.common.text.batches import training_batches
from polyhead.apps.text_classification import TASK, Config

TEXTS = ["a superb film", "an awful, tedious evening", "", "猫 😀 the music"]


def start(config):
    """The filled configuration, the data, the assets and the `Training`."""
    steps, config = TASK.steps(), resolve(TASK, config)
    data = steps.load_data(config)
    assets = steps.make_assets(config, data, None)
    config = steps.fit_config(config, assets, data)
    return config, data, assets, start_training(steps, config, assets, data)


def test_the_loss_gets_targets_and_weights_in_the_order_of_the_texts(tmp_path):
    pairs = [
        (f"{'rare' if n % 10 == 0 else 'often'} {n}", "ab"[n % 10 == 0])
        for n in range(200)
    ]
    config = Config(
        train=write_csv(tmp_path / "a.csv", pairs), class_weights=True, **TINY
    )
    config = replace(config, label_smoothing=0.1, batch_size=16)
    config, data, assets, training = start(config)
    batches = training.make_epoch(0)
    assert len(batches) == training.steps
    rare = assets.tokenizer.encode("rare")
    seen = 0
    for ids, targets, weights in batches[:]:
        is_rare = targets["joint"][:, 1] > 0.5
        assert set(targets) == set(weights) == {"joint", "wide", "deep"}
        assert np.allclose(weights["deep"][is_rare], 5)
        assert np.allclose(weights["deep"][~is_rare], 5 / 9)
        spelled = (ids[:, : len(rare)] == rare).all(axis=1)
        assert not (spelled & ~is_rare).any()
        seen += len(ids)
    readings = 2 if config.consistency else 1
    assert seen == readings * len(data.train.inputs)


# The texts of an epoch, which are trained on in batches of four.
SHORT, LONG = "the film", "the film and the music of it and the story " * 3
EPOCHS = [[LONG] * 12 + [SHORT] * 4, [SHORT] * 8, [SHORT, LONG] * 6, [LONG] * 4, [LONG]]


def test_texts_of_any_lengths_are_trained_on(tmp_path):
    """Of one length, of two, in one batch, and one alone."""
    path = write_csv(tmp_path / "a.csv", make_reviews(60, seed=1))
    settings = {"consistency": 1.0, "class_weights": True, "batch_size": 4}
    config = Config(train=path, **TINY, **settings)
    config, data, assets, training = start(config)
    names = list(training.model.output)

    def make_epoch(number):
        texts = EPOCHS[number]
        labels = np.arange(len(texts)) % 2
        targets = make_targets(config, labels, 2, names)
        return training_batches(config, assets.tokenizer, texts, targets)(number)

    state = loop.train(
        training.model,
        make_epoch,
        len(EPOCHS),
        lambda model: {"accuracy": 1.0},
        "accuracy",
        tmp_path / "checkpoint",
        9,
    )
    assert len(state.history) == len(EPOCHS)
    assert all(np.isfinite(row["loss"]) for row in state.history)


def test_a_run_begins_from_an_older_one(review_run, tmp_path):
    config = Config(
        train=write_csv(tmp_path / "new.csv", make_reviews(80, seed=7)),
        init_from=str(review_run.path),
        run=str(tmp_path / "run"),
        epochs=1,
        learning_rate=1e-6,
    )
    run = text_classification.train(config, quiet=True)
    assert run.config.preset == "tiny" and run.config.wide_buckets == 1024
    tokenizers = [(r.path / "tokenizer.json").read_text() for r in (run, review_run)]
    assert tokenizers[0] == tokenizers[1]
    texts = [text for text, _ in make_reviews(100, seed=6)]
    old, new = (r.probabilities(texts).argmax(axis=1) for r in (review_run, run))
    assert np.mean(old == new) > 0.97


def test_other_labels_get_heads_of_their_own(review_run, tmp_path):
    # As many as before, and in the other order: the old heads would be wrong.
    names = {"good": "1 fine", "bad": "2 poor"}
    pairs = [(text, names[label]) for text, label in make_reviews(80, seed=7)]
    config = Config(
        train=write_csv(tmp_path / "new.csv", pairs),
        init_from=str(review_run.path),
        run=str(tmp_path / "run"),
    )
    _, _, assets, training = start(config)
    assert assets.tokenizer.pieces == review_run.tokenizer.pieces
    model = training.model
    old = keras.saving.load_model(review_run.path / "model.keras", compile=False)
    for layer in filter(lambda layer: layer.weights, model.layers):
        pairs = zip(
            layer.get_weights(), old.get_layer(layer.name).get_weights(), strict=True
        )
        same = [np.array_equal(one, other) for one, other in pairs]
        assert not any(same) if layer.name in model.output else all(same)


def test_more_labels_than_before(review_run, tmp_path):
    pairs = make_reviews(200, seed=7)
    pairs = [(t, "mixed") if n % 5 == 0 else (t, y) for n, (t, y) in enumerate(pairs)]
    config = Config(
        train=write_csv(tmp_path / "new.csv", pairs),
        init_from=str(review_run.path),
        run=str(tmp_path / "run"),
        epochs=2,
    )
    run = text_classification.train(config, quiet=True)
    assert run.label_names == ("bad", "good", "mixed")
    assert run.probabilities(TEXTS).shape == (4, 3)
    assert run.predict(TEXTS[:1])[0][0][0] != "bad"
