"""A classifier beside its baselines: resamples, metrics and the table of scores."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..data.row_hashes import fingerprint_rows
from ..data.splits import held_out
from ..scoring import comparison as scoring
from ..scoring.proportion import wilson
from .data import Dataset, rows_of
from .scores import evaluate, macro_f1, main_metric

RESAMPLES = 2000  # of the bootstrap
_CELLS = 4_000_000  # the most numbers that are drawn at once
COLUMNS = [
    scoring.Column(key, key.replace("_", " "), "{:.4f}")
    for key in ("accuracy", "macro_f1", "micro_f1", "calibration_error")
]


def bootstrap(
    labels: np.ndarray,
    answers: Sequence[np.ndarray],
    num_labels: int,
    metric: str,
    seed: int = 0,
) -> np.ndarray:
    """Scores several models on the same resampled rows: float64 `(2000, models)`.

    Rows on which truth and all answers are alike are drawn together, which gives the
    same distribution as drawing them one by one. The answers have the shape of the
    labels, `(rows,)` or `(rows, labels)`; `metric` is "accuracy" or "macro_f1".
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


def _resampled_macro_f1(
    draws: np.ndarray, truth: np.ndarray, answer: np.ndarray, num_labels: int
) -> np.ndarray:
    from scipy.sparse import csr_matrix

    def one_hot(labels: np.ndarray) -> Any:
        if labels.ndim == 2:
            return csr_matrix(labels.astype(np.int64))
        rows, ones = np.arange(len(labels)), np.ones(len(labels), np.int64)
        return csr_matrix((ones, (rows, labels)), shape=(len(labels), num_labels))

    support, answers = one_hot(truth), one_hot(answer)
    tables = (support.multiply(answers), answers, support)
    # Three counts (draws, labels).
    hits, given, true = (np.asarray((table.T @ draws.T).T) for table in tables)
    return macro_f1((hits, given, true), truth.ndim == 2)


def build_metrics(
    dataset: Dataset,
    probabilities: Mapping[str, np.ndarray],
    baselines: Mapping[str, dict],
    seed: int = 0,
    thresholds: np.ndarray | None = None,
) -> tuple[dict, dict]:
    """Scores a run beside its baselines.

    Args:
        probabilities: split -> `(rows, labels)`, of the splits that are scored.
        baselines: what the baselines answered for the same data.
        seed: of the bootstrap.
        thresholds: of a multi-label run, if they are tuned already.

    Returns:
        The content of metrics.json (without `train`, which the run adds), and
        `evaluate`'s result for each split, for plots and tables.
    """
    names, multi_label = dataset.label_names, dataset.multi_label
    split, examples = held_out(dataset)
    parts = {split: examples, "validation": dataset.validation}
    evaluations = {
        key: evaluate(probabilities[key], part, names, multi_label, thresholds)
        for key, part in parts.items()
        if key in probabilities
    }
    models = evaluations[split], *baselines.values()
    answers, metric = [model["predicted"] for model in models], main_metric(multi_label)
    draws = bootstrap(examples.labels, answers, len(names), metric, seed)
    kept = ("rows", *(column.key for column in COLUMNS), "reliability", "per_class")
    metrics: dict[str, Any] = {
        name: {key: result[key] for key in kept if key in result}
        for name, result in evaluations.items()
    }
    metrics[split] |= _intervals(metric, metrics[split], draws[:, 0])
    metrics["baselines"] = {
        name: _compare(name, metric, metrics[split], baseline, draws[:, [0, column]])
        for column, (name, baseline) in enumerate(baselines.items(), 1)
    }
    for key in evaluations:
        metrics[key]["fingerprint"] = fingerprint_rows(rows_of(parts[key], names))
    metrics["protocol"] = _protocol(dataset, baselines, split)
    return metrics, evaluations


def _compare(
    name: str, metric: str, scores: dict, baseline: dict, draws: np.ndarray
) -> dict[str, Any]:
    """A baseline's scores, and how far the run is above it."""
    difference = scores[metric] - baseline[metric]
    interval = _interval(draws[:, 0] - draws[:, 1])
    unit = f"points of {metric.replace('_', '-').replace('f1', 'F1')}"
    points = [100 * value for value in interval]
    return {
        **{k: v for k, v in baseline.items() if k not in ("scores", "predicted")},
        **_intervals(metric, baseline | {"rows": scores["rows"]}, draws[:, 1]),
        "difference": {"metric": metric, "value": difference, "interval": interval},
        "verdict": scoring.describe_difference(
            name, 100 * difference, points, unit, scores["rows"], 100 * scores[metric]
        ),
    }


def _intervals(metric: str, scores: Mapping, draws: np.ndarray) -> dict[str, list]:
    """The interval of the metric that decides, and that of accuracy, a share of rows.

    Wilson's knows that few rows tell little; resamples of two right rows are all right.
    """
    intervals = {f"{metric}_interval": _interval(draws)}
    if "accuracy" in scores:
        rows = scores["rows"]
        intervals["accuracy_interval"] = wilson(round(scores["accuracy"] * rows), rows)
    return intervals


def _interval(values: np.ndarray) -> list[float]:
    return [float(value) for value in np.percentile(values, (2.5, 97.5))]


def _protocol(dataset: Dataset, baselines: Mapping[str, dict], split: str) -> str:
    tuned = ", thresholds" if dataset.multi_label else ""
    same = "baselines fitted, tuned and scored on the same rows"
    trained, chosen = len(dataset.train.labels), len(dataset.validation.labels)
    choices = f"every choice (epoch, settings{tuned}) made on {chosen} rows"
    own = f"trained on {trained} rows of train; {choices} of validation"
    parts = [
        *([own] if trained else []),  # else only the test rows are known
        scoring.describe_scored(split, len(getattr(dataset, split).labels), "rows"),
        *([same] if baselines else []),
        *scoring.describe_samples(baselines, "fitted on", "rows"),
        f"95% intervals of accuracy by Wilson, others from {RESAMPLES} bootstrap "
        "resamples of the rows",
    ]
    return "; ".join(parts)


def format_metrics(metrics: Mapping[str, Any]) -> str:
    """The content of metrics.json as one table, with a verdict on each baseline."""
    remarks = scoring.remark_on_validation(metrics)
    answered = metrics.get("answered")
    if answered:
        share, accuracy = answered["coverage"], answered["accuracy"]
        right = "none" if accuracy is None else f"{accuracy:.4f} of them right"
        sure = f"at least {answered['threshold']:g} sure"
        remarks = [f"{sure}: {share:.4f} of texts, {right}", *remarks]
    return scoring.format_table(metrics, COLUMNS, remarks=remarks)
