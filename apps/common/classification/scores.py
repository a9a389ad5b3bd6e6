"""Scores of a classifier: metrics, thresholds, calibration, worst mistakes."""

import csv

import numpy as np

from ..errors import PolyheadError
from ..files import replacing

CALIBRATION_BINS = 15  # equal widths


def main_metric(multi_label):
    """Name of the metric that choices are made by."""
    return "macro_f1" if multi_label else "accuracy"


def decide(probabilities, multi_label, thresholds=None):
    """Turns probabilities (or scores) into answers.

    Args:
        probabilities: (rows, labels).
        multi_label: whether a text may have several labels.
        thresholds: multi-label only: a number, or one a label. 0.5 where None.

    Returns:
        The likeliest label, int32 (rows,), the first of equals; or with
        `multi_label` which labels reach their threshold, bool (rows, labels).
    """
    if not multi_label:
        return probabilities.argmax(axis=1).astype(np.int32)
    thresholds = 0.5 if thresholds is None else np.asarray(thresholds)
    return probabilities >= thresholds


def tune_thresholds(probabilities, labels, neutral=0.5):
    """Finds the threshold of each label with the best F1, by trying all.

    Args:
        probabilities: (rows, labels), or any scores that grow with belief.
        labels: bool (rows, labels).
        neutral: threshold of a label that no row holds.

    Returns:
        float64 (labels,). A threshold lies halfway between two scores that
        occur; of equally good ones it is the highest.

    Example:

    >>> import numpy as np
    >>> from polyhead.apps.common.classification.scores import tune_thresholds
    >>> scores = np.array([[0.9], [0.7], [0.3], [0.1]])
    >>> tune_thresholds(scores, np.array([[True], [False], [True], [False]]))
    array([0.2])
    """
    probabilities = np.asarray(probabilities, np.float64)
    return np.array(
        [
            _best_threshold(column, truth, neutral)
            for column, truth in zip(probabilities.T, labels.T, strict=True)
        ]
    )


def _best_threshold(scores, truth, neutral):
    if not truth.any():
        return neutral
    order = np.argsort(-scores, kind="stable")
    scores, truth = scores[order], truth[order]
    taken = np.arange(1, len(scores) + 1)
    f1 = 2 * np.cumsum(truth) / (taken + truth.sum())
    f1[:-1][scores[:-1] == scores[1:]] = -1  # no threshold parts equal scores
    last = int(f1.argmax())
    if last + 1 == len(scores):
        return scores[last]
    middle = (scores[last] + scores[last + 1]) / 2
    return middle if middle > scores[last + 1] else scores[last]


def evaluate(
    probabilities, examples, label_names, multi_label, thresholds=None, calibrated=True
):
    """Scores probabilities against the labels of `examples`.

    Macro-F1 is scikit-learn's: the mean over labels that occur in the truth or
    in the answers, and with `multi_label` over all labels.

    Args:
        probabilities: (rows, labels).
        examples: an `Examples` with as many rows.
        label_names: one a column.
        multi_label: whether a text may have several labels.
        thresholds: multi-label only; see `decide`.
        calibrated: False for scores that are no probabilities: leaves the
            calibration out.

    Returns:
        A dict of `rows`, `accuracy` (with `multi_label` the share of texts with
        every label right), `macro_f1`, `micro_f1` (`multi_label` only),
        `calibration_error`, `per_class` (a list of dicts), `reliability` (see
        `measure_calibration`), and two arrays that do not go into files:
        `predicted` and `confusion` (truth, answer), None with `multi_label`.

    Raises:
        PolyheadError: no rows, or rows and probabilities that do not match.
    """
    labels = np.asarray(examples.labels)
    _check(probabilities, labels, examples, label_names, multi_label)
    predicted = decide(probabilities, multi_label, thresholds)
    counts = count_labels(labels, predicted, len(label_names))
    hits, answers, support = counts
    f1 = f1_scores(*counts)
    right = predicted == labels
    result = {
        "rows": len(labels),
        "accuracy": float(np.mean(right.all(axis=1) if multi_label else right)),
        "macro_f1": float(macro_f1(*counts, multi_label)),
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
            label_names, hits, answers, support, f1, strict=True
        )
    ]
    result["predicted"] = predicted
    result["confusion"] = None
    if not multi_label:
        result["confusion"] = confusion_matrix(labels, predicted, len(label_names))
    return result


