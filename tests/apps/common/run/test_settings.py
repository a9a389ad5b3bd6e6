"""The settings of a run before its data are read: checked alike for every task."""

import dataclasses
import json
import typing
from types import SimpleNamespace

import pytest
from golden_tools import copy_golden, golden_config
from run_tools import make_finished_run

from polyhead.apps.cli.main import main
from polyhead.apps.common.errors import PolyheadError, UsageError
from polyhead.apps.common.run.config import check_values, load_config
from polyhead.apps.common.run.settings import (
    check_heads,
    fill_missing,
    inherit_architecture,
    resolve,
)
from polyhead.apps.common.run.trainer import train
from polyhead.apps.registry import find_task, task_names

# Text that the user is free to choose, and settings that `fill` checks.
FREE = {"run", "init_from", "frequency", "preset", "label_separator", "activation"}
FREE |= {"tokenize"}  # sacreBLEU's own names
FREE_ENDINGS = ("column", "language", "dir", "source", "target")
DATA = {"train", "validation", "test", "split", "dataset", "tfds", "data"}
WRONG = [
    ("batch_size", 0),
    ("num_heads", 3),
    ("dropout", 1.5),
    ("learning_rate", -1.0),
    ("max_tokens", 0),
    ("epochs", 0),
    ("seed", -1),
    ("patience", -1),
    ("ema", 1.0),
    ("weight_decay", -0.1),
    ("mixed_precision", "nonsense"),
]


def kinds_of(task):
    """Each field of a task's `Config` with the plain types that it may have."""
    hints = typing.get_type_hints(task.config)
    for field in dataclasses.fields(task.config):
        kind = hints[field.name]
        yield field.name, set(typing.get_args(kind) or (kind,))


def refusal(task, config):
    with pytest.raises(UsageError) as caught:
        resolve(task, config)
    message = str(caught.value)
    assert caught.value.exit_status == 2 and "\n" not in message
    return message


@pytest.mark.parametrize("name", task_names())
def test_every_number_has_a_range_that_holds_its_default(name):
    task = find_task(name)
    numbers = {field for field, kinds in kinds_of(task) if kinds & {int, float}}
    lists = {field for field, kinds in kinds_of(task) if Ellipsis in kinds}
    assert numbers - lists == set(task.ranges)
    check_values(task.config(), task.choices, task.ranges)


@pytest.mark.parametrize("name", task_names())
def test_every_name_of_a_kind_has_choices(name):
    task = find_task(name)
    enumerated = {
        field
        for field, kinds in kinds_of(task)
        if str in kinds
        and Ellipsis not in kinds
        and field not in FREE | DATA
        and not field.endswith(FREE_ENDINGS)
    }
    assert enumerated == set(task.choices) - {"preset"}
    assert "mixed_precision" in enumerated


@pytest.mark.parametrize("name", task_names())
def test_what_lies_outside_a_range_is_refused_by_name(name):
    task = find_task(name)
    for field, (low, high) in task.ranges.items():
        for value in (low - 1, high + 1, float("nan")):
            config = dataclasses.replace(task.config(), **{field: value})
            assert refusal(task, config).startswith(f"{field} is {value}: it must be")
    for field, known in task.choices.items():
        config = dataclasses.replace(task.config(), **{field: "nonsense"})
        message = refusal(task, config)
        assert message == f"{field} 'nonsense': choose from {', '.join(known)}"


@pytest.mark.parametrize("field, value", WRONG, ids=lambda value: str(value))
@pytest.mark.parametrize("name", task_names())
def test_a_setting_that_cannot_be_is_one_line(name, field, value, tmp_path):
    task = find_task(name)
    config = task.config(run=str(tmp_path / "run"))
    if not hasattr(config, field):
        pytest.skip(f"{name} has no {field}")
    if "patch" in task.choices.get("model", ()):
        config = dataclasses.replace(config, model="patch")  # which has heads
    config = dataclasses.replace(config, **{field: value})
    assert field in refusal(task, config)
    with pytest.raises(UsageError, match=field):
        train(task, config)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "words, message",
    [
        ("--epochs 0", "epochs is 0: it must be from 1 to"),
        ("--seed -1", "seed is -1: it must be from 0 to"),
        (
            "--set mixed_precision=nonsense",
            "mixed_precision 'nonsense': choose from auto",
        ),
        ("--set dropout=5.0", "dropout is 5.0: it must be from 0 to 0.95"),
        ("--set dropuot=0.1", "the nearest known one is 'dropout'"),
        ("--set ema=none", "'none' is not a number"),
    ],
)
@pytest.mark.parametrize("name", task_names())
def test_wrong_settings_on_the_command_line(name, words, message, tmp_path, capsys):
    run = str(tmp_path / "run")
    assert main(["train", name, "--run", run, *words.split()]) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err.count("\n") == 1
    assert printed.err.startswith("polyhead: error: ") and message in printed.err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", task_names())
def test_an_old_run_is_read_whatever_its_settings(name, tmp_path):
    task = find_task(name)
    path = copy_golden(task, tmp_path)
    file = path / "config.json"
    old = {field: low - 1 for field, (low, _) in task.ranges.items()}
    kinds = dict(kinds_of(task))
    old = {k: int(v) if float not in kinds[k] else float(v) for k, v in old.items()}
    config = json.loads(file.read_text()) | old | {"mixed_precision": "of old"}
    file.write_text(json.dumps(config))
    loaded = load_config(task.config, name, file)
    assert loaded.mixed_precision == "of old" and loaded.seed == -1
    # A run that needs no more of its settings answers too.
    kept = json.loads(file.read_text()) | {"epochs": 0, "patience": -5}
    assert task.answering().run(task, path).config == loaded
    file.write_text(json.dumps(kept))
    assert task.answering().run(task, path).config.patience == -5


