"""Two linear models on the same rows: what the Transformer has to beat.

TF-IDF of words with logistic regression, and TF-IDF of words and characters
with a linear SVM. They are fitted on train, their settings are chosen on
validation, and they are scored once on test.
"""

import numpy as np

from ..common.classification.scores import (
    decide,
    evaluate,
    main_metric,
    tune_thresholds,
)
from ..common.errors import PolyheadError

ROW_LIMIT = 100_000  # more training rows than this are sampled
TEXT_LIMIT = 10_000  # characters of one text that are read

# Characters of all training texts together that each baseline reads, for memory
# and time: a text has some ten times more character n-grams than words.
CHARACTER_LIMITS = {
    "tfidf-logistic-regression": 40_000_000,
    "tfidf-linear-svm": 5_000_000,
}
WORK_LIMIT = 600_000_000  # characters times labels, some minutes of work
WEIGHT_LIMIT = 100_000_000  # features times labels, 400 MB

# The settings tried, the first of each where the search starts.
GRIDS = {
    "tfidf-logistic-regression": {
        "C": (16.0, 1.0, 4.0, 64.0),
        "min_df": (1, 2),
        "sublinear_tf": (True, False),
    },
    "tfidf-linear-svm": {
        "analyzer": ("char_wb", "char"),
        "C": (0.3, 0.1, 1.0, 3.0),
    },
}

# Scripts without spaces give one token a character, so that two make a bigram;
# everywhere else a token is a word or a single sign.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
)
TOKEN = rf"[{_UNSPACED}]|(?:(?![{_UNSPACED}])\w)+|[^\w\s]"

_NEVER = -1e6  # score of a label that the training rows do not hold
_JOBS = 2  # threads; liblinear works outside Python's lock


def run_baselines(dataset, seed=0):
    """Fits, tunes and scores both baselines.

    Args:
        dataset: a `Dataset`. Scored on test, or on validation where it has none.
        seed: of the sampling and of the solver.

    Returns:
        Name to a dict of `split`, `accuracy`, `macro_f1` (`micro_f1` if
        multi-label), `settings`, `train_rows`, `sampled`, and the arrays
        `scores (rows, labels)` and `predicted`, which do not go into files.

    Raises:
        PolyheadError: the training texts hold nothing but spaces.
    """
    from threadpoolctl import threadpool_limits

    # The labels are fitted side by side; threads below that wait for each other,
    # on a busy machine for minutes.
    with threadpool_limits(1):
        return {name: _run(name, dataset, seed) for name in GRIDS}


