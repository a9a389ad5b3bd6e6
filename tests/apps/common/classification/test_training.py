"""Training a classifier: targets, scores after an epoch, and new heads."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest

from polyhead.apps.common.classification.training import (
    compile_classifier,
    make_targets,
    make_validation,
    mean_logits,
    reset_heads,
    score_probabilities,
)

CONFIG = SimpleNamespace(
    class_weights=True,
    label_smoothing=0.2,
    learning_rate=0.5,
    warmup_steps=2,
    weight_decay=0.01,
    ema=0.9,
    epochs=3,
    consistency=0.0,
)


def make_model():
    keras.utils.set_random_seed(0)
    x = keras.Input((4,))
    heads = {name: keras.layers.Dense(2, name=name)(x) for name in ("joint", "wide")}
    return keras.Model(x, heads)


def test_every_head_gets_the_targets_and_weights_of_the_rows():
    labels = np.array([0, 0, 0, 1])
    targets, weights = make_targets(CONFIG, labels, 2, ["joint", "wide"])(
        np.array([3, 0])
    )
    assert set(targets) == set(weights) == {"joint", "wide"}
    np.testing.assert_allclose(targets["wide"], [[0.1, 0.9], [0.9, 0.1]], atol=1e-6)
    np.testing.assert_allclose(weights["joint"], [2, 2 / 3], rtol=1e-6)
    plain = SimpleNamespace(class_weights=False, label_smoothing=0.0)
    assert len(make_targets(plain, labels, 2, ["joint"])(np.array([1]))) == 1


def test_a_compiled_classifier_learns():
    model = make_model()
    model = compile_classifier(model, CONFIG, multi_label=False, steps=20)
    x = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")
    labels = (x[:, 0] > 0).astype(int)
    targets = {name: np.eye(2, dtype="float32")[labels] for name in model.output}
    losses = [model.train_on_batch(x, targets)[0] for _ in range(20)]
    assert losses[-1] < 0.5 * losses[0]
    assert model.optimizer.use_ema and model.optimizer.ema_momentum == 0.9


@pytest.mark.parametrize("multi_label", [False, True])
@pytest.mark.parametrize("settings", [{}, {"consistency": 2.0}])
def test_training_logs_the_loss_that_validation_measures(multi_label, settings):
    inner = make_model()
    config = SimpleNamespace(**vars(CONFIG) | {"learning_rate": 1e-9} | settings)
    model = compile_classifier(inner, config, multi_label, steps=20)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(8, 4)).astype("float32")
    labels = rng.random((8, 2)) < 0.4 if multi_label else rng.integers(0, 2, 8)
    fit = make_targets(config, labels, 2, list(model.output))(np.arange(8))
    logs = model.train_on_batch(x, *fit, return_dict=True)
    heads = {name: keras.ops.convert_to_numpy(y) for name, y in inner(x).items()}
    found = make_validation(lambda model: heads, labels).score(inner)["loss"]
    # Neither the heads nor smoothing, weights and consistency are in it.
    assert logs["plain_loss"] == pytest.approx(found, rel=1e-4)
    assert logs["loss"] > 1.5 * found
    assert model.get_layer("wide") is inner.get_layer("wide")
    assert len(model.get_weights()) == len(inner.get_weights())


def test_scores_by_hand():
    probabilities = np.array([[0.9, 0.1], [0.4, 0.6], [0.5, 0.5]])
    one = score_probabilities(probabilities, np.array([0, 0, 1]))
    assert one["accuracy"] == pytest.approx(1 / 3)
    assert one["loss"] == pytest.approx(-np.log(0.9 * 0.4 * 0.5) / 3)
    labels = np.array([[True, False], [False, True], [False, False]])
    several = score_probabilities(probabilities, labels)
    assert several["macro_f1"] == 1.0  # at the best threshold of each label
    right = [0.9, 0.9, 0.6, 0.6, 0.5, 0.5]
    assert several["loss"] == pytest.approx(-np.log(right).mean())


def test_a_model_is_scored_by_the_mean_of_its_heads():
    heads = {"joint": np.array([[4.0, 0.0]]), "wide": np.array([[0.0, 1.0]])}
    np.testing.assert_array_equal(mean_logits(heads), [[2.0, 0.5]])
    validation = make_validation(lambda model: heads, np.array([0]))
    assert validation.monitor == "accuracy"
    assert validation.score(None)["accuracy"] == 1.0
    assert validation.score(None)["loss"] == pytest.approx(np.log1p(np.exp(-1.5)))
    several = make_validation(lambda model: heads, np.array([[True, False]]))
    assert several.monitor == "macro_f1" and several.larger_is_better


def test_heads_forget_what_they_learned():
    model = make_model()
    for name in ("joint", "wide"):
        kernel, bias = model.get_layer(name).weights
        kernel.assign(np.full((4, 2), 7.0))
        bias.assign([1.0, 2.0])
    reset_heads(model)
    for name in ("joint", "wide"):
        kernel, bias = model.get_layer(name).get_weights()
        assert np.abs(kernel).max() < 2 and np.unique(kernel).size == 8
        assert bias.tolist() == [0.0, 0.0]
