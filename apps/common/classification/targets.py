"""Labels as targets of the loss, and logits as probabilities."""

import numpy as np


def targets_of(labels: np.ndarray, num_labels: int, smoothing: float) -> np.ndarray:
    """Labels as the target distributions of the loss, float32."""
    if labels.ndim == 2:
        labels = labels.astype(np.float32)
        return labels * np.float32(1 - smoothing) + np.float32(smoothing / 2)
    one_hot = np.eye(num_labels, dtype=np.float32)[labels]
    return one_hot * np.float32(1 - smoothing) + np.float32(smoothing / num_labels)


def example_weights(labels: np.ndarray) -> np.ndarray:
    """A weight an example: the inverse frequency of its (rarest) label, mean 1."""
    if labels.ndim == 2:
        inverse = labels.shape[0] / np.maximum(labels.sum(axis=0), 1)
        weights = np.where(labels, inverse, 0).max(axis=1)
        weights = np.where(weights > 0, weights, weights[weights > 0].mean())
    else:
        weights = 1.0 / np.bincount(labels)[labels]
    return (weights / weights.mean()).astype(np.float32)


def probabilities_of(logits: np.ndarray, multi_label: bool) -> np.ndarray:
    """Sigmoid for each label, or softmax over them."""
    if multi_label:
        return 1 / (1 + np.exp(-logits))
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponents / exponents.sum(axis=1, keepdims=True)
