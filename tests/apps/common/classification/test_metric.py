"""What makes a classifier's exported answer right."""

import numpy as np
import pytest

from polyhead.apps.common.classification.metric import TIE, make_metric


def test_the_metric_of_one_label():
    metric = make_metric(np.array([0, 1]), multi_label=False)
    expected = {"probabilities": np.array([[0.6, 0.4], [0.5, 0.5 + TIE / 2]])}
    swapped = {"probabilities": expected["probabilities"][:, ::-1]}
    assert metric.name == "accuracy" and metric.score(expected) == 1.0
    # A tie in float32 may fall either way; a decision may not.
    assert metric.differs(swapped, expected).tolist() == [True, False]


def test_the_metric_of_several_labels():
    labels = np.array([[True, False], [True, True]])
    metric = make_metric(labels, multi_label=True, thresholds=np.array([0.3, 0.7]))
    expected = {"probabilities": np.array([[0.4, 0.6], [0.31, 0.8]])}
    other = {"probabilities": np.array([[0.4, 0.71], [0.3, 0.8]])}
    assert metric.name == "macro_f1" and metric.score(expected) == 1.0
    assert metric.score(other) == pytest.approx((1 + 2 / 3) / 2)
    assert metric.differs(other, expected).tolist() == [True, False]
