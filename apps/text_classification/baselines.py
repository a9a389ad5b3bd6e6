"""Two linear models on the same rows: what the Transformer has to beat.

TF-IDF of words with logistic regression, and TF-IDF of words and characters with a
linear SVM.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ..common.classification.baselines import LinearBaseline, run_baseline
from ..common.classification.data import Dataset, Examples

ROW_LIMIT = 100_000  # more training rows than this are sampled
TEXT_LIMIT = 10_000  # characters of one text that are read

# Characters of all training texts together that each baseline reads, for memory
# and time: a text has some ten times more character n-grams than words.
CHARACTER_LIMITS = {
    "tfidf-logistic-regression": 40_000_000,
    "tfidf-linear-svm": 5_000_000,
}
WORK_LIMIT = 600_000_000  # characters times labels, some minutes of work
ROW_WORK_LIMIT = 2_500_000  # rows times labels, as much for short texts
FEWEST_ROWS = 20  # of a label, though they take longer
WEIGHT_LIMIT = 100_000_000  # features times labels, 400 MB

# The settings that are tried. The search begins with the first value of each.
GRIDS: dict[str, dict[str, tuple]] = {
    "tfidf-logistic-regression": {
        "C": (16.0, 1.0, 4.0, 64.0),
        "min_df": (1, 2),
        "sublinear_tf": (True, False),
    },
    "tfidf-linear-svm": {"analyzer": ("char_wb", "char"), "C": (0.3, 0.1, 1.0, 3.0)},
}
REMEDY = "the training texts hold no words: name the right text column"

# Scripts without spaces give one token a character, so that two make a bigram;
# everywhere else a token is a word or a single sign.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
)
TOKEN = rf"[{_UNSPACED}]|(?:(?![{_UNSPACED}])\w)+|[^\w\s]"


def run_baselines(
    dataset: Dataset, seed: int = 0, tell: Callable[[str], None] = lambda line: None
) -> dict[str, dict]:
    """Name -> result of both baselines; see `run_baseline`."""
    train, validation = _cut(dataset.train), _cut(dataset.validation)
    test = dataset.test and _cut(dataset.test)
    dataset = replace(dataset, train=train, validation=validation, test=test)
    results = {}
    for name, (make_features, make_model) in MAKERS.items():
        labels = len(dataset.label_names)
        limit = min(CHARACTER_LIMITS[name], WORK_LIMIT // labels)
        rows = min(ROW_LIMIT, max(ROW_WORK_LIMIT // labels, FEWEST_ROWS * labels))
        baseline = LinearBaseline(GRIDS[name], make_features, make_model, REMEDY)
        sample = _sample(train, limit, rows, seed)
        tell(f"fitting {name} to {len(sample.inputs):,} texts")
        results[name] = run_baseline(baseline, dataset, sample, seed)
    return results


def _cut(examples: Examples) -> Examples:
    return replace(examples, inputs=[text[:TEXT_LIMIT] for text in examples.inputs])


def _sample(train: Examples, character_limit: int, rows: int, seed: int) -> Examples:
    """The examples, or a sample of them where they are too many."""
    texts = train.inputs
    order = np.random.default_rng(seed).permutation(len(texts))[:rows]
    lengths = np.array([len(texts[row]) for row in order])
    kept = np.zeros(len(texts), bool)
    kept[order[np.cumsum(lengths) <= character_limit]] = True
    return train.take(kept)


def _word_features(num_rows, num_labels, min_df, sublinear_tf):
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(
        ngram_range=(1, 2),
        token_pattern=TOKEN,
        min_df=min_df,
        max_features=WEIGHT_LIMIT // num_labels,
        sublinear_tf=sublinear_tf,
    )


def _word_and_character_features(num_rows, num_labels, analyzer):
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_union

    settings = {
        # What occurs once weighs little in an SVM and doubles the memory.
        "min_df": 2 if num_rows >= 1000 else 1,
        "max_features": WEIGHT_LIMIT // num_labels // 2,
        "sublinear_tf": True,
    }
    return make_union(
        TfidfVectorizer(ngram_range=(1, 2), token_pattern=TOKEN, **settings),
        TfidfVectorizer(ngram_range=(2, 5), analyzer=analyzer, **settings),
    )


def _logistic_regression(c, seed):
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=c, solver="liblinear", tol=1e-3)


def _linear_svm(c, seed):
    from sklearn.svm import LinearSVC

    return LinearSVC(C=c, tol=1e-2, random_state=seed)


MAKERS: dict[str, tuple[Callable, Callable]] = {
    "tfidf-logistic-regression": (_word_features, _logistic_regression),
    "tfidf-linear-svm": (_word_and_character_features, _linear_svm),
}
