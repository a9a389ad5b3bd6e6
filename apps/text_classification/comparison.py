"""The run beside its baselines: intervals, differences and plain words."""

import numpy as np

from ..common.alignment import align
from ..common.classification.scores import (
    evaluate,
    macro_f1,
    main_metric,
    tune_thresholds,
)

RESAMPLES = 2000  # of the bootstrap
_CELLS = 4_000_000  # of the table of draws held at once
_SCORES = ("accuracy", "macro_f1", "micro_f1", "calibration_error")


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


def build_metrics(dataset, probabilities, baselines, seed=0):
    """Scores a run beside its baselines.

    Thresholds of a multi-label run are tuned on validation here.

    Args:
        dataset: a `Dataset`.
        probabilities: {"validation": (rows, labels), "test": (rows, labels)},
            the latter where the data have a test part.
        baselines: what `run_baselines` gave for the same data.
        seed: of the bootstrap.

    Returns:
        The dict for metrics.json (without `signature` and `train`, which the
        run adds), and `evaluate`'s result for each split, for plots and tables.
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
    ours = evaluations[split][metric]
    metrics["baselines"] = {}
    for column, (name, baseline) in enumerate(baselines.items(), 1):
        difference = ours - baseline[metric]
        interval = _interval(draws[:, 0] - draws[:, column])
        metrics["baselines"][name] = {
            **{k: v for k, v in baseline.items() if k not in ("scores", "predicted")},
            f"{metric}_interval": _interval(draws[:, column]),
            "difference": {"metric": metric, "value": difference, "interval": interval},
            "verdict": describe_difference(name, metric, difference, interval),
        }
    if thresholds is not None:
        metrics["thresholds"] = dict(
            zip(dataset.label_names, thresholds.tolist(), strict=True)
        )
    metrics["protocol"] = _protocol(dataset, baselines, split)
    return metrics, evaluations


def _summary(result):
    kept = ("rows", *_SCORES, "reliability", "per_class")
    return {name: result[name] for name in kept if name in result}


def _interval(values):
    return [float(value) for value in np.percentile(values, (2.5, 97.5))]


def describe_difference(name, metric, difference, interval):
    """Says in plain words whether the run is above a baseline.

    Example:

    >>> from polyhead.apps.text_classification.comparison import describe_difference
    >>> describe_difference("tfidf-linear-svm", "accuracy", -0.012, (-0.02, -0.003))
    'below tfidf-linear-svm by 1.2 points of accuracy (95% interval -2.0 to -0.3)'
    """
    low, high = (100 * value for value in interval)
    unit = metric.replace("_", "-").replace("f1", "F1")
    within = f"95% interval {low:+.1f} to {high:+.1f}"
    if low > 0 or high < 0:
        side = "above" if low > 0 else "below"
        points = abs(100 * difference)
        return f"{side} {name} by {points:.1f} points of {unit} ({within})"
    return (
        f"no difference from {name} that the data can show "
        f"({100 * difference:+.1f} points of {unit}, {within})"
    )


def _protocol(dataset, baselines, split):
    parts = [
        f"trained on {len(dataset.train.texts)} rows of train; every choice "
        f"(epoch, settings{', thresholds' if dataset.multi_label else ''}) made on "
        f"{len(dataset.validation.texts)} rows of validation"
    ]
    if split == "test":
        parts.append(f"scored on all {len(dataset.test.texts)} rows of test")
    else:
        parts.append("no test data, so scores are on the rows the choices were made on")
    if baselines:
        parts.append("baselines fitted, tuned and scored on the same rows")
    parts += [
        f"{name} fitted on a sample of {baseline['train_rows']} rows"
        for name, baseline in baselines.items()
        if baseline["sampled"]
    ]
    parts.append(f"95% intervals from {RESAMPLES} bootstrap resamples of the rows")
    return "; ".join(parts)


def format_table(metrics):
    """Shows the run and its baselines in one table, and says who is ahead.

    Args:
        metrics: what `build_metrics` gave, or metrics.json.

    Returns:
        Text of several lines.
    """
    split = "test" if "test" in metrics else "validation"
    ours = metrics[split]
    names = [name for name in _SCORES if name in ours]
    rows = [["", *(name.replace("_", " ") for name in names)]]
    models = {"this run": ours, **metrics.get("baselines", {})}
    for name, scores in models.items():
        rows.append([name, *(_cell(scores, key) for key in names)])
    lines = [f"{split}, {ours['rows']} rows" if "rows" in ours else split]
    lines += align(rows)
    for baseline in metrics.get("baselines", {}).values():
        if "verdict" in baseline:
            lines.append(baseline["verdict"])
    if "answered" in metrics:
        lines.append(_describe_answered(metrics["answered"]))
    if split == "validation":
        lines.append("no test data: choices were made on these rows, expect less")
    return "\n".join(lines)


def _describe_answered(answered):
    share, accuracy = answered["coverage"], answered["accuracy"]
    right = "none" if accuracy is None else f"{accuracy:.4f} of them right"
    return f"at least {answered['threshold']:g} sure: {share:.4f} of texts, {right}"


def _cell(scores, name):
    if name not in scores:
        return "-"
    text = f"{scores[name]:.4f}"
    if f"{name}_interval" in scores:
        low, high = scores[f"{name}_interval"]
        text += f" ({low:.3f}-{high:.3f})"
    return text
