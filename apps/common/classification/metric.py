"""What makes a classifier's exported answer right."""

import numpy as np

from ..export.verification import Metric, Outputs
from .scores import count_labels, decide, macro_f1, main_metric

TIE = 1e-5  # closer than this, float32 decides nothing


def make_metric(
    labels: np.ndarray, multi_label: bool, thresholds: np.ndarray | float = 0.5
) -> Metric:
    """Accuracy; with several labels to an input macro-F1 at the thresholds."""

    def score(outputs: Outputs) -> float:
        answers = decide(outputs["probabilities"], multi_label, thresholds)
        if multi_label:
            counts = count_labels(labels, answers, labels.shape[1])
            return macro_f1(counts, multi_label)
        return np.mean(answers == labels)

    def differs(outputs: Outputs, expected: Outputs) -> np.ndarray:
        given, keras_ = outputs["probabilities"], expected["probabilities"]
        if multi_label:
            crossed = (given >= thresholds) != (keras_ >= thresholds)
            return (crossed & (np.abs(keras_ - thresholds) > TIE)).any(axis=1)
        chosen = np.take_along_axis(keras_, given.argmax(axis=1)[:, None], 1)[:, 0]
        return keras_.max(axis=1) - chosen > TIE

    def agree(outputs: Outputs, expected: Outputs) -> float:
        return 100 * float(1 - np.mean(differs(outputs, expected)))

    metric = main_metric(multi_label)
    return Metric(metric, score, differs, likeness={"agreement": agree})
