"""What the loss of a classifier is given: smoothed targets, and weights."""

import numpy as np
import pytest

from polyhead.apps.common.classification.training import (
    example_weights,
    probabilities_of,
    targets_of,
)


def test_targets_are_smoothed():
    labels = np.array([0, 2])
    found = targets_of(labels, 4, 0.2)
    np.testing.assert_allclose(
        found, [[0.85, 0.05, 0.05, 0.05], [0.05, 0.05, 0.85, 0.05]], atol=1e-6
    )
    assert found.dtype == np.float32
    several = targets_of(np.array([[True, False]]), 2, 0.2)
    np.testing.assert_allclose(several, [[0.9, 0.1]], atol=1e-6)
    assert several.dtype == np.float32


def test_rare_labels_weigh_more():
    weights = example_weights(np.array([0, 0, 0, 1]))
    np.testing.assert_allclose(weights, [2 / 3, 2 / 3, 2 / 3, 2])
    labels = np.array([[1, 0], [1, 1], [0, 0], [1, 0]], bool)
    weights = example_weights(labels)
    assert weights[1] / weights[0] == pytest.approx(3)
    assert weights[2] == pytest.approx(weights[[0, 1, 3]].mean())
    assert weights.mean() == pytest.approx(1)


def test_logits_become_probabilities():
    logits = np.array([[1000.0, 1000.0 + np.log(3.0)], [0.0, 0.0]])
    one = probabilities_of(logits, multi_label=False)
    np.testing.assert_allclose(one, [[0.25, 0.75], [0.5, 0.5]])
    several = probabilities_of(np.array([[0.0, np.log(3.0)]]), multi_label=True)
    np.testing.assert_allclose(several, [[0.5, 0.75]])
