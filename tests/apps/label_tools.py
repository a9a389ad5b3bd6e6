"""Labels and probabilities for the tests of classifiers."""

import numpy as np

from polyhead.apps.common.classification.data import Examples

NAMES = ("red", "green", "blue")


def examples(labels, texts=None):
    rows = np.arange(1, len(labels) + 1)
    texts = texts or [f"text {row}" for row in rows]
    return Examples(texts, np.asarray(labels), rows, "data.csv")


def sure_of(answers, num_labels=3, probability=0.8):
    """Probabilities whose likeliest label is the given one."""
    rest = (1 - probability) / (num_labels - 1)
    table = np.full((len(answers), num_labels), rest, np.float32)
    table[np.arange(len(answers)), answers] = probability
    return table


def random_case(seed, rows=200, num_labels=5, multi_label=False):
    rng = np.random.default_rng(seed)
    if multi_label:
        labels = rng.random((rows, num_labels)) < np.linspace(0.5, 0.02, num_labels)
        scores = 0.5 * labels + 0.5 * rng.random((rows, num_labels))
        return labels, scores.astype(np.float32)
    labels = rng.integers(0, num_labels, rows).astype(np.int32)
    scores = rng.random((rows, num_labels)) + 0.4 * np.eye(num_labels)[labels]
    return labels, (scores / scores.sum(axis=1, keepdims=True)).astype(np.float32)
