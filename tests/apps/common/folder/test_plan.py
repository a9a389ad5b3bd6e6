"""What `train` does with the run that is in its folder, before any data are read."""

import json
from dataclasses import replace

import pytest
from run_tools import begin_run, contents, make_finished_run, write_checkpoint

from polyhead.apps import registry
from polyhead.apps.common.errors import UsageError
from polyhead.apps.common.folder.plan import (
    BEGIN,
    CONTINUE,
    FINISHED,
    RESUME,
    broken_checkpoint,
    make_plan,
)
from polyhead.apps.common.run.settings import settings_left
from polyhead.apps.text_classification import TASK, Config

TASKS = {task.name: task for task in registry.all_tasks()}


@pytest.fixture
def config(tmp_path):
    return Config(train="talk.csv", run=str(tmp_path / "run"), epochs=15, dropout=0.3)


@pytest.fixture
def path(config, tmp_path):
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


def plan(config, path, overwrite=False):
    return make_plan(TASK, config, path, overwrite)


def begin(config, overwrite=False, checkpoint=True):
    folder = begin_run(TASK, config, overwrite)
    if checkpoint:
        write_checkpoint(folder.path)
    return folder.path


def test_an_empty_folder(config, path):
    for overwrite in (False, True):
        found = plan(config, path, overwrite)
        assert (found.action, found.where, found.older) == (BEGIN, path, None)


def test_the_same_configuration(config, path):
    begin(config)
    for overwrite in (False, True):
        found = plan(config, path, overwrite)
        assert (found.action, found.where) == (RESUME, path)
    begin_run(TASK, config).finish()
    assert plan(config, path).action == FINISHED
    found = plan(config, path, overwrite=True)
    assert (found.action, found.where) == (BEGIN, path / ".new")


@pytest.mark.parametrize("finished", [True, False])
def test_another_config_is_wrong_use_and_names_the_fields(config, path, finished):
    make_finished_run(TASK, config) if finished else begin(config)
    before = contents(path)
    with pytest.raises(UsageError) as caught:
        plan(replace(config, epochs=99, dropout=0.5), path)
    assert caught.value.exit_status == 2
    assert "epochs (15, now 99), dropout (0.3, now 0.5)" in str(caught.value)
    assert "--overwrite" in str(caught.value)
    assert contents(path) == before


def test_fewer_epochs_or_more_of_an_unfinished_run_are_another_config(config, path):
    begin(config)
    with pytest.raises(UsageError, match=r"epochs \(15, now 20\)"):
        plan(replace(config, epochs=20), path)
    begin_run(TASK, config).finish()
    with pytest.raises(UsageError, match=r"epochs \(15, now 9\)"):
        plan(replace(config, epochs=9), path)


def test_more_epochs_of_a_finished_run_go_on(config, path):
    make_finished_run(TASK, config)
    (path / "tokenizer.json").write_text("pieces")
    (path / "labels.txt").write_text("labels")
    more = replace(config, epochs=20)
    found = plan(more, path)
    assert (found.action, found.where, found.older) == (CONTINUE, path / ".new", path)
    where = begin(more)
    assert (where / "tokenizer.json").read_text() == "pieces"
    assert (where / "labels.txt").read_text() == "labels"
    found = plan(more, path)  # it was killed
    assert (found.action, found.where, found.older) == (RESUME, where, path)
    # Still more epochs begin where the finished run ends.
    found = plan(replace(config, epochs=30), path)
    assert found.action == CONTINUE and "it is removed" in found.note
    assert plan(config, path).action == FINISHED  # the finished run's own command
    # With --overwrite the training is another one, from its first epoch.
    found = plan(more, path, overwrite=True)
    assert (found.action, found.older) == (BEGIN, None)


