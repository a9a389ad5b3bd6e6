"""How good a classifier is on validation data after each epoch."""

import numpy as np

from .scores import count_labels, macro_f1, tune_thresholds


def score_probabilities(
    probabilities: np.ndarray, labels: np.ndarray
) -> dict[str, float]:
    """Accuracy, or with several labels to an example macro-F1; and the loss.

    Args:
        probabilities: `(rows, labels)`.
        labels: ids `(rows,)`, or `(rows, labels)` booleans.
    """
    if labels.ndim == 2:
        chance = np.where(labels, probabilities, 1 - probabilities)
        answers = probabilities >= tune_thresholds(probabilities, labels)
        hits, given, support = count_labels(labels, answers, labels.shape[1])
        f1 = macro_f1(hits, given, support, multi_label=True)
        measures = {"macro_f1": float(f1)}
    else:
        chance = probabilities[np.arange(len(labels)), labels]
        right = probabilities.argmax(axis=1) == labels
        measures = {"accuracy": float(np.mean(right))}
    return measures | {"loss": float(-np.log(np.maximum(chance, 1e-7)).mean())}
