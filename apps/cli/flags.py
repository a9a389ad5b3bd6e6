"""The flags of `train`, which are the fields of the task's `Config`."""

import argparse
import dataclasses
import typing

from ..common.errors import UsageError
from ..common.run.config import (
    list_of,
    make_config,
    parse_settings,
    parse_value,
    read_settings,
)
from ..registry import find_task, task_names
from .parser import Parser, intermixed, refuse_words


def train_arguments(words):
    """The namespace of `train`; None where its help has been printed."""
    names = ", ".join(task_names())
    if not words:
        raise UsageError(f"train needs a task: one of {names}")
    if words[0] in ("-h", "--help"):
        print(f"usage: polyhead train TASK ...\n\nTASK is one of {names}")
        return None
    task, words = words[0], words[1:]
    flags, config = find_task(task).flags, find_task(task).config
    parser = Parser(f"train {task}", "[flags]", "Train a model on your data.")
    add = parser.add_argument
    kinds = typing.get_type_hints(config)
    for field in dataclasses.fields(config):
        if field.name in flags:
            _add_flag(parser, field, kinds[field.name], flags[field.name])
    add("--config", metavar="F.json", help="settings, as in config.json")
    text = "any setting, with a flag or without"
    add("--set", action="extend", nargs="+", default=[], metavar="key=value", help=text)
    text = "end an interrupted training now, with its best epoch so far"
    add("--finish", action="store_true", help=text)
    add("--overwrite", action="store_true", help="replace the run that is there")
    add("--dry-run", action="store_true", help="read the data, report, train nothing")
    arguments = intermixed(parser, words)
    refuse_words(parser, arguments)
    if arguments.finish and arguments.dry_run:
        raise UsageError(
            "--finish writes a run, and --dry-run writes nothing: drop one"
        )
    arguments.task = task
    given = {name: value for name, value in vars(arguments).items() if name in flags}
    arguments.config = _merge(config, arguments.config, given, arguments.set)
    return arguments


def _add_flag(parser, field, kind, text):
    flag = "--" + field.name.replace("_", "-")
    # Absent flags leave no trace, so that --config is not overruled by defaults.
    settings = {"default": argparse.SUPPRESS}
    if kind is bool:
        parser.add_argument(flag, action="store_true", help=text, **settings)
        return
    default, item = field.default, list_of(kind)
    if item:
        settings |= {"action": "extend", "nargs": "+"}
        default = " ".join(map(str, default)) or None
    if default is not None:
        text += f" (default: {default})"
    parser.add_argument(
        flag,
        type=lambda word: parse_value(item or kind, word, source=flag),
        metavar=field.name.upper(),
        help=text.replace("%", "%%"),
        **settings,
    )


def _merge(config, file, given, assignments):
    settings = parse_settings(config, assignments)
    twice = sorted(set(settings) & set(given))
    if twice:
        raise UsageError(f"{twice[0]} is given both by its flag and by --set: keep one")
    base = read_settings(config, file) if file else {}
    return make_config(config, base | given | settings)
