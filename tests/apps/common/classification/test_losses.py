"""The loss of a classifier: cross-entropy by hand, and agreement of two readings."""

import keras
import numpy as np
import pytest

from polyhead.apps.common.classification.training import ClassificationLoss


def losses(y_true, y_pred, **options):
    loss = ClassificationLoss(reduction=None, **options)
    return keras.ops.convert_to_numpy(loss(np.array(y_true), np.array(y_pred)))


def softmax(logits):
    exponents = np.exp(logits)
    return exponents / exponents.sum(axis=-1, keepdims=True)


def test_cross_entropy_by_hand():
    logits = np.array([[0.0, np.log(3.0)], [2.0, 2.0]])
    targets = [[0.1, 0.9], [1.0, 0.0]]
    expected = [-0.1 * np.log(0.25) - 0.9 * np.log(0.75), np.log(2.0)]
    np.testing.assert_allclose(losses(targets, logits), expected, rtol=1e-6)


def test_several_labels_are_yes_or_no_questions():
    logits, targets = np.array([[np.log(3.0), 0.0]]), [[1.0, 0.0]]
    expected = [(-np.log(0.75) - np.log(0.5)) / 2]
    found = losses(targets, logits, multi_label=True)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def kl(p, q):
    return (p * (np.log(p) - np.log(q))).sum(axis=-1)


def test_two_readings_that_disagree_cost_more():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 3, 4))
    targets = np.eye(4)[[0, 1, 2, 0, 1, 2]]
    both = np.concatenate([first, second])
    p, q = softmax(first), softmax(second)
    divergence = (kl(p, q) + kl(q, p)) / 2
    extra = losses(targets, both, consistency=2.0) - losses(targets, both)
    np.testing.assert_allclose(extra, 2.0 * np.tile(divergence, 2), rtol=1e-5)
    alike = np.concatenate([first, first])
    same = losses(targets, alike, consistency=2.0) - losses(targets, alike)
    np.testing.assert_allclose(same, 0, atol=1e-6)


def test_two_readings_of_several_labels():
    first, second = np.array([[0.5, -1.0]]), np.array([[1.5, -1.0]])
    targets = np.array([[1.0, 0.0], [1.0, 0.0]])
    both = np.concatenate([first, second])
    plain = losses(targets, both, multi_label=True)
    extra = losses(targets, both, multi_label=True, consistency=1.0) - plain
    p, q = 1 / (1 + np.exp(-np.array([0.5, 1.5])))
    pair = np.array([p, 1 - p]), np.array([q, 1 - q])
    divergence = (kl(*pair) + kl(*pair[::-1])) / 2 / 2  # the mean over two labels
    np.testing.assert_allclose(extra, [divergence] * 2, rtol=1e-5)


@pytest.mark.parametrize("multi_label", [False, True])
def test_it_survives_a_round_trip(multi_label):
    loss = ClassificationLoss(multi_label, 0.5)
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(loss)
    )
    assert (again.multi_label, again.consistency) == (multi_label, 0.5)