@pytest.mark.parametrize("name", task_names())
def test_a_run_begins_with_the_architecture_of_an_older_one(name, tmp_path):
    task = find_task(name)
    path = copy_golden(task, tmp_path)
    # What a version had that lacked a setting.
    absent = {"tokenizer": ("bytes",), "clock": ("",), "normalization": ("none",)}
    absent = {field: absent[field] for field in task.architecture if field in absent}
    older = load_config(task.config, name, path / "config.json", absent)
    begun = resolve(task, task.config(init_from=str(path), run=str(tmp_path / "new")))
    for field in task.architecture:
        assert getattr(begun, field) == getattr(older, field), field
    assert begun.epochs != older.epochs
    same = task.config(init_from=str(path), run=str(path))
    assert "cannot begin with a run and take its place" in refusal(task, same)


def test_another_architecture_than_that_of_the_older_run_is_refused():
    @dataclasses.dataclass(frozen=True)
    class Config:
        width: int = 8
        epochs: int = 5
        run: str | None = None
        init_from: str | None = "runs/a"

    older = Config(width=16, epochs=9)
    assert inherit_architecture(Config(), older, ("width",)) == Config(width=16)
    assert inherit_architecture(Config(width=16), older, ("width",)).width == 16
    message = "width 4: the weights of runs/a are of a model with 16: leave it out"
    with pytest.raises(UsageError, match=message):
        inherit_architecture(Config(width=4), older, ("width",))


@pytest.mark.parametrize("name", task_names())
def test_an_older_run_that_is_unfinished_or_not_there_is_named(name, tmp_path):
    task = find_task(name)
    with pytest.raises(PolyheadError, match="nowhere: no such run folder"):
        resolve(task, task.config(init_from=str(tmp_path / "nowhere")))
    path = make_finished_run(task, task.config(run=str(tmp_path / "run")))
    record = json.loads((path / "run.json").read_text()) | {"finished": False}
    (path / "run.json").write_text(json.dumps(record))
    with pytest.raises(PolyheadError, match="this run is unfinished"):
        resolve(task, task.config(init_from=str(path)))


@pytest.mark.parametrize("content", ["no zip", "another zip"])
@pytest.mark.parametrize("name", task_names())
def test_a_broken_older_model_is_one_line(name, content, tmp_path, capsys):
    task = find_task(name)
    path = copy_golden(task, tmp_path)
    config = golden_config(task, path, run=str(tmp_path / "new"), init_from=str(path))
    if content == "no zip":
        (path / "model.keras").write_bytes(b"PK" * 50)
        expected = f"{path / 'model.keras'}: truncated or corrupt: train the run again"
    else:  # whole, and nothing that Keras reads
        other = make_finished_run(task, task.config(run=str(tmp_path / "other")))
        (other / "model.keras").replace(path / "model.keras")
        expected = f"{path / 'model.keras'}: cannot be loaded ("
    with pytest.raises(PolyheadError) as caught:
        train(task, config, quiet=True)
    message = " ".join(str(caught.value).split())
    assert message.startswith(expected) and message.endswith("with --overwrite")
    assert not (tmp_path / "new").exists()


def test_what_is_missing_is_filled():
    @dataclasses.dataclass(frozen=True)
    class Config:
        width: int | None = None
        rate: float | None = 0.0

    assert fill_missing(Config(), {"width": 4, "rate": 0.5}) == Config(4, 0.0)


def test_heads_share_the_width():
    check_heads(12, 3)
    check_heads(12, 3, rotary=True)
    check_heads(9, 3)
    with pytest.raises(UsageError, match="hidden_dim 8 is no multiple of num_heads 3"):
        check_heads(8, 3)
    with pytest.raises(UsageError, match="gives 3 to each, which must be even"):
        check_heads(9, 3, rotary=True)


def test_the_task_fills_and_checks_after_the_values():
    asked = []
    task = SimpleNamespace(
        choices={}, ranges={"rate": (0, 1)}, fill=lambda config: asked.append(config)
    )
    config = dataclasses.make_dataclass("Config", ["init_from", "rate"])
    resolve(task, config(None, 0.5))
    assert len(asked) == 1
    with pytest.raises(UsageError):
        resolve(task, config(None, 2))
    assert len(asked) == 1


PATHS = ("train", "validation", "test", "run", "init_from", "tfds", "tfds_dir")


@pytest.mark.parametrize("name", task_names())
def test_a_path_is_a_text(name, tmp_path):
    task = find_task(name)
    older = make_finished_run(task, task.config(run=str(tmp_path / "older")))
    paths = {field: tmp_path / field for field in PATHS} | {"init_from": older}
    config = resolve(task, task.config(**paths))
    assert {field: getattr(config, field) for field in PATHS} == {
        field: str(path) for field, path in paths.items()
    }


@pytest.mark.parametrize("name", task_names())
@pytest.mark.parametrize("rows", [[("a", "b")], {"text": ["a"]}, 5])
def test_rows_are_no_name_of_a_file(name, rows):
    task = find_task(name)
    kind = type(rows).__name__
    told = refusal(task, task.config(train=rows))
    assert told.startswith(f"train is a {kind}, not a text: give its name; rows are")
