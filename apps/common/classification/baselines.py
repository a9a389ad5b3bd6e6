"""Linear baselines of a classifier, with settings that are chosen on validation data.

A baseline is fitted on train, its settings are chosen on validation, and it is scored
once on test.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import PolyheadError
from .data import Dataset, Examples
from .scores import decide, evaluate, main_metric, tune_thresholds

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


def run_baseline(
    baseline: LinearBaseline, dataset: Dataset, train: Examples, seed: int = 0
) -> dict:
    """Fits, tunes and scores a baseline.

    Args:
        baseline: the baseline.
        dataset: the data. Test is scored, or validation where there is no test.
        train: the training examples of the dataset, or a sample of them.
        seed: of the solver.

    Returns:
        A dict of `split`, `accuracy`, `macro_f1` (`micro_f1` if multi-label),
        `settings`, `train_rows`, `sampled`, and the arrays `scores (rows, labels)` and
        `predicted`, which do not go into files.

    Raises:
        PolyheadError: the training inputs have no features.
    """
    from threadpoolctl import threadpool_limits

    # The labels are fitted side by side; threads below that wait for each other,
    # on a busy machine for minutes.
    with threadpool_limits(1):
        search = _Search(baseline, dataset, train, seed)
        settings = search.run()
        split = "validation" if dataset.test is None else "test"
        examples = dataset.validation if dataset.test is None else dataset.test
        scores, thresholds = search.best.score(examples.inputs), search.thresholds
    metrics = _evaluate(dataset, examples, scores, thresholds)
    names = ["accuracy", "macro_f1"] + ["micro_f1"] * dataset.multi_label
    return {
        "split": split,
        **{key: metrics[key] for key in names},
        "settings": settings,
        "train_rows": len(train.inputs),
        "sampled": len(train.inputs) < len(dataset.train.inputs),
        "scores": scores,
        "predicted": decide(scores, dataset.multi_label, thresholds),
    }


def _evaluate(dataset, examples, scores, thresholds) -> dict:
    names, multi_label = dataset.label_names, dataset.multi_label
    return evaluate(scores, examples, names, multi_label, thresholds, calibrated=False)


class _Search:
    """Tries one setting after the other, and keeps the best model on validation."""

    def __init__(self, baseline, dataset, train, seed):
        self.baseline = baseline
        self.dataset = dataset
        self.train = train
        self.seed = seed
        self.best: Any = None
        self.thresholds = None  # of the best model
        self._features = (None, None, None)  # settings, vectorizer, matrix

    def run(self) -> dict:
        grid = self.baseline.grid
        settings = {key: choices[0] for key, choices in grid.items()}
        best_score = self._try(settings, -1.0)
        for key, choices in grid.items():
            for choice in choices[1:]:
                if best_score == 1.0:
                    return settings
                trial = {**settings, key: choice}
                score = self._try(trial, best_score)
                if score > best_score:
                    best_score, settings = score, trial
        if self.best is None:
            raise PolyheadError(f"{self.dataset.train.source}: {self.baseline.remedy}")
        return settings

    def _try(self, settings, best_score) -> float:
        """The score on validation; keeps the model if it is the best so far."""
        try:
            vectorizer, matrix = self._fit_features(settings)
        except ValueError:  # no feature is left with these settings
            return -1.0
        dataset = self.dataset
        model = LinearModel(
            vectorizer, lambda: self.baseline.make_model(settings["C"], self.seed)
        )
        model.fit(matrix, self.train.labels, len(dataset.label_names))
        validation, thresholds = dataset.validation, None
        scores = model.score(validation.inputs)
        if dataset.multi_label:
            thresholds = tune_thresholds(scores, validation.labels, neutral=0.0)
        metrics = _evaluate(dataset, validation, scores, thresholds)
        score = metrics[main_metric(dataset.multi_label)]
        if score > best_score:
            self.best, self.thresholds = model, thresholds
        return score

    def _fit_features(self, settings):
        wanted = {key: value for key, value in settings.items() if key != "C"}
        if self._features[0] != wanted:
            self._features = (None, None, None)  # room for the next ones
            inputs, num_labels = self.train.inputs, len(self.dataset.label_names)
            make = self.baseline.make_features
            vectorizer = make(len(inputs), num_labels, **wanted)
            matrix = vectorizer.fit_transform(inputs).tocsr()
            # Threads share it, and a fit that finds it unsorted sorts it in place.
            matrix.sum_duplicates()
            self._features = (wanted, vectorizer, matrix)
        return self._features[1:]


class LinearModel:
    """One binary linear model for each label, on the same features.

    Args:
        vectorizer: inputs to features; fitted.
        make_model: gives an unfitted binary model.
    """

    def __init__(self, vectorizer: Any, make_model: Callable[[], Any]):
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

    def _fit_one(self, matrix, target):
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