def _run(name, dataset, seed):
    limit = min(CHARACTER_LIMITS[name], WORK_LIMIT // len(dataset.label_names))
    texts, labels, sampled = _training_rows(dataset.train, limit, seed)
    search = _Search(name, dataset, texts, labels, seed)
    settings = search.run(GRIDS[name])
    split = "validation" if dataset.test is None else "test"
    examples = dataset.validation if dataset.test is None else dataset.test
    scores = search.best.score(examples.texts)
    predicted = decide(scores, dataset.multi_label, search.best.thresholds)
    metrics = evaluate(
        scores,
        examples,
        dataset.label_names,
        dataset.multi_label,
        search.best.thresholds,
        calibrated=False,
    )
    names = ["accuracy", "macro_f1"] + ["micro_f1"] * dataset.multi_label
    return {
        "split": split,
        **{key: metrics[key] for key in names},
        "settings": settings,
        "train_rows": len(texts),
        "sampled": sampled,
        "scores": scores,
        "predicted": predicted,
    }


def _training_rows(train, character_limit, seed):
    """Texts and labels, a sample of them where they are too many."""
    texts = _shorten(train.texts)
    order = np.random.default_rng(seed).permutation(len(texts))[:ROW_LIMIT]
    lengths = np.array([len(texts[row]) for row in order])
    kept = np.sort(order[np.cumsum(lengths) <= character_limit])
    return [texts[row] for row in kept], train.labels[kept], len(kept) < len(texts)


def _shorten(texts):
    return [text[:TEXT_LIMIT] for text in texts]


class _Search:
    """Tries one setting after the other, keeping what validation likes best."""

    def __init__(self, name, dataset, texts, labels, seed):
        self.name = name
        self.dataset = dataset
        self.texts = texts
        self.labels = labels
        self.seed = seed
        self.best = None
        self._features = (None, None, None)  # settings, vectoriser, matrix

    def run(self, grid):
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
            raise PolyheadError(
                f"{self.dataset.train.source}: the training texts hold no words: "
                "name the right text column"
            )
        return settings

    def _try(self, settings, best_score):
        """Returns the score on validation, and keeps the model if it is the best."""
        try:
            vectoriser, matrix = self._fit_features(settings)
        except ValueError:  # no token is left with this min_df
            return -1.0
        dataset = self.dataset
        model = _Linear(self.name, vectoriser, settings["C"], self.seed)
        model.fit(matrix, self.labels, dataset.label_names)
        scores = model.score(dataset.validation.texts)
        if dataset.multi_label:
            model.thresholds = tune_thresholds(
                scores, dataset.validation.labels, neutral=0.0
            )
        score = evaluate(
            scores,
            dataset.validation,
            dataset.label_names,
            dataset.multi_label,
            model.thresholds,
            calibrated=False,
        )[main_metric(dataset.multi_label)]
        if score > best_score:
            self.best = model
        return score

    def _fit_features(self, settings):
        wanted = {key: value for key, value in settings.items() if key != "C"}
        if self._features[0] != wanted:
            most = WEIGHT_LIMIT // len(self.dataset.label_names)
            self._features = (None, None, None)  # room for the next ones
            vectoriser = _make_vectoriser(self.name, len(self.texts), most, **wanted)
            matrix = vectoriser.fit_transform(self.texts).tocsr()
            # Threads share it, and a fit that finds it unsorted sorts it in place.
            matrix.sum_duplicates()
            self._features = (wanted, vectoriser, matrix)
        return self._features[1:]


def _make_vectoriser(name, rows, most, analyzer=None, min_df=None, sublinear_tf=True):
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_union

    if name == "tfidf-logistic-regression":
        return TfidfVectorizer(
            ngram_range=(1, 2),
            token_pattern=TOKEN,
            min_df=min_df,
            max_features=most,
            sublinear_tf=sublinear_tf,
        )
    # What occurs once weighs little in an SVM and doubles the memory.
    min_df = 2 if rows >= 1000 else 1
    common = {"min_df": min_df, "max_features": most // 2, "sublinear_tf": True}
    return make_union(
        TfidfVectorizer(ngram_range=(1, 2), token_pattern=TOKEN, **common),
        TfidfVectorizer(ngram_range=(2, 5), analyzer=analyzer, **common),
    )


class _Linear:
    """One binary linear model a label, over the same features."""

    def __init__(self, name, vectoriser, c, seed):
        self.name = name
        self.vectoriser = vectoriser
        self.c = c
        self.seed = seed
        self.thresholds = None

    def fit(self, matrix, labels, label_names):
        from joblib import Parallel, delayed

        if labels.ndim == 2:
            targets = list(labels.T)
        elif len(label_names) == 2:
            targets = [labels == 1]  # the other class is the negative
        else:
            targets = [labels == label for label in range(len(label_names))]
        self.two_classes = labels.ndim == 1 and len(label_names) == 2
        models = Parallel(n_jobs=_JOBS, prefer="threads")(
            delayed(self._fit_one)(matrix, target) for target in targets
        )
        self.coefficients = np.stack([weights for weights, _ in models], axis=1)
        self.intercepts = np.array([intercept for _, intercept in models])

    def _fit_one(self, matrix, target):
        if target.all() or not target.any():
            weights = np.zeros(matrix.shape[1], np.float32)
            return weights, -_NEVER if target.all() else _NEVER
        model = self._make_model().fit(matrix, target)
        return model.coef_[0].astype(np.float32), model.intercept_[0]

    def _make_model(self):
        if self.name == "tfidf-logistic-regression":
            from sklearn.linear_model import LogisticRegression

            return LogisticRegression(C=self.c, solver="liblinear", tol=1e-3)
        from sklearn.svm import LinearSVC

        return LinearSVC(C=self.c, tol=1e-2, random_state=self.seed)

    def score(self, texts):
        """Decision values, float64 (rows, labels)."""
        matrix = self.vectoriser.transform(_shorten(texts))
        scores = matrix @ self.coefficients + self.intercepts
        return np.hstack([-scores, scores]) if self.two_classes else scores
