"""Which of its sources a configuration names."""

from types import SimpleNamespace

import pytest

from polyhead.apps.common.data import sources
from polyhead.apps.common.data.given import give
from polyhead.apps.common.data.sources import (
    check_one_source,
    read_embedded,
    read_sources,
)
from polyhead.apps.common.errors import UsageError


def make_config(**given):
    fields = {"train": None, "tfds": None, "dataset": None, "tfds_dir": None}
    return SimpleNamespace(**(fields | given))


def read(config, monkeypatch):
    builder = SimpleNamespace(
        info=SimpleNamespace(splits={"train": 1, "test": 1, "unsupervised": 1})
    )
    monkeypatch.setattr(sources, "open_tfds", lambda name, folder: builder)
    return read_sources(
        config,
        files=lambda path: {"train": path},
        table=lambda rows: rows.columns,
        tfds=lambda builder, split: split if split == "train" else None,
        embedded={"flowers": lambda: {"train": "flowers"}},
    )


@pytest.mark.parametrize(
    "given, expected",
    [
        ({"train": "a.csv"}, {"train": "a.csv"}),
        ({"dataset": "flowers"}, {"train": "flowers"}),
        ({"data": give({"x": [1, 2]})}, {"train": {"x": [1, 2]}}),
        ({"tfds": "glue"}, {"train": "train"}),  # a split without labels is left out
    ],
)
def test_each_source_gives_its_splits(given, expected, monkeypatch):
    assert read(make_config(**given), monkeypatch) == expected


@pytest.mark.parametrize(
    "given, message",
    [
        ({}, "give one of --train, --tfds and --dataset$"),
        (
            {"train": "a.csv", "dataset": "flowers"},
            "give one of --train, --tfds and --dataset, not --train and --dataset",
        ),
        (
            {"dataset": "trees"},
            "--dataset trees: not an embedded data set; there is: flowers",
        ),
    ],
)
def test_no_source_or_several_are_wrong_use(given, message, monkeypatch):
    with pytest.raises(UsageError, match=message):
        read(make_config(**given), monkeypatch)


def test_the_sources_have_the_names_of_the_command_line():
    check_one_source({"--train": False, "--dataset": True})
    with pytest.raises(
        UsageError, match="give one of --a, --b and --c, not --a and --c"
    ):
        check_one_source({"--a": True, "--b": False, "--c": True})


def test_an_embedded_set_is_read_when_it_is_named():
    assert read_embedded("flowers", {"flowers": lambda: {"train": 1}}) == {"train": 1}
