"""The data of a plan, read with what its run remembers."""

from dataclasses import replace

import pytest
from review_tools import TINY, make_reviews, write_csv

from polyhead.apps.common.classification.label_file import write_labels
from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.folder.known import find_known, read_data
from polyhead.apps.common.folder.plan import BEGIN, RESUME, Plan
from polyhead.apps.text_classification import TASK, Config


@pytest.fixture
def plan(tmp_path):
    train = write_csv(tmp_path / "train.csv", make_reviews(40, seed=0))
    config = Config(train=train, run=str(tmp_path), **TINY)
    return Plan(BEGIN, tmp_path, tmp_path, TASK, config)


def remember(plan, data):
    steps = TASK.steps()
    write_labels(plan.path / "labels.txt", data.label_names)
    steps.remember(plan.config, data, data).save(plan.path)


def test_a_new_run_knows_nothing(plan):
    same, known, data = read_data(plan, plan.config, overwrite=False)
    assert same is plan and known is None and len(data.train.inputs) == 32
    remember(plan, data)
    assert find_known(plan) is None  # of another run


def test_a_run_that_was_killed_as_it_began_knows_nothing(plan):
    assert find_known(replace(plan, action=RESUME)) is None


def test_a_training_goes_on_with_its_rows_or_begins_anew(plan):
    _, _, data = read_data(plan, plan.config, overwrite=False)
    remember(plan, data)
    resumed = replace(plan, action=RESUME)
    write_csv(plan.path / "train.csv", make_reviews(40, seed=0)[::-1])
    same, known, again = read_data(resumed, plan.config, overwrite=False)
    assert same is resumed and known.rows
    assert again.train.inputs == data.train.inputs
    write_csv(plan.path / "train.csv", make_reviews(30, seed=0))
    with pytest.raises(PolyheadError, match="cannot go on: .* 10 gone.*--overwrite"):
        read_data(resumed, plan.config, overwrite=False)
    anew, known, data = read_data(resumed, plan.config, overwrite=True)
    assert anew.action == BEGIN and "10 gone: beginning anew" in anew.note
    assert known is None and len(data.train.inputs) == 24