def _check(probabilities, labels, examples, label_names, multi_label):
    if not len(labels):
        raise PolyheadError(f"{examples.source}: no rows to score: give a fuller file")
    wanted = (len(labels), len(label_names))
    if np.shape(probabilities) != wanted:
        raise PolyheadError(
            f"{examples.source}: probabilities of shape {np.shape(probabilities)}, "
            f"not {wanted}: score the rows that were read"
        )
    if multi_label != (labels.ndim == 2):
        raise PolyheadError(
            f"{examples.source}: labels of shape {labels.shape} with "
            f"multi_label={multi_label}: read the file with the run's settings"
        )
    bad = ~np.isfinite(probabilities).all(axis=1)
    if bad.any():
        row = examples.rows[int(bad.argmax())]
        raise PolyheadError(
            f"{examples.source}: row {row}: the model gives no number (NaN): "
            "train with a smaller learning_rate"
        )


def count_labels(labels, predicted, num_labels):
    """Hits, answers and support of each label, three int (labels,)."""
    if labels.ndim == 2:
        return (labels & predicted).sum(0), predicted.sum(0), labels.sum(0)
    return (
        np.bincount(labels[labels == predicted], minlength=num_labels),
        np.bincount(predicted, minlength=num_labels),
        np.bincount(labels, minlength=num_labels),
    )


def f1_scores(hits, answers, support):
    """F1 of each label; 0 where it is neither in the truth nor in the answers."""
    return 2 * hits / np.maximum(answers + support, 1)


def macro_f1(hits, answers, support, multi_label):
    """Mean F1 over the last axis."""
    f1 = f1_scores(hits, answers, support)
    if multi_label:
        return f1.mean(axis=-1)
    return f1.sum(axis=-1) / (answers + support > 0).sum(axis=-1)


def confusion_matrix(labels, predicted, num_labels):
    """Counts, int (truth, answer)."""
    cells = labels.astype(np.int64) * num_labels + predicted
    counts = np.bincount(cells, minlength=num_labels**2)
    return counts.reshape(num_labels, num_labels)


def measure_calibration(probabilities, labels, multi_label):
    """Compares how sure the answers are with how often they are right.

    For one label a text it is the likeliest label that counts; with
    `multi_label` every label of every text does, each as a yes or no.

    Returns:
        `calibration_error`: the mean gap over rows, in 15 bins of equal width;
        `reliability`: per bin `confidence` and `accuracy` (None if empty) and
        `count`.
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
    return {
        "calibration_error": float(np.abs(sure - correct).sum() / len(confidence)),
        "reliability": {
            "confidence": _divide(sure, count),
            "accuracy": _divide(correct, count),
            "count": count.tolist(),
        },
    }


def _divide(totals, count):
    return [float(t / n) if n else None for t, n in zip(totals, count, strict=True)]


def measure_coverage(probabilities, labels, threshold):
    """What answering "unknown" below a confidence costs and brings.

    Args:
        probabilities: (rows, labels), one label a text.
        labels: int (rows,).
        threshold: texts whose likeliest label is less probable are unknown.

    Returns:
        `threshold`, `coverage` (share of texts that get an answer) and
        `accuracy` on those, None if there are none.
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


def write_predictions(
    path,
    probabilities,
    examples,
    label_names,
    thresholds=None,
    separator=",",
    column="text",
):
    """Writes every answer as CSV, the worst mistakes first.

    The columns are the examples' own (`text`, say), `label`, `predicted` and
    `probability` (of what was predicted). Rows are sorted by how improbable the
    truth was to the model; with several labels to a text, by the log loss over all
    of them.
    """
    labels = np.asarray(examples.labels)
    multi_label = labels.ndim == 2
    predicted = decide(probabilities, multi_label, thresholds)
    if multi_label:
        of_truth = np.where(labels, probabilities, 1 - probabilities)
        badness = -np.log(np.clip(of_truth, 1e-7, 1)).sum(axis=1)
        right = (predicted == labels).all(axis=1)
    else:
        badness = -probabilities[np.arange(len(labels)), labels]
        right = predicted == labels
    with replacing(path) as temporary:
        with open(temporary, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([column, "label", "predicted", "probability"])
            for row in np.lexsort((-badness, right)):
                answers = _answers(predicted[row])
                writer.writerow(
                    [
                        examples.inputs[row],
                        separator.join(label_names[i] for i in _answers(labels[row])),
                        separator.join(label_names[i] for i in answers),
                        separator.join(f"{probabilities[row][i]:.4f}" for i in answers),
                    ]
                )


def _answers(row):
    return np.flatnonzero(row) if np.ndim(row) else [row]
