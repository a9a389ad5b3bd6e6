"""The functions that the package of every task offers."""

import importlib
import inspect
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from polyhead.apps import load, registry
from polyhead.apps.common.api import make_api
from polyhead.apps.common.errors import PolyheadError, UsageError
from polyhead.apps.common.run import trainer
from polyhead.apps.common.run.run import Run


@pytest.mark.parametrize("name", registry.task_names())
def test_every_package_has_train_load_config_and_task(name):
    task = registry.find_task(name)
    package = importlib.import_module(f"polyhead.apps.{name.replace('-', '_')}")
    assert package.TASK is task and package.Config is task.config
    assert {"TASK", "Config", "load", "train"} <= set(package.__all__)
    names = list(inspect.signature(package.train).parameters)
    assert names[:5] == ["config", "overwrite", "dry_run", "verbose", "quiet"]
    assert names[5:] == ["data", "finish"]
    assert "Raises" in package.train.__doc__ and package.load.__doc__


def test_train_hands_everything_over(monkeypatch):
    given = []
    monkeypatch.setattr(trainer, "train", lambda *words: given.append(words) or "run")
    task = registry.find_task("text-classification")
    train, _ = make_api(task)
    config = task.config(train="a.csv")
    assert train(config, overwrite=True, quiet=True) == "run"
    assert given == [(task, config, True, False, False, True, False)]


@pytest.mark.parametrize("name", registry.task_names())
def test_a_path_as_data_names_a_file_and_rows_elsewhere_are_refused(
    name, monkeypatch, tmp_path
):
    given = []
    monkeypatch.setattr(
        trainer, "train", lambda task, config, *rest: given.append(config)
    )
    task = registry.find_task(name)
    train, _ = make_api(task)
    train(task.config(), data=Path("a.csv"))
    train(task.config(), data={"train": Path("a.csv"), "test": Path("b.csv")})
    named = task.config(train="a.csv")
    assert given == [named, replace(named, test="b.csv")]
    with pytest.raises(UsageError, match="data and the configuration both have train"):
        train(named, data=Path("a.csv"))
    with pytest.raises(UsageError, match="column 'dev' is .*: give a list of values"):
        train(task.config(), data={"dev": Path("a.csv")})
    monkeypatch.undo()
    rows = pd.DataFrame({"text": ["fine"], "label": ["good"]})
    with pytest.raises(UsageError, match=r"overwrite is a DataFrame: .*data=\.\.\."):
        train(task.config(), rows)
    with pytest.raises(UsageError, match=r"train is a DataFrame, .*data=\.\.\."):
        train(task.config(train=rows, run=str(tmp_path / "run")))


def test_load_gives_the_run_of_a_folder(review_run):
    _, load_of_task = make_api(registry.find_task("text-classification"))
    for run in (load_of_task(review_run.path), load(review_run.path)):
        assert isinstance(run, Run) and run.label_names == ("bad", "good")


def test_load_of_nothing_is_one_clear_line(tmp_path):
    _, load_of_task = make_api(registry.find_task("text-classification"))
    with pytest.raises(PolyheadError, match=r"config\.json: missing"):
        load_of_task(tmp_path)
