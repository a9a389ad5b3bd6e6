"""A classifier beside its baselines: resamples, metrics and the table of scores."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..scoring.comparison import (
    Column,
    describe_difference,
    describe_samples,
    describe_scored,
    format_table,
    remark_on_validation,
)
from .scores import evaluate, macro_f1, main_metric, tune_thresholds

RESAMPLES = 2000  # of the bootstrap
_CELLS = 4_000_000  # of the table of draws held at once
COLUMNS = [
    Column(key, key.replace("_", " "), "{:.4f}")
    for key in ("accuracy", "macro_f1", "micro_f1", "calibration_error")
]


def bootstrap(labels, answers, num_labels, metric, seed=0):
    """Scores several models on the same resampled rows.

    Rows on which truth and all answers are alike are drawn together, which
    gives the same distribution as drawing them one by one.

    Args:
        labels: int (rows,) or bool (rows, labels).
        answers: one array of that shape a model.
        num_labels: number of labels.
        metric: "accuracy" or "macro_f1".
        seed: of the draws.

    Returns:
        float64 (2000, models).
    """
    groups = [np.asarray(labels), *map(np.asarray, answers)]
    multi_label = groups[0].ndim == 2
    columns = [np.packbits(g, axis=1) if multi_label else g[:, None] for g in groups]
    _, first, count = np.unique(
        np.hstack(columns), axis=0, return_index=True, return_counts=True
    )
    truth, *answers = [group[first] for group in groups]
    rows = int(count.sum())
    rng = np.random.default_rng(seed)
    result = np.empty((RESAMPLES, len(answers)))
    size = max(1, _CELLS // len(count))
    for start in range(0, RESAMPLES, size):
        stop = min(start + size, RESAMPLES)
        draws = rng.multinomial(rows, count / rows, size=stop - start)
        for model, answer in enumerate(answers):
            if metric == "accuracy":
                right = answer == truth
                right = right.all(axis=1) if multi_label else right
                scores = draws @ right / rows
            else:
                scores = _resampled_macro_f1(draws, truth, answer, num_labels)
            result[start:stop, model] = scores
    return result


def _resampled_macro_f1(draws, truth, answer, num_labels):
    tables = [_one_hot(part, num_labels) for part in (truth, answer)]
    hits = tables[0].multiply(tables[1])
    counts = [
        np.asarray((table.T @ draws.T).T)  # (draws, labels)
        for table in (hits, tables[1], tables[0])
    ]
    return macro_f1(*counts, multi_label=truth.ndim == 2)


def _one_hot(labels, num_labels):
    from scipy.sparse import csr_matrix

    if labels.ndim == 2:
        return csr_matrix(labels.astype(np.int64))
    rows = np.arange(len(labels))
    ones = np.ones(len(labels), np.int64)
    return csr_matrix((ones, (rows, labels)), shape=(len(labels), num_labels))


def build_metrics(
    dataset: Any,
    probabilities: Mapping[str, np.ndarray],
    baselines: Mapping[str, dict],
    seed: int = 0,
    what: str = "rows",
) -> tuple[dict, dict]:
    """Scores a run beside its baselines.

    Thresholds of a multi-label run are tuned on validation here.

    Args:
        dataset: has `train`, `validation` and `test` (or None) with `labels`,
            `label_names` and `multi_label`.
        probabilities: {"validation": (rows, labels), "test": (rows, labels)},
            the latter where the data have a test part.
        baselines: what the baselines answered for the same data.
        seed: of the bootstrap.
        what: the examples are called in the protocol.

    Returns:
        The dict for metrics.json (without `train`, which the run adds), and
        `evaluate`'s result for each split, for plots and tables.
    """
    thresholds = None
    if dataset.multi_label:
        thresholds = tune_thresholds(
            probabilities["validation"], dataset.validation.labels
        )
    evaluations = {
        split: evaluate(
            probabilities[split],
            getattr(dataset, split),
            dataset.label_names,
            dataset.multi_label,
            thresholds,
        )
        for split in ("test", "validation")
        if getattr(dataset, split) is not None
    }
    split = next(iter(evaluations))
    labels = np.asarray(getattr(dataset, split).labels)
    answers = [evaluations[split]["predicted"]]
    answers += [baseline["predicted"] for baseline in baselines.values()]
    metric = main_metric(dataset.multi_label)
    draws = bootstrap(labels, answers, len(dataset.label_names), metric, seed)
    metrics = {name: _summary(result) for name, result in evaluations.items()}
    metrics[split][f"{metric}_interval"] = _interval(draws[:, 0])
    metrics["baselines"] = {
        name: _compare(name, metric, metrics[split], baseline, draws[:, [0, column]])
        for column, (name, baseline) in enumerate(baselines.items(), 1)
    }
    if thresholds is not None:
        metrics["thresholds"] = dict(
            zip(dataset.label_names, thresholds.tolist(), strict=True)
        )
    metrics["protocol"] = _protocol(dataset, baselines, split, what)
    return metrics, evaluations


def _compare(name, metric, scores, baseline, draws) -> dict:
    """A baseline's scores, and how far the run is above it."""
    difference = scores[metric] - baseline[metric]
    interval = _interval(draws[:, 0] - draws[:, 1])
    unit = f"points of {metric.replace('_', '-').replace('f1', 'F1')}"
    points = [100 * value for value in interval]
    return {
        **{k: v for k, v in baseline.items() if k not in ("scores", "predicted")},
        f"{metric}_interval": _interval(draws[:, 1]),
        "difference": {"metric": metric, "value": difference, "interval": interval},
        "verdict": describe_difference(name, 100 * difference, points, unit),
    }


def _summary(result):
    kept = ("rows", *(column.key for column in COLUMNS), "reliability", "per_class")
    return {name: result[name] for name in kept if name in result}


def _interval(values):
    return [float(value) for value in np.percentile(values, (2.5, 97.5))]


def _protocol(dataset, baselines, split, what):
    tuned = ", thresholds" if dataset.multi_label else ""
    rows = len(getattr(dataset, split).labels)
    parts = [
        f"trained on {len(dataset.train.labels)} {what} of train; every choice "
        f"(epoch, settings{tuned}) made on {len(dataset.validation.labels)} {what} of "
        "validation",
        describe_scored(split, rows, what),
    ]
    if baselines:
        parts.append(f"baselines fitted, tuned and scored on the same {what}")
    parts += describe_samples(baselines, "fitted on", what)
    parts.append(f"95% intervals from {RESAMPLES} bootstrap resamples of the {what}")
    return "; ".join(parts)


def format_metrics(metrics: Mapping[str, Any]) -> str:
    """Shows a classifier and its baselines in one table, and says which is ahead.

    Args:
        metrics: what `build_metrics` gave, or metrics.json.
    """
    remarks: Sequence[str] = remark_on_validation(metrics)
    if "answered" in metrics:
        remarks = [_describe_answered(metrics["answered"]), *remarks]
    return format_table(metrics, COLUMNS, remarks=remarks)


def _describe_answered(answered):
    share, accuracy = answered["coverage"], answered["accuracy"]
    right = "none" if accuracy is None else f"{accuracy:.4f} of them right"
    return f"at least {answered['threshold']:g} sure: {share:.4f} of texts, {right}"
