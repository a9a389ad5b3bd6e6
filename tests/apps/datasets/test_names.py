"""The embedded data set of short phrases in many names."""

import os
import subprocess
import sys
from collections import Counter

import pytest

pytest.importorskip("babel", reason="the data set is made from Babel")

from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.datasets import names

DIGEST = """
import hashlib, json
from polyhead.apps.datasets.names import read_names
data = json.dumps(read_names(), sort_keys=True)
print(hashlib.sha256(data.encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def data():
    return names.read_names()


def test_sizes(data):
    assert 40 <= len(names.LANGUAGES) <= 60
    for split, size in names.SIZES.items():
        texts, labels = data[split]
        assert len(texts) == len(labels)
        assert Counter(labels) == dict.fromkeys(names.LANGUAGES, size)
    assert sum(len(texts) for texts, _ in data.values()) <= 60_000


def test_no_phrase_occurs_twice(data):
    phrases = [text.casefold() for texts, _ in data.values() for text in texts]
    assert len(phrases) - len(set(phrases)) <= 5  # "A or B" in two cases


def test_every_name_belongs_to_one_split_and_one_language():
    places = {}
    for code, splits in names._names_by_split().items():
        for split, some in splits.items():
            for name in some:
                same = names._normalize(name)
                assert places.setdefault(same, (code, split)) == (code, split)
    assert len(places) > 30_000


def test_what_is_named_belongs_to_one_split_in_all_languages(data):
    # Germany in any language, by what Babel calls it.
    from babel import Locale

    named = names._names_by_split()
    for territory in ("DE", "JP", "KE", "NZ", "US"):
        split = names.split_of(f"territory {territory}")
        for code in ("fi", "el", "ja", "ta", "lt"):
            name = Locale.parse(code).territories[territory]
            found = [s for s in names.SIZES if name in named[code][s]]
            assert found in ([], [split])


def test_phrases_are_made_of_names_of_their_split(data):
    named = names._names_by_split()
    single = {
        split: {(code, name) for code in named for name in named[code][split]}
        for split in names.SIZES
    }
    for split, (texts, labels) in data.items():
        pairs = set(zip(labels, texts, strict=True))
        share = len(pairs & single[split]) / len(pairs)
        assert 0.2 < share < 0.6  # the rest are two names or more
        for other in names.SIZES:
            if other != split:
                assert not pairs & single[other]


def test_the_script_alone_does_not_give_the_language(data):
    texts, labels = data["test"]
    alphabets = {
        "latin": ("a", "z"),
        "cyrillic": ("а", "я"),
        "arabic": ("\u0621", "\u064a"),
        "devanagari": ("\u0905", "\u0939"),
    }
    for first, last in alphabets.values():
        users = Counter(
            label
            for text, label in zip(texts, labels, strict=True)
            if sum(first <= c <= last for c in text.casefold()) > len(text) / 3
        )
        assert sum(count > 30 for count in users.values()) >= 3


def test_a_baseline_finds_it_neither_trivial_nor_hopeless(data):
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.naive_bayes import MultinomialNB

    texts = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), min_df=2)
    model = MultinomialNB(alpha=0.1).fit(
        texts.fit_transform(data["train"][0]), data["train"][1]
    )
    accuracy = model.score(texts.transform(data["test"][0]), data["test"][1])
    assert 0.75 < accuracy < 0.97


def test_the_same_in_every_process(data):
    digests = {
        subprocess.run(
            [sys.executable, "-c", DIGEST],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_without_babel_the_remedy_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "babel", None)
    with pytest.raises(PolyheadError, match="pip install babel"):
        names.read_names()
