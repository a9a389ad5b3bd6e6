"""Two translators that learn nothing, which the Transformer has to beat.

`copy` gives the source back. `nearest` is a translation memory: it gives the
translation of the most similar training source.
"""

import numpy as np

from ..common.data.pairs import Pairs, choose
from ..common.data.splits import held_out
from .data import Dataset

ROW_LIMIT = 200_000  # more training pairs than this are sampled
CHARACTER_LIMIT = 8_000_000  # of the training sources that are searched, for memory
TEXT_LIMIT = 2_000  # characters of one text that are read

_NGRAMS = (2, 5)
_COMMON = 0.1  # n-grams in a larger share of the sources are left out,
_MANY = 1000  # where there are so many sources
_CELLS = 8_000_000  # similarities held at once, 100 MB


def run_baselines(
    dataset: Dataset, split: str | None = None, seed: int = 0
) -> dict[str, dict]:
    """Translates a split (test where there is one, if not named) by both baselines.

    Gives name -> a dict of `split`, `hypotheses` (one a row), `settings`, and for
    `nearest` `train_rows` and `sampled`, which say what it searched.
    """
    split = split or held_out(dataset)[0]
    sources = getattr(dataset, split).sources
    train = sample(dataset.train, seed)
    settings = {"features": "character TF-IDF", "n-grams": list(_NGRAMS)}
    return {
        "copy": {"split": split, "hypotheses": list(sources), "settings": {}},
        "nearest": {
            "split": split,
            "hypotheses": translate_by_nearest(train, sources),
            "settings": settings | {"max_df": _max_df(train)},
            "train_rows": len(train.sources),
            "sampled": len(train.sources) < len(dataset.train.sources),
        },
    }


def sample(train: Pairs, seed: int = 0) -> Pairs:
    """The training pairs, or a random sample of as many as memory allows."""
    lengths = np.array([min(len(source), TEXT_LIMIT) for source in train.sources])
    order = np.random.default_rng(seed).permutation(len(lengths))[:ROW_LIMIT]
    kept = np.sort(order[np.cumsum(lengths[order]) <= CHARACTER_LIMIT])
    return choose(train, kept)


def translate_by_nearest(train: Pairs, sources: list[str]) -> list[str]:
    """The target of the most similar training source, for each source.

    Similarity is the cosine; of equals the first is taken. A text that shares no n-gram
    with any training source gets an empty translation.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectoriser = TfidfVectorizer(
        analyzer="char",
        ngram_range=_NGRAMS,
        preprocessor=_prepare,
        max_df=_max_df(train),
        sublinear_tf=True,
        dtype=np.float32,
    )
    memory = vectoriser.fit_transform(train.sources).T.tocsr()  # (n-grams, pairs)
    # The same sentence is looked up once.
    queries = list(dict.fromkeys(sources))
    translations: dict[str, str] = {}
    size = max(1, _CELLS // len(train.sources))
    for start in range(0, len(queries), size):
        batch = queries[start : start + size]
        cosines = (vectoriser.transform(batch) @ memory).tocsr()  # (batch, pairs)
        nearest = np.ravel(cosines.argmax(axis=1))
        best = np.ravel(cosines.max(axis=1).toarray())
        for query, place, cosine in zip(batch, nearest, best, strict=True):
            translations[query] = train.targets[place] if cosine > 0 else ""
    return [translations[source] for source in sources]


def _max_df(train: Pairs) -> float:
    return _COMMON if len(train.sources) >= _MANY else 1.0


def _prepare(text: str) -> str:
    # With a space at each end even the shortest sentence has an n-gram.
    text = " ".join(text[:TEXT_LIMIT].lower().split())
    return f" {text} " if text else ""
