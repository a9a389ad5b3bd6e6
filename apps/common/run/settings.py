"""Inherits, checks and fills the settings of a run, before its data are read."""

import dataclasses
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..task import Task
from .config import check_values, load_config
from .folder import check_run


def resolve(task: Task, config: Any) -> Any:
    """Checks the settings, and fills those that a preset or `init_from` decides."""
    if config.init_from:
        check_run(config.init_from)
        path = Path(config.init_from)
        older = load_config(task.config, task.name, path / "config.json")
        older = task.older_config(older, path)
        config = inherit_architecture(config, older, task.architecture)
    check_values(config, task.choices, task.ranges)
    return task.fill(config)


def inherit_architecture(config: Any, older: Any, names: tuple[str, ...]) -> Any:
    """Copies the fields `names`, on which the weights in `init_from` depend.

    Raises a UsageError if `config` has another value, or would overwrite that run.
    """
    if config.run and Path(config.run).resolve() == Path(config.init_from).resolve():
        raise UsageError(
            f"{config.run}: cannot begin with a run and take its place: name another "
            "folder with --run"
        )
    for field in dataclasses.fields(config):
        asked, kept = getattr(config, field.name), getattr(older, field.name)
        if field.name in names and asked not in (field.default, kept):
            raise UsageError(
                f"{field.name} {asked!r}: the weights of {config.init_from} are of a "
                f"model with {kept!r}: leave it out, or train without init_from"
            )
    return dataclasses.replace(config, **{name: getattr(older, name) for name in names})


def fill_missing(config: Any, defaults: dict) -> Any:
    """Replaces each field that is None by its value in `defaults`, if there is one."""
    missing = {k: v for k, v in defaults.items() if getattr(config, k) is None}
    return dataclasses.replace(config, **missing)


def check_heads(hidden_dim: int, num_heads: int, rotary: bool = False) -> None:
    """Raises a UsageError if the heads cannot share the width equally.

    With `rotary` positions the width of a head must also be even.
    """
    if hidden_dim % num_heads:
        raise UsageError(
            f"hidden_dim {hidden_dim} is no multiple of num_heads {num_heads}: "
            "change one"
        )
    if rotary and hidden_dim // num_heads % 2:
        raise UsageError(
            f"hidden_dim {hidden_dim} in {num_heads} heads (num_heads) gives "
            f"{hidden_dim // num_heads} to each, which must be even for the positions: "
            "change one"
        )
