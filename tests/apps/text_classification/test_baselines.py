"""The two linear baselines: strong, honest, seeded."""

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest

from polyhead.apps.common.classification.baselines import LinearModel
from polyhead.apps.common.classification.data import Dataset, Examples
from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.text_classification import baselines
from polyhead.apps.text_classification.baselines import GRIDS, TOKEN, run_baselines

DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "text"
WORDS = {
    "good": "lovely superb fine bright warm kind happy sweet".split(),
    "bad": "awful nasty grim dull cold cruel sad bitter".split(),
    "food": "bread soup rice apple cheese salad noodle tea".split(),
}
FILLER = "the a film meal was and then we saw it with some of that".split()


def make_examples(rows, seed, names=("good", "bad"), noise=0.1, multi_label=False):
    rng = np.random.default_rng(seed)
    tables = rng.random((rows, len(names))) < 0.4
    labels = rng.integers(0, len(names), rows).astype(np.int32)
    texts = []
    for row in range(rows):
        held = np.flatnonzero(tables[row]) if multi_label else [labels[row]]
        words = [rng.choice(WORDS[names[label]]) for label in held]
        texts.append(" ".join(rng.permutation([*words, *rng.choice(FILLER, 6)])))
    flipped = rng.random(rows) < noise
    labels[flipped] = rng.integers(0, len(names), flipped.sum())
    numbers = np.arange(1, rows + 1)
    return Examples(texts, tables if multi_label else labels, numbers, "made.csv")


def make_dataset(names=("good", "bad"), rows=300, test=True, **options):
    parts = [
        make_examples(n, i, names, **options) for i, n in enumerate([rows, 90, 120])
    ]
    multi_label = options.get("multi_label", False)
    return Dataset(
        parts[0], parts[1], parts[2] if test else None, names, multi_label, {}
    )


def score_by_hand(dataset, result):
    truth = dataset.test.labels
    if truth.ndim == 1:
        return (result["scores"].argmax(axis=1) == truth).mean()
    return (result["predicted"] == truth).all(axis=1).mean()


@pytest.mark.parametrize("names", [("good", "bad"), ("good", "bad", "food")])
def test_both_learn_and_say_how(names):
    dataset = make_dataset(names)
    results = run_baselines(dataset)
    assert list(results) == ["tfidf-logistic-regression", "tfidf-linear-svm"]
    for name, result in results.items():
        assert result["split"] == "test"
        assert result["accuracy"] == pytest.approx(score_by_hand(dataset, result))
        assert result["accuracy"] > 0.85  # a tenth of the labels is noise
        assert result["scores"].shape == (120, len(names))
        assert result["train_rows"] == 300 and result["sampled"] is False
        for key, value in result["settings"].items():
            assert value in GRIDS[name][key]


def test_several_labels_use_thresholds_tuned_on_validation():
    dataset = make_dataset(("good", "bad", "food"), multi_label=True)
    for result in run_baselines(dataset).values():
        assert result["predicted"].shape == (120, 3)
        assert result["predicted"].dtype == bool
        assert result["accuracy"] == pytest.approx(score_by_hand(dataset, result))
        assert result["macro_f1"] > 0.95 and result["micro_f1"] > 0.95


def test_the_same_seed_gives_the_same_scores():
    dataset = make_dataset()
    for name, result in run_baselines(dataset, seed=3).items():
        again = run_baselines(dataset, seed=3)[name]
        np.testing.assert_array_equal(result["scores"], again["scores"])
        assert result["settings"] == again["settings"]


def test_threads_share_nothing_that_a_fit_would_change(monkeypatch):
    # A matrix with unsorted rows would be sorted in place by each of them at once.
    fitted = []
    fit = LinearModel._fit_one

    def watch(self, matrix, target):
        before = matrix.indices.copy(), matrix.data.copy()
        fitted.append(matrix.has_canonical_format)
        result = fit(self, matrix, target)
        assert np.array_equal(before[0], matrix.indices)
        assert np.array_equal(before[1], matrix.data)
        return result

    monkeypatch.setattr(LinearModel, "_fit_one", watch)
    run_baselines(make_dataset(("good", "bad", "food")))
    assert fitted and all(fitted)


def test_test_data_are_scored_and_nothing_else():
    dataset = make_dataset()
    other = make_examples(70, seed=9, noise=0.5)
    changed = dataclasses.replace(dataset, test=other)
    before, after = run_baselines(dataset), run_baselines(changed)
    for name in GRIDS:
        assert before[name]["settings"] == after[name]["settings"]
        assert after[name]["accuracy"] < before[name]["accuracy"]


def test_settings_are_the_best_on_validation(monkeypatch):
    dataset = make_dataset(noise=0.3)
    name = "tfidf-logistic-regression"
    grid = {"C": (0.001, 1.0, 1000.0), "min_df": (1,), "sublinear_tf": (True,)}

    def validation_accuracy(c):
        fixed = {key: (value[0],) for key, value in grid.items()} | {"C": (c,)}
        monkeypatch.setitem(baselines.GRIDS, name, fixed)
        dataset_of = dataclasses.replace(dataset, test=None)
        return run_baselines(dataset_of)[name]["accuracy"]

    scores = {c: validation_accuracy(c) for c in grid["C"]}
    assert len(set(scores.values())) > 1
    monkeypatch.setitem(baselines.GRIDS, name, grid)
    chosen = run_baselines(dataset)[name]["settings"]["C"]
    assert scores[chosen] == max(scores.values())


def test_without_test_data_validation_is_scored():
    dataset = make_dataset(test=False)
    for result in run_baselines(dataset).values():
        assert result["split"] == "validation"
        assert len(result["predicted"]) == 90


