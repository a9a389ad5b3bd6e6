"""How the heads are weighed: on logits whose best factors are known."""

import numpy as np

from polyhead.apps.common.classification.training import fit_scales


def softmax(logits):
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponents / exponents.sum(axis=1, keepdims=True)


def draw(logits, rng):
    chances = np.cumsum(softmax(logits), axis=1)
    drawn = (rng.random((len(logits), 1)) > chances).sum(axis=1)
    return np.minimum(drawn, logits.shape[1] - 1)


def test_one_head_gets_its_temperature():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(20_000, 4)) * 2
    scales = fit_scales({"joint": logits * 3}, draw(logits, rng))
    assert abs(scales["joint"] - 1 / 3) < 0.02


def test_a_head_of_noise_counts_nothing():
    rng = np.random.default_rng(1)
    logits = rng.normal(size=(20_000, 3)) * 2
    heads = {"joint": logits, "wide": rng.normal(size=logits.shape)}
    scales = fit_scales(heads, draw(logits, rng))
    assert abs(scales["joint"] - 1) < 0.05
    assert scales["wide"] < 0.05


def test_two_halves_are_added():
    rng = np.random.default_rng(2)
    one, other = rng.normal(size=(2, 20_000, 3)) * 2
    labels = draw(one + 0.5 * other, rng)
    scales = fit_scales({"deep": one, "wide": other}, labels)
    assert abs(scales["deep"] - 1) < 0.05
    assert abs(scales["wide"] - 0.5) < 0.05


def test_several_labels_to_a_text():
    rng = np.random.default_rng(3)
    logits = rng.normal(size=(10_000, 5)) * 2
    labels = rng.random(logits.shape) < 1 / (1 + np.exp(-logits))
    scales = fit_scales({"joint": logits / 2}, labels)
    assert abs(scales["joint"] - 2) < 0.05
