"""Which source a configuration names."""

from types import SimpleNamespace

import pytest

from polyhead.apps.common.data import report, tfds
from polyhead.apps.common.data.sources import (
    check_one_source,
    read_embedded,
    read_sources,
)
from polyhead.apps.common.errors import PolyheadError, UsageError


def read(**given):
    config = SimpleNamespace(
        **{"train": None, "tfds": None, "dataset": None, "tfds_dir": None} | given
    )
    return read_sources(
        config,
        files=lambda path: {"train": f"file {path}"},
        tfds=lambda builder, split: f"{builder} {split}",
        embedded={"small": lambda: {"train": "embedded"}},
    )


def test_each_source_is_read_by_its_reader():
    assert read(train="a.csv") == {"train": "file a.csv"}
    assert read(dataset="small") == {"train": "embedded"}


def test_splits_of_tfds_that_are_absent_or_empty_are_left_out(monkeypatch):
    builder = SimpleNamespace(info=SimpleNamespace(splits=["train", "test", "extra"]))
    sources = "polyhead.apps.common.data.sources.open_tfds"
    monkeypatch.setattr(sources, lambda name, folder: builder)
    config = SimpleNamespace(train=None, dataset=None, tfds="x", tfds_dir=None)
    splits = read_sources(
        config, dict, lambda builder, split: split if split == "train" else None, {}
    )
    assert splits == {"train": "train"}


def test_no_source_or_two_are_refused():
    with pytest.raises(UsageError, match="^give one of --train, --tfds and --dataset$"):
        read()
    with pytest.raises(UsageError, match="not --train and --dataset"):
        read(train="a.csv", dataset="small")
    check_one_source({"--a": False, "--b": True, "--c": False})


def test_an_unknown_embedded_set_lists_the_known_ones():
    with pytest.raises(UsageError, match="there is: dates, other"):
        read_embedded("date", {"dates": dict, "other": dict})


def test_labels_of_tfds_have_names_and_hidden_ones_have_none():
    import numpy as np

    feature = SimpleNamespace(int2str=lambda number: "ab"[number])
    assert tfds.name_labels(feature, np.int64(1)) == "b"
    assert tfds.name_labels(feature, np.int64(-1)) is None
    sequence = SimpleNamespace(feature=feature)
    assert tfds.name_labels(sequence, np.array([0, 1])) == ["a", "b"]
    assert tfds.name_labels(feature, b"text") == b"text"
    with pytest.raises(PolyheadError, match="no column 'c'; it has: a, b"):
        tfds.check_columns("set", {"a": 0, "b": 0}, ["a", "c"])


def test_the_parts_and_warnings_of_a_report():
    lines = report.format_parts({"train": 1200, "test": 3}, {"train": "a.csv"}, "rows")
    assert lines == ["train           1,200 rows   a.csv", "test                3 rows"]
    text = report.finish_report(lines, ["odd"])
    assert text.endswith("rows\n\nwarning: odd")
    assert report.finish_report(lines, []).endswith("rows")