def test_too_many_rows_are_sampled_and_it_is_said(monkeypatch):
    dataset = make_dataset(rows=500)
    monkeypatch.setattr(baselines, "ROW_LIMIT", 200)
    for result in run_baselines(dataset).values():
        assert result["train_rows"] == 200 and result["sampled"] is True
        assert result["accuracy"] > 0.8


def test_many_labels_are_fitted_to_fewer_rows(monkeypatch):
    dataset = make_dataset(rows=500)
    labels = len(dataset.label_names)
    monkeypatch.setattr(baselines, "ROW_WORK_LIMIT", 150 * labels)
    assert {x["train_rows"] for x in run_baselines(dataset).values()} == {150}
    monkeypatch.setattr(baselines, "ROW_WORK_LIMIT", 1)
    found = {x["train_rows"] for x in run_baselines(dataset).values()}
    assert found == {baselines.FEWEST_ROWS * labels}


def test_too_many_characters_are_sampled(monkeypatch):
    dataset = make_dataset()
    total = sum(map(len, dataset.train.inputs))
    limits = {**baselines.CHARACTER_LIMITS, "tfidf-linear-svm": total // 2}
    monkeypatch.setattr(baselines, "CHARACTER_LIMITS", limits)
    results = run_baselines(dataset)
    assert results["tfidf-logistic-regression"]["sampled"] is False
    assert results["tfidf-linear-svm"]["sampled"] is True
    assert 130 < results["tfidf-linear-svm"]["train_rows"] < 170


def test_one_huge_text_is_cut(monkeypatch):
    monkeypatch.setattr(baselines, "TEXT_LIMIT", 60)
    dataset = make_dataset()
    huge = dataset.train.inputs[0] + " never " * 100_000
    texts = [huge, *dataset.train.inputs[1:]]
    longer = dataclasses.replace(
        dataset, train=dataclasses.replace(dataset.train, inputs=texts)
    )
    for name, result in run_baselines(longer).items():
        assert result["train_rows"] == 300
        cut = [text[:60] for text in texts]
        short = dataclasses.replace(dataset.train, inputs=cut)
        same = run_baselines(dataclasses.replace(dataset, train=short))[name]
        np.testing.assert_array_equal(result["scores"], same["scores"])


@pytest.mark.parametrize("multi_label", [False, True])
def test_a_label_that_no_training_row_holds(multi_label):
    names = ("good", "bad", "food")
    dataset = make_dataset(names, multi_label=multi_label)
    train = dataset.train
    held = train.labels[:, 2] if multi_label else train.labels == 2
    rows = np.flatnonzero(~held)
    texts = [train.inputs[row] for row in rows]
    kept = {"labels": train.labels[rows], "rows": train.rows[rows]}
    train = dataclasses.replace(train, inputs=texts, **kept)
    for result in run_baselines(dataclasses.replace(dataset, train=train)).values():
        assert np.isfinite(result.get("scores", 0.0)).all()
        if not multi_label:
            assert not (result["predicted"] == 2).any()


def test_texts_without_words_are_an_error():
    dataset = make_dataset()
    blank = dataclasses.replace(dataset.train, inputs=["  "] * 300)
    with pytest.raises(PolyheadError, match="made.csv: .* hold no words: name the"):
        run_baselines(dataclasses.replace(dataset, train=blank))


def test_few_rows_are_enough():
    dataset = make_dataset(rows=4)
    labels = np.array([0, 0, 1, 1], np.int32)
    train = dataclasses.replace(dataset.train, labels=labels)
    for result in run_baselines(dataclasses.replace(dataset, train=train)).values():
        assert 0 <= result["accuracy"] <= 1


def test_tokens_of_scripts_with_and_without_spaces():
    assert re.findall(TOKEN, "It's good?! 好吃，快") == (
        ["It", "'", "s", "good", "?", "!", "好", "吃", "，", "快"]
    )
    assert re.findall(TOKEN, "한국어 naïve ひら") == ["한국어", "naïve", "ひ", "ら"]


def test_text_without_spaces_is_learnt_from_its_characters():
    # The sign that decides stands anywhere within an unbroken run of others.
    rng = np.random.default_rng(0)
    signs = list("天地人日月山水火木金土上下左右大小中国年时分来去见说话里外前后")

    def part(rows):
        labels = rng.integers(0, 2, rows).astype(np.int32)
        texts = []
        for label in labels:
            text = list(rng.choice(signs, 8))
            text.insert(rng.integers(0, 9), "坏" if label else "好")
            texts.append("".join(text))
        return Examples(texts, labels, np.arange(rows) + 1, "made.csv")

    dataset = Dataset(part(300), part(80), part(80), ("good", "bad"), False, {})
    for result in run_baselines(dataset).values():
        assert result["accuracy"] > 0.95


def read_trec(path):
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    labels, texts = zip(*(line.split(" ", 1) for line in lines if line), strict=True)
    rows = np.arange(1, len(texts) + 1)
    return Examples(list(texts), np.array(labels, np.int32), rows, str(path))


def test_questions_reach_the_accuracy_that_others_report():
    folder = DATA / "trec6"
    if not folder.exists():
        pytest.skip(f"real data are not here: {folder}")
    whole, test = read_trec(folder / "train.txt"), read_trec(folder / "test.txt")
    order = np.random.default_rng(0).permutation(len(whole.inputs))

    def take(rows):
        texts = [whole.inputs[row] for row in rows]
        return Examples(texts, whole.labels[rows], whole.rows[rows], whole.source)

    names = tuple("description entity abbreviation human location number".split())
    dataset = Dataset(take(order[500:]), take(order[:500]), test, names, False, {})
    results = run_baselines(dataset)
    assert results["tfidf-logistic-regression"]["accuracy"] > 0.875
    assert results["tfidf-linear-svm"]["accuracy"] > 0.89
