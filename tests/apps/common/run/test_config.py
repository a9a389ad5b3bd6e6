"""A configuration survives config.json, and wrong settings are named."""

import json
from dataclasses import dataclass, replace

import pytest

from polyhead.apps.common.errors import PolyheadError, UsageError
from polyhead.apps.common.run.config import (
    changed_fields,
    config_to_json,
    load_config,
    make_config,
    parse_settings,
    read_settings,
)
from polyhead.apps.registry import find_task, task_names

TASK = "text-classification"


@dataclass(frozen=True)
class Config:
    run: str | None = None
    name: str = "a"
    epochs: int = 15
    rate: float = 1e-3
    wide: bool = True
    hidden_dim: int | None = None


def write(path, data):
    path.write_text(data if isinstance(data, str) else json.dumps(data), "utf-8")
    return path


@pytest.mark.parametrize("name", task_names())
def test_every_task_config_survives_json(tmp_path, name):
    task = find_task(name)
    config = replace(task.config(), run="runs/é", epochs=3)
    path = write(tmp_path / "config.json", config_to_json(name, config))
    assert json.loads(path.read_text())["format"] == 1
    assert json.loads(path.read_text())["task"] == name
    assert load_config(task.config, name, path) == config


@pytest.mark.parametrize("name", task_names())
def test_every_flag_is_a_field(name):
    task = find_task(name)
    make_config(task.config, {})
    assert set(task.flags) <= set(config_to_json(name, task.config()))


@pytest.mark.parametrize(
    ("assignment", "value"),
    [
        ("epochs=5", {"epochs": 5}),
        ("rate=3", {"rate": 3.0}),
        ("rate=1e-2", {"rate": 0.01}),
        ("wide=false", {"wide": False}),
        ("wide=1", {"wide": True}),
        ("name=None", {"name": "None"}),
        ("name=a=b", {"name": "a=b"}),
        ("name=5", {"name": "5"}),
        ("hidden_dim=None", {"hidden_dim": None}),
        ("hidden-dim=64", {"hidden_dim": 64}),
        ("run=none", {"run": None}),
    ],
)
def test_set_is_typed_by_the_field(assignment, value):
    settings = parse_settings(Config, [assignment])
    assert settings == value
    assert [type(v) for v in settings.values()] == [type(v) for v in value.values()]


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("epochs=5.5", "'5.5' is not a whole number"),
        ("epochs=none", "'none' is not a whole number"),
        ("rate=nan", "'nan' is not a number"),
        ("wide=maybe", "'maybe' is not true or false"),
        ("hidden_dim=x", "'x' is not a whole number or none"),
        ("epochs", "expected key=value"),
        ("epoch=5", "unknown setting 'epoch'; the nearest known one is 'epochs'"),
    ],
)
def test_wrong_set_is_named(assignment, message):
    with pytest.raises(UsageError, match=message) as caught:
        parse_settings(Config, [assignment])
    assert assignment in str(caught.value)


def test_config_file_gives_some_fields_and_ignores_format_and_task(tmp_path):
    path = write(
        tmp_path / "f.json", {"format": 1, "task": "x", "rate": 1, "epochs": 2}
    )
    assert read_settings(Config, path) == {"rate": 1.0, "epochs": 2}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            {"epochss": 3},
            "unknown setting 'epochss'; the nearest known one is 'epochs'",
        ),
        ({"epochs": "3"}, "epochs = '3' is not a whole number"),
        ({"epochs": True}, "epochs = True is not a whole number"),
        ({"wide": 1}, "wide = 1 is not true or false"),
        ([1], "expected an object"),
        ("{", "broken JSON in line 1"),
    ],
)
def test_wrong_config_file_is_named(tmp_path, content, message):
    path = write(tmp_path / "f.json", content)
    with pytest.raises(PolyheadError, match=message) as caught:
        read_settings(Config, path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "format 2, this version reads 1"),
        ({"task": "translation"}, "a run of translation, not of text-classification"),
        ({"task": None}, "not the configuration of a polyhead run"),
        ({"later_field": 1}, "unknown setting 'later_field'"),
    ],
)
def test_a_run_of_another_kind_is_refused(tmp_path, change, message):
    content = config_to_json(TASK, Config()) | change
    path = write(tmp_path / "config.json", content)
    with pytest.raises(PolyheadError, match=message):
        load_config(Config, TASK, path)


def test_fields_younger_than_the_run_take_their_defaults(tmp_path):
    path = write(tmp_path / "config.json", {"format": 1, "task": TASK, "epochs": 3})
    assert load_config(Config, TASK, path) == Config(epochs=3)


def test_changed_fields_ignore_where_the_run_lies():
    old = Config(run="a", epochs=3)
    assert changed_fields(old, replace(old, run="b")) == {}
    changed = changed_fields(old, replace(old, epochs=4, name="b"))
    assert changed == {"epochs": (3, 4), "name": ("a", "b")}
