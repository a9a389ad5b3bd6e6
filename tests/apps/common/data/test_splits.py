"""A validation split taken from the training rows, and samples of rows."""

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

from polyhead.apps.common.data.splits import (
    held_out,
    number_texts,
    sample_rows,
    stratified_split,
)


def random_rows(generator, classes):
    """Rows with repeated texts, a few of them with conflicting labels."""
    size = int(generator.integers(20, 400))
    labels = generator.integers(0, classes, size) ** 2 // classes
    texts = [f"{label} {generator.integers(0, 60)}" for label in labels]
    return texts, labels.astype(np.int32)


@pytest.mark.parametrize("seed", range(20))
def test_no_text_crosses_and_every_class_stays(seed):
    generator = np.random.default_rng(seed)
    texts, labels = random_rows(generator, classes=int(generator.integers(2, 9)))
    flipped = generator.random(len(labels)) < 0.05
    labels[flipped] = 0
    if seed % 2:  # multi-label: a second label on some rows
        encoded = np.zeros((len(labels), labels.max() + 1), dtype=bool)
        encoded[np.arange(len(labels)), labels] = True
        encoded[generator.random(len(labels)) < 0.3, -1] = True
        labels = encoded
    fraction = float(generator.uniform(0.05, 0.9))
    mask = stratified_split(texts, labels, fraction, seed)
    assert 0 < mask.sum() <= len(texts) * fraction + 1
    assert not set(np.array(texts)[mask]) & set(np.array(texts)[~mask])
    if labels.ndim == 1:
        assert set(labels[~mask]) == set(labels)
    else:
        assert (labels[~mask].any(axis=0) == labels.any(axis=0)).all()


@pytest.mark.parametrize("seed", range(10))
def test_every_class_gives_its_share_within_a_row(seed):
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 12, 300) ** 2 // 12
    texts = [f"distinct {n}" for n in range(300)]
    fraction = float(generator.uniform(0.05, 0.5))
    mask = stratified_split(texts, labels, fraction, seed)
    assert abs(mask.sum() - 300 * fraction) <= 1
    for label, rows in Counter(labels.tolist()).items():
        share = np.sum(labels[mask] == label)
        expected = 0 if rows == 1 else rows * fraction
        assert abs(share - expected) <= 1
        assert share < rows


@pytest.mark.parametrize("seed", range(5))
def test_classes_of_one_row_take_no_share_of_the_others(seed):
    labels = np.array([0] * 5 + [1] * 5 + list(range(2, 42)))
    texts = [f"distinct {n}" for n in range(len(labels))]
    mask = stratified_split(texts, labels, 0.5, seed)
    assert mask.sum() == 5
    assert labels[mask].max() <= 1


@pytest.mark.parametrize("multi", [False, True])
def test_a_label_beside_others_on_one_text_stays_in_training(multi):
    # Its text goes by another label, and so would go to validation.
    texts = ["both", *(f"distinct {n}" for n in range(9)), "both"]
    labels = np.array([0] * 10 + [1])
    if multi:
        labels = np.ones((11, 2), dtype=bool)
        labels[1:10, 1] = False
        labels[3:5] = [False, True]
    for seed in range(10):
        mask = stratified_split(texts, labels, 0.9, seed)
        assert mask.sum() > 5
        kept = labels[~mask]
        assert kept.any(axis=0).all() if multi else set(kept) == {0, 1}


def test_the_seed_decides_the_split():
    texts, labels = random_rows(np.random.default_rng(0), 4)
    masks = [stratified_split(texts, labels, 0.3, seed) for seed in (1, 1, 2)]
    assert (masks[0] == masks[1]).all()
    assert (masks[0] != masks[2]).any()


def test_equal_texts_have_equal_numbers():
    assert number_texts(["a", "b", "a", "", "b"]).tolist() == [0, 1, 0, 2, 1]
    assert number_texts([]).shape == (0,)


def test_of_too_many_rows_a_seeded_sample_is_taken():
    assert sample_rows(5, 5, 0).tolist() == [0, 1, 2, 3, 4]
    rows = sample_rows(1000, 10, 3)
    assert len(set(rows)) == 10 and (np.diff(rows) > 0).all() and rows.max() < 1000
    assert rows.tolist() == sample_rows(1000, 10, 3).tolist()
    assert rows.tolist() != sample_rows(1000, 10, 4).tolist()


def test_test_data_are_held_out_or_else_validation_data():
    data = SimpleNamespace(validation="some", test="others")
    assert held_out(data) == ("test", "others")
    data.test = None
    assert held_out(data) == ("validation", "some")
