"""Scores of a classifier: metrics, thresholds, calibration."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import PolyheadError
from .data import Examples

CALIBRATION_BINS = 15  # equal widths
Thresholds = np.ndarray | float | None  # one for each label, or one for all
Counts = tuple[np.ndarray, np.ndarray, np.ndarray]  # of hits, answers and support


def main_metric(multi_label: bool) -> str:
    """The metric that choices are made by."""
    return "macro_f1" if multi_label else "accuracy"


def decide(
    probabilities: np.ndarray, multi_label: bool, thresholds: Thresholds = None
) -> np.ndarray:
    """Turns probabilities, or other scores, `(rows, labels)` into answers.

    These are the likeliest label, int32 `(rows,)`, the first of equals; if multi-label
    which labels reach their threshold (0.5 if None), bool `(rows, labels)`.
    """
    if not multi_label:
        return probabilities.argmax(axis=1).astype(np.int32)
    return probabilities >= (0.5 if thresholds is None else np.asarray(thresholds))


def tune_thresholds(
    probabilities: np.ndarray, labels: np.ndarray, neutral: float = 0.5
) -> np.ndarray:
    """The threshold of each label with the best F1, by trying all: float64 `(labels,)`.

    A threshold lies halfway between two scores that occur; of equally good ones it is
    the highest. A label that no row has takes the `neutral` threshold.

    Example:

    >>> import numpy as np
    >>> from polyhead.apps.common.classification.scores import tune_thresholds
    >>> scores = np.array([[0.9], [0.7], [0.3], [0.1]])
    >>> tune_thresholds(scores, np.array([[True], [False], [True], [False]]))
    array([0.2])
    """
    columns = zip(np.asarray(probabilities, np.float64).T, labels.T, strict=True)
    return np.array([_best_threshold(*column, neutral) for column in columns])


def _best_threshold(scores: np.ndarray, truth: np.ndarray, neutral: float) -> float:
    if not truth.any():
        return neutral
    order = np.argsort(-scores, kind="stable")
    scores, truth = scores[order], truth[order]
    taken = np.arange(1, len(scores) + 1)
    f1 = 2 * np.cumsum(truth) / (taken + truth.sum())
    f1[:-1][scores[:-1] == scores[1:]] = -1  # no threshold separates equal scores
    last = int(f1.argmax())
    if last + 1 == len(scores):
        return scores[last]
    middle = (scores[last] + scores[last + 1]) / 2
    return middle if middle > scores[last + 1] else scores[last]


def evaluate(
    probabilities: np.ndarray,
    examples: Examples,
    label_names: Sequence[str],
    multi_label: bool,
    thresholds: Thresholds = None,
    calibrated: bool = True,
) -> dict[str, Any]:
    """Scores probabilities `(rows, labels)` against the labels of the examples.

    Macro-F1 is scikit-learn's: the mean over labels that occur in the truth or in the
    answers, and if multi-label over all labels.

    Returns:
        A dict of `rows`, `accuracy` (if multi-label the share of rows with every label
        right), `macro_f1`, `micro_f1` (multi-label only), `calibration_error` and
        `reliability` (if `calibrated`, see `measure_calibration`), `per_class` (a list
        of dicts), and two arrays that do not go into files: `predicted` and `confusion
        (truth, answer)`, which is None if multi-label.
    """
    num_labels = len(label_names)
    _check(probabilities, examples, num_labels, multi_label)
    labels = np.asarray(examples.labels)
    predicted = decide(probabilities, multi_label, thresholds)
    counts = count_labels(labels, predicted, num_labels)
    hits, answers, support = counts
    right = predicted == labels
    result: dict[str, Any] = {
        "rows": len(labels),
        "accuracy": float(np.mean(right.all(axis=1) if multi_label else right)),
        "macro_f1": float(macro_f1(counts, multi_label)),
    }
    if multi_label:
        total = answers.sum() + support.sum()
        result["micro_f1"] = float(2 * hits.sum() / max(total, 1))
    if calibrated:
        result |= measure_calibration(probabilities, labels, multi_label)
    result["per_class"] = [
        {
            "label": name,
            "precision": float(hit / max(answered, 1)),
            "recall": float(hit / max(supported, 1)),
            "f1": float(score),
            "support": int(supported),
        }
        for name, hit, answered, supported, score in zip(
            label_names, *counts, f1_scores(counts), strict=True
        )
    ]
    confusion = None
    if not multi_label:
        cells = labels.astype(np.int64) * num_labels + predicted
        confusion = np.bincount(cells, minlength=num_labels**2)
        confusion = confusion.reshape(num_labels, num_labels)
    return {**result, "predicted": predicted, "confusion": confusion}


def _check(
    probabilities: np.ndarray, examples: Examples, num_labels: int, multi_label: bool
) -> None:
    source, shape = examples.source, np.shape(examples.labels)
    if not shape[0]:
        raise PolyheadError(f"{source}: no rows to score: give a fuller file")
    wanted = (shape[0], num_labels)
    if np.shape(probabilities) != wanted:
        raise PolyheadError(
            f"{source}: probabilities of shape {np.shape(probabilities)}, "
            f"not {wanted}: score the rows that were read"
        )
    if multi_label != (len(shape) == 2):
        raise PolyheadError(
            f"{source}: labels of shape {shape} with "
            f"multi_label={multi_label}: read the file with the run's settings"
        )
    bad = ~np.isfinite(probabilities).all(axis=1)
    if bad.any():
        raise PolyheadError(
            f"{source}: row {examples.rows[int(bad.argmax())]}: the model gives no "
            "number (NaN): train with a smaller learning_rate"
        )


def count_labels(labels: np.ndarray, predicted: np.ndarray, num_labels: int) -> Counts:
    """Hits, answers and support of each label, three int `(labels,)`."""
    if labels.ndim == 2:
        return (labels & predicted).sum(0), predicted.sum(0), labels.sum(0)
    return (
        np.bincount(labels[labels == predicted], minlength=num_labels),
        np.bincount(predicted, minlength=num_labels),
        np.bincount(labels, minlength=num_labels),
    )


def f1_scores(counts: Counts) -> np.ndarray:
    """F1 of each label; 0 where it is neither in the truth nor in the answers."""
    hits, answers, support = counts
    return 2 * hits / np.maximum(answers + support, 1)


def macro_f1(counts: Counts, multi_label: bool) -> Any:
    """Mean F1 over the last axis."""
    f1, (_, answers, support) = f1_scores(counts), counts
    if multi_label:
        return f1.mean(axis=-1)
    return f1.sum(axis=-1) / (answers + support > 0).sum(axis=-1)


def measure_calibration(
    probabilities: np.ndarray, labels: np.ndarray, multi_label: bool
) -> dict[str, Any]:
    """Compares how sure the answers are with how often they are right.

    With one label to an input the likeliest label counts; if multi-label every label of
    every input does, each as a yes or no. Gives `calibration_error`, the mean gap over
    rows in 15 bins of equal width, and `reliability`: in each bin `confidence`,
    `accuracy` (None if empty) and `count`.
    """
    if multi_label:
        confidence, right = np.ravel(probabilities), np.ravel(labels)
    else:
        confidence = probabilities.max(axis=1)
        right = probabilities.argmax(axis=1) == labels
    confidence = confidence.astype(np.float64)
    bins = np.clip(confidence * CALIBRATION_BINS, 0, CALIBRATION_BINS - 1).astype(int)
    count = np.bincount(bins, minlength=CALIBRATION_BINS)
    sure = np.bincount(bins, confidence, CALIBRATION_BINS)
    correct = np.bincount(bins, right, CALIBRATION_BINS)

    def means(totals: np.ndarray) -> list[float | None]:
        pairs = zip(totals, count, strict=True)
        return [float(total / n) if n else None for total, n in pairs]

    return {
        "calibration_error": float(np.abs(sure - correct).sum() / len(confidence)),
        "reliability": {
            "confidence": means(sure),
            "accuracy": means(correct),
            "count": count.tolist(),
        },
    }


def measure_coverage(
    probabilities: np.ndarray, labels: np.ndarray, threshold: float
) -> dict[str, float | None]:
    """How many answers are at least this probable, and how many of these are right.

    With one label to an input only. Gives `threshold`, `coverage` (the share of these
    answers) and `accuracy`, None if there are none.
    """
    if not 0 <= threshold <= 1:
        raise PolyheadError(f"threshold is {threshold}; it must lie between 0 and 1")
    known = probabilities.max(axis=1) >= threshold
    right = probabilities.argmax(axis=1) == labels
    return {
        "threshold": float(threshold),
        "coverage": float(known.mean()),
        "accuracy": float(right[known].mean()) if known.any() else None,
    }
