"""What a classifier has to beat: the majority class, and linear models.

Linear models are fitted on train, chosen on validation, and scored once on test.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..data.splits import held_out
from ..errors import PolyheadError
from .data import Dataset, Examples
from .scores import Thresholds, evaluate, main_metric, tune_thresholds

ABSENT = -1e6  # score of a label that no training row has
THREADS = 2  # liblinear works outside Python's lock


@dataclass(frozen=True)
class LinearBaseline:
    """A linear baseline.

    Args:
        grid: setting -> the values that are tried; the search begins with the first
            value of each. "C" goes to `make_model`, all others to `make_features`.
        make_features: `(num_rows, num_labels, **settings)` to an object that makes a
            sparse matrix of inputs, as scikit-learn's vectorizers do.
        make_model: `(C, seed)` to a linear model of scikit-learn for two classes.
        remedy: what is wrong with inputs that have no features, and what to do.
    """

    grid: Mapping[str, tuple]
    make_features: Callable[..., Any]
    make_model: Callable[[float, int], Any]
    remedy: str


class _Trial(NamedTuple):
    settings: dict[str, Any]
    score: float = -1.0  # on validation
    model: Any = None
    thresholds: Thresholds = None


def majority(dataset: Dataset) -> dict[str, dict]:
    """The baseline that answers every input alike, as `run_baseline` does, by its name.

    The answer is the most frequent label of train, or set of labels if multi-label.
    """
    split, examples = held_out(dataset)
    labels = dataset.train.labels
    kinds, counts = np.unique(labels, axis=0, return_counts=True)
    answer = kinds[counts.argmax()]
    wanted = np.flatnonzero(answer) if dataset.multi_label else [answer]
    scores = np.full((len(examples.labels), len(dataset.label_names)), -1.0)
    scores[:, wanted] = 1.0
    settings = {"labels": [dataset.label_names[label] for label in wanted]}
    thresholds = 0.0 if dataset.multi_label else None
    result = _summarize(dataset, dataset.train, scores, thresholds, settings)
    return {"majority": result}


def run_baseline(
    baseline: LinearBaseline, dataset: Dataset, train: Examples, seed: int = 0
) -> dict[str, Any]:
    """Fits, tunes and scores a baseline on test, or on validation without test data.

    Args:
        train: the training examples of the dataset, or a sample of them.
        seed: of the solver.

    Returns:
        A dict of `split`, `accuracy`, `macro_f1` (`micro_f1` if multi-label),
        `settings`, `train_rows`, `sampled`, and the arrays `scores (rows, labels)` and
        `predicted`, which do not go into files.
    """
    from threadpoolctl import threadpool_limits

    _, examples = held_out(dataset)
    # The labels are fitted side by side; threads below that wait for each other,
    # on a busy machine for minutes.
    with threadpool_limits(1):
        best = _search(baseline, dataset, train, seed)
        scores = best.model.score(examples.inputs)
    return _summarize(dataset, train, scores, best.thresholds, best.settings)


def _summarize(
    dataset: Dataset,
    train: Examples,
    scores: np.ndarray,
    thresholds: Thresholds,
    settings: dict[str, Any],
) -> dict[str, Any]:
    """What is kept of a baseline, from its scores of the held-out examples."""
    split, examples = held_out(dataset)
    metrics = _evaluate(dataset, examples, scores, thresholds)
    names = ["accuracy", "macro_f1"] + ["micro_f1"] * dataset.multi_label
    return {
        "split": split,
        **{key: metrics[key] for key in names},
        "settings": settings,
        "train_rows": len(train.inputs),
        "sampled": len(train.inputs) < len(dataset.train.inputs),
        "scores": scores,
        "predicted": metrics["predicted"],
    }


def _evaluate(
    dataset: Dataset, examples: Examples, scores: np.ndarray, thresholds: Thresholds
) -> dict[str, Any]:
    names, multi_label = dataset.label_names, dataset.multi_label
    return evaluate(scores, examples, names, multi_label, thresholds, calibrated=False)


def _search(
    baseline: LinearBaseline, dataset: Dataset, train: Examples, seed: int
) -> _Trial:
    """Tries one setting after the other, and keeps the best trial."""
    num_labels, validation = len(dataset.label_names), dataset.validation
    multi_label, metric = dataset.multi_label, main_metric(dataset.multi_label)
    features: dict[str, Any] = {}  # of the latest settings

    def fit(settings: dict[str, Any]) -> _Trial:
        wanted = {key: value for key, value in settings.items() if key != "C"}
        if features.get("settings") != wanted:
            features.clear()  # room for the next ones
            vectorizer = baseline.make_features(len(train.inputs), num_labels, **wanted)
            try:
                matrix = vectorizer.fit_transform(train.inputs).tocsr()
            except ValueError:  # no feature is left with these settings
                return _Trial(settings)
            # Threads share it, and a fit that finds it unsorted sorts it in place.
            matrix.sum_duplicates()
            features.update(settings=wanted, vectorizer=vectorizer, matrix=matrix)
        model = LinearModel(
            features["vectorizer"], lambda: baseline.make_model(settings["C"], seed)
        )
        model.fit(features["matrix"], train.labels, num_labels)
        scores, thresholds = model.score(validation.inputs), None
        if multi_label:
            thresholds = tune_thresholds(scores, validation.labels, neutral=0.0)
        metrics = _evaluate(dataset, validation, scores, thresholds)
        return _Trial(settings, metrics[metric], model, thresholds)

    grid = baseline.grid
    best = fit({key: choices[0] for key, choices in grid.items()})
    for key, choices in grid.items():
        for choice in choices[1:]:
            if best.score < 1.0:
                trial = fit({**best.settings, key: choice})
                best = trial if trial.score > best.score else best
    if best.model is None:
        raise PolyheadError(f"{train.source}: {baseline.remedy}")
    return best


class LinearModel:
    """A binary linear model for each label, on the features of a fitted vectorizer."""

    def __init__(self, vectorizer: Any, make_model: Callable[[], Any]) -> None:
        self.vectorizer = vectorizer
        self.make_model = make_model

    def fit(self, matrix: Any, labels: np.ndarray, num_labels: int) -> None:
        """Fits the models to the features of the training inputs."""
        from joblib import Parallel, delayed

        self.two_classes = labels.ndim == 1 and num_labels == 2
        if labels.ndim == 2:
            targets = list(labels.T)
        elif self.two_classes:
            targets = [labels == 1]  # the other class is the negative
        else:
            targets = [labels == label for label in range(num_labels)]
        fitted = Parallel(n_jobs=THREADS, prefer="threads")(
            delayed(self._fit_one)(matrix, target) for target in targets
        )
        self.coefficients = np.stack([weights for weights, _ in fitted], axis=1)
        self.intercepts = np.array([intercept for _, intercept in fitted])

    def _fit_one(self, matrix: Any, target: np.ndarray) -> tuple[np.ndarray, float]:
        if target.all() or not target.any():
            weights = np.zeros(matrix.shape[1], np.float32)
            return weights, -ABSENT if target.all() else ABSENT
        model = self.make_model().fit(matrix, target)
        return model.coef_[0].astype(np.float32), model.intercept_[0]

    def score(self, inputs: Sequence) -> np.ndarray:
        """Decision values, float64 `(rows, labels)`."""
        features = self.vectorizer.transform(inputs)
        scores = features @ self.coefficients + self.intercepts
        return np.hstack([-scores, scores]) if self.two_classes else scores
