"""The majority; a linear baseline, fitted on train, chosen on validation."""

from dataclasses import replace

import numpy as np
import pytest
from label_tools import NAMES, examples
from scipy.sparse import csr_matrix

from polyhead.apps.common.classification.baselines import (
    ABSENT,
    LinearBaseline,
    LinearModel,
    majority,
    run_baseline,
)
from polyhead.apps.common.classification.data import Dataset
from polyhead.apps.common.errors import PolyheadError


class Points:
    """Makes a sparse matrix of points, scaled."""

    made: list = []

    def __init__(self, num_rows, num_labels, scale):
        self.scale = scale
        self.made.append((num_rows, num_labels, scale))

    def fit_transform(self, points):
        if self.scale is None:
            raise ValueError("no feature is left")
        return self.transform(points)

    def transform(self, points):
        return csr_matrix(np.array(points, float) * self.scale)


def make_model(c, seed):
    from sklearn.svm import LinearSVC

    return LinearSVC(C=c, random_state=seed)


GRID = {"C": (1.0, 1e-9), "scale": (1.0, 0.0)}
BASELINE = LinearBaseline(GRID, Points, make_model, "no points: draw some")


def make_split(rows, seed, multi_label=False, noise=0.0):
    """Points around one corner of a triangle for each label."""
    rng = np.random.default_rng(seed)
    corners = np.array([[3.0, 0.0], [-3.0, 3.0], [-3.0, -3.0]])
    labels = rng.integers(0, 3, rows).astype(np.int32)
    points = corners[labels] + rng.normal(size=(rows, 2))
    flipped = rng.random(rows) < noise
    labels[flipped] = rng.integers(0, 3, flipped.sum())
    if multi_label:
        labels = np.eye(3, dtype=bool)[labels]
    return examples(labels, [tuple(point) for point in points])


def make_dataset(test=True, **options):
    splits = [make_split(rows, rows, **options) for rows in (200, 60, 90)]
    multi_label = options.get("multi_label", False)
    held_out = splits[2] if test else None
    return Dataset(splits[0], splits[1], held_out, NAMES, multi_label, {})


@pytest.mark.parametrize("multi_label", [False, True])
def test_it_learns_and_says_how(multi_label):
    dataset = make_dataset(multi_label=multi_label)
    result = run_baseline(BASELINE, dataset, dataset.train)
    assert result["split"] == "test" and result["accuracy"] > 0.9
    assert ("micro_f1" in result) is multi_label
    assert result["settings"] == {"C": 1.0, "scale": 1.0}
    assert (result["train_rows"], result["sampled"]) == (200, False)
    assert result["scores"].shape == (90, 3)
    right = result["predicted"] == dataset.test.labels
    right = right.all(axis=1) if multi_label else right
    assert result["accuracy"] == right.mean()


def test_a_sample_of_the_rows_is_told():
    dataset = make_dataset(test=False)
    kept = np.arange(200) < 50
    result = run_baseline(BASELINE, dataset, dataset.train.take(kept))
    assert (result["train_rows"], result["sampled"]) == (50, True)
    assert result["split"] == "validation" and len(result["predicted"]) == 60


def test_the_settings_are_the_best_on_validation():
    dataset = make_dataset(noise=0.2)
    grid = {"scale": (0.0, 1.0), "C": (1.0,)}
    result = run_baseline(replace(BASELINE, grid=grid), dataset, dataset.train)
    assert result["settings"] == {"scale": 1.0, "C": 1.0}


def test_features_are_made_once_for_all_values_of_c():
    dataset = make_dataset(noise=0.2)
    Points.made.clear()
    grid = {"C": (1.0, 0.5, 0.1), "scale": (1.0, 9.0)}
    run_baseline(replace(BASELINE, grid=grid), dataset, dataset.train)
    assert Points.made == [(200, 3, 1.0), (200, 3, 9.0)]


def test_inputs_without_features_are_an_error():
    dataset = make_dataset()
    grid = {"C": (1.0,), "scale": (None,)}
    with pytest.raises(PolyheadError, match="data.csv: no points: draw some"):
        run_baseline(replace(BASELINE, grid=grid), dataset, dataset.train)


def test_a_label_that_no_row_has_is_never_the_answer():
    split = make_split(100, 0)
    kept = split.take(split.labels != 2)
    model = LinearModel(Points(0, 3, 1.0), lambda: make_model(1.0, 0))
    model.fit(csr_matrix(np.array(kept.inputs)), kept.labels, 3)
    scores = model.score(split.inputs)
    assert (scores[:, 2] == ABSENT).all() and np.isfinite(scores).all()


def test_the_majority_of_train_answers_everything():
    train, test = examples([2, 1, 1, 0, 1, 2]), examples([0, 1, 1, 2])
    found = majority(Dataset(train, test, test, NAMES, False, {}))["majority"]
    assert found["predicted"].tolist() == [1] * 4
    assert (found["split"], found["accuracy"]) == ("test", 0.5)
    assert found["settings"] == {"labels": ["green"]}
    # F1 of a label that half of the answers get right is 2/3; of the others 0.
    assert found["macro_f1"] == pytest.approx(2 / 9)
    found = majority(Dataset(train, test, None, NAMES, False, {}))["majority"]
    assert found["split"] == "validation"


def test_of_several_labels_the_most_frequent_set_answers():
    red, both, none = [1, 0, 0], [1, 0, 1], [0, 0, 0]
    sets = [np.array(rows, bool) for rows in ([red, both, both], [both, red])]
    train, test = map(examples, sets)
    found = majority(Dataset(train, test, test, NAMES, True, {}))["majority"]
    assert found["predicted"].tolist() == [[True, False, True]] * 2
    assert found["settings"] == {"labels": ["red", "blue"]} and found["accuracy"] == 0.5
    train = examples(np.array([none, none, red], bool))
    found = majority(Dataset(train, test, test, NAMES, True, {}))["majority"]
    assert not found["predicted"].any() and found["settings"] == {"labels": []}
