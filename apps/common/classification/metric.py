"""What makes a classifier's exported answer right."""

import numpy as np

from ..export.verification import Metric
from .scores import count_labels, decide, macro_f1, main_metric

TIE = 1e-5  # closer than this, float32 decides nothing


def make_metric(
    labels: np.ndarray, multi_label: bool, thresholds: np.ndarray | float = 0.5
) -> Metric:
    """Accuracy, or with several labels to a text macro-F1 at the thresholds."""

    def score(outputs):
        answers = decide(outputs["probabilities"], multi_label, thresholds)
        if multi_label:
            counts = count_labels(labels, answers, labels.shape[1])
            return macro_f1(*counts, multi_label)
        return np.mean(answers == labels)

    def other_label(outputs, expected):
        given, keras_ = outputs["probabilities"], expected["probabilities"]
        chosen = np.take_along_axis(keras_, given.argmax(axis=1)[:, None], 1)[:, 0]
        return keras_.max(axis=1) - chosen > TIE

    def other_labels(outputs, expected):
        given, keras_ = outputs["probabilities"], expected["probabilities"]
        crossed = (given >= thresholds) != (keras_ >= thresholds)
        return (crossed & (np.abs(keras_ - thresholds) > TIE)).any(axis=1)

    if multi_label:
        return Metric(main_metric(True), score, other_labels)
    return Metric(main_metric(False), score, other_label)
