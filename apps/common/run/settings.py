"""Inherits, checks and fills the settings of a run, before its data are read."""

import dataclasses
import os
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..task import Task
from .config import changed_fields, check_values, load_config
from .folder import check_run


def resolve(task: Task, config: Any) -> Any:
    """Checks the settings, and fills those that a preset or `init_from` decides.

    A `Path` becomes a str.
    """
    config = dataclasses.replace(config, **_plain_settings(config))
    if config.init_from:
        check_run(config.init_from)
        path = Path(config.init_from)
        file, defaults = path / "config.json", task.older_defaults
        older = load_config(task.config, task.name, file, defaults)
        older = task.older_config(older, path)
        config = inherit_architecture(config, older, task.architecture)
    check_values(config, task.choices, task.ranges)
    return task.fill(config)


def settings_left(config: Any) -> frozenset[str]:
    """The names of the settings of a user's configuration that have their default."""

    def is_default(field: Any) -> bool:
        value = getattr(config, field.name)  # rows, which are refused later, have no ==
        return type(value) is type(field.default) and value == field.default

    return frozenset(f.name for f in dataclasses.fields(config) if is_default(f))


def describe_chosen(config: Any, fitted: Any) -> str:
    """The settings that the data have filled, in words."""
    names = {name: new for name, (_, new) in changed_fields(config, fitted).items()}
    return ", ".join(f"{name} {value}" for name, value in names.items())


def _plain_settings(config: Any) -> dict[str, Any]:
    """The settings that are a `Path`, as str."""
    changed: dict[str, Any] = {}
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if isinstance(value, os.PathLike):
            changed[field.name] = os.fsdecode(value)
        elif field.type == str | None and not isinstance(value, str | None):
            kind = type(value).__name__
            raise UsageError(
                f"{field.name} is a {kind}, not a text: give its name; rows are given "
                "with train(config, data=...)"
            )
    return changed


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


@dataclasses.dataclass(frozen=True)
class Length:
    """The length of a training that nobody chose.

    Args:
        epochs: of data with steps enough.
        patience: epochs without a better validation score, of such data.
        fewest_steps: of a training; smaller data get more epochs, and more patience.
    """

    epochs: int
    patience: int
    fewest_steps: int

    def fit(self, config: Any, steps: int, most_epochs: int | None = None) -> Any:
        """Fills `epochs` and `patience` of a configuration where they are None.

        `steps` is the number of batches of an epoch. Of the steps of a training, the
        patience always lasts for the same share. More than `most_epochs` are only those
        that are usual.

        Example:

        >>> from polyhead.apps.common.run.settings import Length
        >>> Length(epochs=30, patience=5, fewest_steps=3000).epochs_of(steps=10)
        300
        """
        epochs = self.epochs_of(steps)
        if most_epochs is not None:
            epochs = min(epochs, max(most_epochs, self.epochs))
        filled: dict[str, int] = {}
        if config.epochs is None:
            filled["epochs"] = epochs
        if config.patience is None:
            filled["patience"] = -(-self.patience * epochs // self.epochs)
        return dataclasses.replace(config, **filled)

    def epochs_of(self, steps: int) -> int:
        """The epochs of a training with so many steps in each."""
        return max(self.epochs, -(-self.fewest_steps // max(steps, 1)))


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