def test_an_overwriting_run_goes_on_where_it_was_killed(config, path):
    make_finished_run(TASK, config)
    other = replace(config, dropout=0.5)
    where = begin(other, overwrite=True)
    found = plan(other, path, overwrite=True)
    assert (found.action, found.where) == (RESUME, where)
    # Another configuration says what it removes.
    found = plan(replace(config, dropout=0.6), path, overwrite=True)
    assert found.action == BEGIN and f"{where}: an unfinished" in found.note
    # A broken checkpoint begins anew, and says so.
    file = where / "checkpoint" / "last.npz"
    file.write_bytes(file.read_bytes()[:-9])
    assert broken_checkpoint(where) == file
    found = plan(other, path, overwrite=True)
    assert found.action == BEGIN and found.where == where
    assert found.note == f"{file}: cannot be read: beginning anew"
    # As does what is found out later, such as other data.
    write_checkpoint(where)
    found = plan(other, path, overwrite=True).anew(other, "the data have changed")
    assert (found.action, found.where) == (BEGIN, where)
    assert found.note == "the data have changed: beginning anew"


def test_what_the_data_have_filled_is_no_other_configuration(config, path):
    filled = replace(config, wide_dim=4, wide_buckets=99, test="test.csv")
    begin_run(TASK, config).finish()
    record = json.loads((path / "run.json").read_text())
    stored = json.loads((path / "config.json").read_text())
    stored |= {"wide_dim": 4, "wide_buckets": 99}
    (path / "config.json").write_text(json.dumps(stored))
    (path / "run.json").write_text(
        json.dumps(record | {"filled": ["wide_buckets", "wide_dim"]})
    )
    found = plan(config, path)
    assert found.action == FINISHED
    assert (found.config.wide_dim, found.config.wide_buckets) == (4, 99)
    assert plan(replace(config, wide_dim=4), path).action == FINISHED
    with pytest.raises(UsageError, match=r"wide_dim \(4, now 16\)"):
        plan(replace(config, wide_dim=16), path)
    # What the user has left out is another configuration.
    (path / "config.json").write_text(json.dumps(stored | {"test": filled.test}))
    with pytest.raises(UsageError, match=r"test \('test.csv', now None\)"):
        plan(config, path)
    # Older runs do not say what was filled.
    del record["filled"]
    (path / "run.json").write_text(json.dumps(record))
    assert plan(config, path).action == FINISHED


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_a_run_with_the_defaults_of_an_older_version_goes_on(task, tmp_path):
    config = task.config(train="data.csv", run=str(tmp_path))
    older = {name: values[-1] for name, values in task.older_defaults.items()}
    begin_run(task, replace(config, **older))
    write_checkpoint(tmp_path)
    record = json.loads((tmp_path / "run.json").read_text())
    (tmp_path / "run.json").write_text(json.dumps(record | {"filled": []}))
    left = settings_left(config)
    found = make_plan(task, config, tmp_path, left=left)
    assert found.action == RESUME
    assert {name: getattr(found.config, name) for name in older} == older
    # What was given then, or is given now, is no default.
    stored = json.loads((tmp_path / "config.json").read_text())
    for name, old, new in (("patience", 3, None), ("patience", 3, 4)):
        (tmp_path / "config.json").write_text(json.dumps(stored | {name: old}))
        asked = replace(config, patience=new)
        with pytest.raises(UsageError, match=rf"patience \(3, now {new}\)"):
            make_plan(task, asked, tmp_path, left=settings_left(asked))


def test_a_field_that_an_older_version_lacked_has_its_value(tmp_path):
    task = TASKS["translation"]
    config = task.config(train="words.tsv", run=str(tmp_path))
    begin_run(task, config)
    write_checkpoint(tmp_path)
    stored = json.loads((tmp_path / "config.json").read_text())
    del stored["tokenizer"], stored["max_output_tokens"]
    (tmp_path / "config.json").write_text(json.dumps(stored))
    left = settings_left(config)
    assert make_plan(task, config, tmp_path, left=left).config.tokenizer == "bytes"


def test_prepare_records_what_the_data_have_filled(config, path):
    from polyhead.apps.common.run.folder import prepare

    prepare(plan(config, path), replace(config, wide_dim=4, wide_buckets=99)).finish()
    record = json.loads((path / "run.json").read_text())
    assert record["filled"] == ["wide_buckets", "wide_dim"]
    assert plan(config, path).config.wide_dim == 4
