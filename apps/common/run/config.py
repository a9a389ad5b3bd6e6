"""A run's configuration: a frozen dataclass, also written as config.json."""

import dataclasses
import difflib
import math
import os
import types
import typing
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from ..errors import RETRAIN, PolyheadError, UsageError
from ..files import read_json

FORMAT = 1  # of config.json
_TRUE = ("true", "yes", "on", "1")
_FALSE = ("false", "no", "off", "0")


def config_to_json(task: str, config: Any) -> dict[str, Any]:
    """The content of config.json: format, task and every field."""
    return {"format": FORMAT, "task": task, **dataclasses.asdict(config)}


def load_config(
    config_class: type,
    task: str,
    path: str | os.PathLike[str],
    older_defaults: Mapping[str, tuple] = types.MappingProxyType({}),
) -> Any:
    """Reads a run's config.json; fields that an older file lacks get their defaults.

    Those are the first of its `older_defaults`, or of this version.
    """
    values = read_config_json(path)
    if values["task"] != task:
        raise PolyheadError(f"{path}: a run of {values['task']}, not of {task}")
    del values["format"], values["task"]
    values = {name: known[0] for name, known in older_defaults.items()} | values
    return make_config(config_class, values, source=str(path))


def read_config_json(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Reads config.json, and checks that it has a `task` and the right format."""
    values = read_json(path, RETRAIN, object)
    if not isinstance(values, dict) or not isinstance(values.get("task"), str):
        raise PolyheadError(f"{path}: not the configuration of a polyhead run")
    if values.get("format") != FORMAT:
        raise PolyheadError(
            f"{path}: format {values.get('format')!r}, this version reads {FORMAT}: "
            "install the version of polyhead that wrote it"
        )
    return values


def read_settings(config_class: type, path: str | os.PathLike[str]) -> dict[str, Any]:
    """Reads the file of `--config`, which has some or all fields of a config.json."""
    values = read_json(path, "correct the file", object)
    if not isinstance(values, dict):
        raise UsageError(f"{path}: expected an object of settings, as in config.json")
    settings = {k: v for k, v in values.items() if k not in ("format", "task")}
    return check_settings(config_class, settings, source=str(path))


def parse_settings(config_class: type, assignments: Iterable[str]) -> dict[str, Any]:
    """Turns the arguments of `--set`, such as "epochs=5", into typed values."""
    fields = typing.get_type_hints(config_class)
    settings = {}
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        key = key.strip().replace("-", "_")
        if not equals:
            raise UsageError(f"--set {assignment}: expected key=value")
        if key not in fields:
            raise UsageError(f"--set {assignment}: {_unknown(key, fields)}")
        settings[key] = parse_value(fields[key], text, source=f"--set {assignment}")
    return settings


def parse_value(field_type: Any, text: str, source: str) -> Any:
    """Reads `text` as a value of a field's type, or raises a UsageError."""
    item = list_of(field_type)
    if item:
        words = [] if text.strip().lower() == "none" else text.split(",")
        return tuple(parse_value(item, word.strip(), source) for word in words)
    kinds = _kinds(field_type)
    word = text.strip().lower()
    if type(None) in kinds and word == "none":
        return None
    if bool in kinds and word in _TRUE + _FALSE:
        return word in _TRUE
    for kind in (int, float):
        if kind in kinds:
            try:
                value = kind(text)
            except ValueError:
                continue
            if math.isfinite(value):
                return value
    if str in kinds:
        return text
    raise UsageError(f"{source}: {text!r} is not {_describe(kinds)}")


def make_config(
    config_class: type, settings: Mapping[str, Any], source: str = "config"
) -> Any:
    """Checks the settings and makes a `config_class` of them."""
    return config_class(**check_settings(config_class, settings, source))


def check_settings(
    config_class: type, settings: Mapping[str, Any], source: str
) -> dict[str, Any]:
    """Refuses unknown keys and values of a wrong type; returns the settings."""
    fields = typing.get_type_hints(config_class)
    checked: dict[str, Any] = {}
    for key, value in settings.items():
        if key not in fields:
            raise UsageError(f"{source}: {_unknown(key, fields)}")
        item = list_of(fields[key])
        if not item:
            checked[key] = _check_value(key, value, _kinds(fields[key]), source)
        elif isinstance(value, list | tuple):
            checked[key] = tuple(_check_value(key, v, (item,), source) for v in value)
        else:
            raise UsageError(f"{source}: {key} = {value!r} is not a list")
    return checked


def check_values(
    config: Any,
    choices: Mapping[str, Collection],
    ranges: Mapping[str, tuple[float, float]],
) -> None:
    """Refuses a setting that is not among its choices or outside its range.

    A field may also be None.
    """
    for name, known in choices.items():
        value = getattr(config, name)
        if value is not None and value not in known:
            raise UsageError(f"{name} {value!r}: choose from {', '.join(known)}")
    for name, (low, high) in ranges.items():
        value = getattr(config, name)
        if value is not None and not low <= value <= high:
            raise UsageError(f"{name} is {value}: it must be from {low} to {high}")


def changed_fields(old: Any, new: Any) -> dict[str, tuple[Any, Any]]:
    """The fields that differ, as {name: (old, new)}, except the folder `run`."""
    names = [field.name for field in dataclasses.fields(old) if field.name != "run"]
    pairs = {name: (getattr(old, name), getattr(new, name)) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def rows_of(config: Any) -> dict[str, Any]:
    """The setting `data` of a configuration, if it has one: rows are in no file."""
    data = getattr(config, "data", None)
    return {} if data is None else {"data": data}


def list_of(field_type: Any) -> Any:
    """The type of the items if the field is a tuple, else None."""
    if typing.get_origin(field_type) is tuple:
        return typing.get_args(field_type)[0]
    return None


def _check_value(key: str, value: Any, kinds: tuple, source: str) -> Any:
    """Refuses a value of another type; a whole number may stand for a float."""
    if type(value) is int and int not in kinds and float in kinds:
        value = float(value)
    if type(value) not in kinds:
        raise UsageError(f"{source}: {key} = {value!r} is not {_describe(kinds)}")
    return value


def _kinds(field_type: Any) -> tuple:
    """The types that a field's annotation allows."""
    if typing.get_origin(field_type) in (types.UnionType, typing.Union):
        return typing.get_args(field_type)
    return (field_type,)


def _describe(kinds: Sequence[type]) -> str:
    names: dict[type, str] = {int: "a whole number", float: "a number", str: "text"}
    names |= {bool: "true or false", type(None): "none"}
    return " or ".join(names[kind] for kind in kinds)


def _unknown(key: str, fields: Iterable[str]) -> str:
    nearest = difflib.get_close_matches(key, fields, n=1, cutoff=0.0)[0]
    return f"unknown setting {key!r}; the nearest known one is {nearest!r}"
