"""A finished run is not lost, and goes on with more epochs: every task's golden run."""

import shutil
from dataclasses import replace

import pytest
from cut_tools import Cut, assert_same
from golden_tools import RUNS, copy_golden
from run_tools import contents

import polyhead.apps
from polyhead.apps.common.history import read_rows, rename_older
from polyhead.apps.common.run import loop
from polyhead.apps.common.run.config import load_config
from polyhead.apps.common.run.trainer import train
from polyhead.apps.registry import find_task, task_names

NAMES = [name for name in task_names() if name in RUNS]


@pytest.fixture(params=NAMES)
def golden(request, tmp_path, monkeypatch):
    """A task, the folder of its finished run, and the run's configuration."""
    task = find_task(request.param)
    path = copy_golden(task, tmp_path)
    monkeypatch.chdir(tmp_path)  # the run names its data relative to this folder
    config = load_config(task.config, task.name, path / "config.json")
    return task, path, replace(config, run=str(path))


def cut_off(task, config, steps, **options):
    """Ends the training after so many steps, each of which has its checkpoint."""
    end, left = loop.Loop.on_train_batch_end, [steps]

    def cut(self, batch, logs=None):
        end(self, batch, logs)
        left[0] -= 1
        if not left[0]:
            raise Cut

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "CHECKPOINT_SECONDS", 0)
        patch.setattr(loop.Loop, "on_train_batch_end", cut)
        with pytest.raises(Cut):
            train(task, config, quiet=True, **options)


def weights_of(path):
    return polyhead.apps.load(path).model.get_weights()


def score_of(path):
    metrics = polyhead.apps.load(path).metrics["validation"]
    return next(value for value in metrics.values() if isinstance(value, float))


def test_more_epochs_go_on_with_the_run(golden, tmp_path, capsys):
    task, path, config = golden
    shutil.copytree(path, tmp_path / "copy")
    (path / "mine.txt").write_text("mine")
    before, old = contents(path), read_rows(path / "history.csv")
    more = replace(config, epochs=config.epochs + 2)
    train(task, more)
    note = f"note: {path} goes on after epoch {len(old)}; the learning rate is now "
    assert note in capsys.readouterr().err
    rows = read_rows(path / "history.csv")
    assert [row["epoch"] for row in rows] == list(range(1, len(old) + 3))
    rename_older(old)  # of a version that called the objective loss
    assert [{k: r[k] for k in o} for r, o in zip(rows, old, strict=False)] == old
    run = polyhead.apps.load(path)
    assert run.config.epochs == more.epochs
    assert run.metrics["train"]["epochs"] == len(rows)
    if (path / "tokenizer.json").exists():
        assert (path / "tokenizer.json").read_bytes() == before["tokenizer.json"]
    left = {each.name for each in path.iterdir()}
    assert "mine.txt" in left and not {n for n in left if n[0] == "."}
    assert "checkpoint" not in left
    # The same again is done.
    assert train(task, more).path == path
    assert "is finished: its scores" in capsys.readouterr().err
    # Broken off, the old run answers until the new one is whole, which is the same.
    other = replace(more, run=str(tmp_path / "copy"))
    cut_off(task, other, 2)
    assert polyhead.apps.load(other.run).config.epochs == config.epochs
    train(task, other)
    assert f"resuming {other.run}" in capsys.readouterr().err
    assert read_rows(tmp_path / "copy" / "history.csv")[-1]["epoch"] == len(rows)
    assert_same(weights_of(other.run), weights_of(path), 1e-4)


def test_epochs_that_are_no_better_leave_the_run_as_good_as_it_was(golden, monkeypatch):
    task, path, config = golden
    before = score_of(path), polyhead.apps.load(path).metrics["train"]["best_epoch"]
    begin = loop.begin_after

    def with_an_unbeatable_score(*args, **options):
        begin(*args, **options)
        values, state = loop.load_arrays(args[-1] / "last.npz")
        state["best_score"] = 1e9 if args[-2] else -1e9
        loop.save_arrays(args[-1] / "last.npz", values, state)

    monkeypatch.setattr(loop, "begin_after", with_an_unbeatable_score)
    train(task, replace(config, epochs=config.epochs + 1), quiet=True)
    after = score_of(path), polyhead.apps.load(path).metrics["train"]["best_epoch"]
    assert after[1] == before[1]
    assert after[0] == pytest.approx(before[0], abs=0.02)


def test_overwrite_goes_on_where_it_was_killed(golden, tmp_path, capsys):
    task, path, config = golden
    before = weights_of(path)
    other = replace(config, epochs=2, seed=config.seed + 1)
    whole = train(task, replace(other, run=str(tmp_path / "whole")), quiet=True)
    cut_off(task, other, 2, overwrite=True)
    assert_same(weights_of(path), before, 0)
    train(task, other, overwrite=True)
    assert f"resuming {path}" in capsys.readouterr().err
    assert polyhead.apps.load(path).config.epochs == 2
    assert_same(weights_of(path), weights_of(whole.path), 1e-4)
    card = (path / "README.md").read_text("utf-8")
    assert card.startswith(f"# {path.name}\n") and ".new" not in card


def test_an_interrupt_at_the_very_end_keeps_the_run(golden, monkeypatch):
    task, path, config = golden
    remove = shutil.rmtree

    def interrupted(folder, **options):
        if str(folder).endswith("checkpoint") and folder.exists():
            raise KeyboardInterrupt
        remove(folder, **options)

    other = replace(config, epochs=1)
    monkeypatch.setattr(shutil, "rmtree", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train(task, other, overwrite=True, quiet=True)
    assert polyhead.apps.load(path).config.epochs == 1
    monkeypatch.undo()
    monkeypatch.chdir(path.parent)
    polyhead.apps.load(path).evaluate()
    assert not (path / "checkpoint").exists()
