"""The floors: what they answer, that they see training data alone, and how much."""

import numpy as np
import pytest

from polyhead.apps.common.data.pairs import make_pairs
from polyhead.apps.translation import baselines
from polyhead.apps.translation.baselines import (
    run_baselines,
    sample,
    translate_by_nearest,
)
from polyhead.apps.translation.data import Dataset

TRAIN = make_pairs(
    "train.tsv",
    ["The dog runs.", "A cat sleeps on the sofa.", "Two men play chess.", "犬が走る"],
    ["Der Hund rennt.", "Eine Katze schläft.", "Zwei Männer spielen.", "Hund"],
)


def make_dataset(test=("the dogs run",), train=TRAIN):
    validation = make_pairs("validation.tsv", ["Two women play chess."], ["x"])
    held_out = make_pairs("test.tsv", test, ["y"] * len(test)) if test else None
    return Dataset(train, validation, held_out, {})


def many_pairs(rows, seed=0):
    rng = np.random.default_rng(seed)
    words = ["".join(rng.choice(list("abcdefghij"), 5)) for _ in range(300)]
    sources = [" ".join(rng.choice(words, 6)) for _ in range(rows)]
    return make_pairs("many.tsv", sources, [f"target {row}" for row in range(rows)])


def test_both_floors_answer_every_row_of_test():
    found = run_baselines(make_dataset(("the dogs run", "cats sleeping", "")))
    assert list(found) == ["copy", "nearest"]
    assert found["copy"]["hypotheses"] == ["the dogs run", "cats sleeping", ""]
    assert found["nearest"]["hypotheses"] == (
        ["Der Hund rennt.", "Eine Katze schläft.", ""]
    )
    assert {row["split"] for row in found.values()} == {"test"}
    assert found["nearest"]["train_rows"] == 4 and not found["nearest"]["sampled"]
    assert found["nearest"]["settings"]["n-grams"] == [2, 5]


@pytest.mark.parametrize("split", [None, "validation"])
def test_without_test_or_on_request_it_is_validation(split):
    found = run_baselines(make_dataset(test=None if split is None else ("a",)), split)
    assert found["nearest"]["split"] == found["copy"]["split"] == "validation"
    assert found["nearest"]["hypotheses"] == ["Zwei Männer spielen."]


@pytest.mark.parametrize(
    "source, target",
    [
        ("THE   DOG\nRUNS.", "Der Hund rennt."),  # case and spaces do not count
        ("猫が走る", "Hund"),
        ("Ωψ", ""),  # nothing in common
        ("   ", ""),
    ],
)
def test_nearest_is_by_what_is_written(source, target):
    assert translate_by_nearest(TRAIN, [source]) == [target]


def test_of_equals_the_first_is_taken():
    train = make_pairs("t", ["one two", "same text", "Same  text"], ["1", "2", "3"])
    assert translate_by_nearest(train, ["same text"]) == ["2"]


def test_one_short_training_source_is_enough():
    train = make_pairs("t", ["a"], ["b"])
    assert translate_by_nearest(train, ["a", "a b", "q"]) == ["b", "b", ""]


def test_in_batches_the_answers_are_the_same(monkeypatch):
    train, queries = many_pairs(1200), many_pairs(40, seed=1).sources
    queries = [*queries, *train.sources[5:15], *queries[:3]]
    whole = translate_by_nearest(train, queries)
    assert whole[40:50] == train.targets[5:15]  # a training source finds itself
    assert whole[50:] == whole[:3]
    monkeypatch.setattr(baselines, "_CELLS", 7 * 1200)
    assert translate_by_nearest(train, queries) == whole


def test_nearest_agrees_with_the_dense_cosine():
    from sklearn.feature_extraction.text import TfidfVectorizer

    train, queries = many_pairs(200), many_pairs(20, seed=1).sources
    vectoriser = TfidfVectorizer(
        analyzer="char", ngram_range=(2, 5), sublinear_tf=True
    ).fit([f" {source} " for source in train.sources])
    alike = (
        vectoriser.transform([f" {query} " for query in queries])
        @ vectoriser.transform([f" {source} " for source in train.sources]).T
    ).toarray()
    expected = [train.targets[place] for place in alike.argmax(axis=1)]
    assert translate_by_nearest(train, queries) == expected


def test_too_many_pairs_are_sampled_and_it_is_said(monkeypatch):
    monkeypatch.setattr(baselines, "ROW_LIMIT", 50)
    train = many_pairs(80)
    found = run_baselines(make_dataset(train=train))["nearest"]
    assert found["train_rows"] == 50 and found["sampled"]
    kept = sample(train, seed=3)
    assert kept.rows.tolist() == sorted(set(kept.rows.tolist()))
    pairs = dict(zip(train.sources, train.targets, strict=True))
    assert [pairs[source] for source in kept.sources] == kept.targets
    assert sample(train, seed=3).sources == kept.sources
    assert sample(train, seed=4).sources != kept.sources


def test_long_texts_count_for_memory(monkeypatch):
    monkeypatch.setattr(baselines, "CHARACTER_LIMIT", 1000)
    kept = sample(many_pairs(80))
    assert 900 < sum(map(len, kept.sources)) <= 1000
    # One text, however long, is read from its beginning.
    monkeypatch.setattr(baselines, "CHARACTER_LIMIT", baselines.TEXT_LIMIT)
    train = make_pairs("t", ["word " * 5000], ["target"])
    assert translate_by_nearest(sample(train), ["a word"]) == ["target"]
