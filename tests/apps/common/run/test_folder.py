"""A run's folder in each of its states, and what a failure leaves behind."""

import json
import os
import shutil
import zipfile
from dataclasses import replace

import pytest
from run_tools import begin_run, contents, make_finished_run, write_checkpoint

from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.folder.lock import hold
from polyhead.apps.common.folder.plan import make_plan
from polyhead.apps.common.run import folder as folder_module
from polyhead.apps.common.run.folder import (
    check_run,
    default_path,
    is_done,
    prepare,
    training_in,
    writing,
)
from polyhead.apps.common.temporary import temporary_path
from polyhead.apps.text_classification import TASK, Config


@pytest.fixture
def config(tmp_path):
    return Config(train="talk.csv", run=str(tmp_path / "run"), epochs=15, dropout=0.3)


def begin(config, overwrite=False):
    return begin_run(TASK, config, overwrite)


def finish(config):
    """A finished run with a model in it."""
    return make_finished_run(TASK, config)


def read(path, name):
    return json.loads((path / name).read_text("utf-8"))


def test_a_new_run_records_what_it_is(config):
    folder = begin(config)
    assert not folder.resumed
    assert read(folder.path, "config.json")["task"] == TASK.name
    record = read(folder.path, "run.json")
    assert record["finished"] is False and record["seed"] == config.seed
    assert {"keras", "tensorflow", "numpy"} <= set(record["versions"])
    folder.finish(epochs=3)
    record = read(folder.path, "run.json")
    assert record["finished"] is True and record["epochs"] == 3


def test_the_same_command_resumes_an_unfinished_run(config):
    folder = begin(config)
    write_checkpoint(folder.path)
    before = contents(folder.path)
    again = begin(config)
    assert again.resumed and again.path == folder.path
    assert contents(folder.path) == before


def test_a_run_that_was_killed_as_it_began_goes_on(config):
    path = begin(config).path
    (path / "run.json").unlink()
    assert begin(config).resumed and read(path, "run.json")["finished"] is False
    (path / "config.json").unlink()
    begin(config).finish()
    assert read(path, "config.json")["epochs"] == 15
    assert read(path, "run.json")["finished"]


def test_a_moved_run_resumes(config, tmp_path):
    path = begin(config).path
    moved = path.rename(tmp_path / "moved")
    assert begin(replace(config, run=str(moved))).resumed


def test_a_finished_run_is_done(config, tmp_path):
    path = finish(config)
    before = contents(path)
    assert is_done(TASK, config, path)
    assert not is_done(TASK, replace(config, epochs=99), path)
    assert not is_done(TASK, config, tmp_path / "nowhere")
    assert contents(path) == before


def test_overwrite_replaces_the_run_and_nothing_else(config):
    path = finish(config)
    (path / "my notes.txt").write_text("mine")
    (path / "README.md").write_text("# run\n\n## Data\n\nBy hand.\n")
    before = contents(path)
    folder = begin(replace(config, epochs=99), overwrite=True)
    assert not folder.resumed
    check_run(path)  # the old run can be used
    assert {k: v for k, v in contents(path).items() if k in before} == before
    assert read(folder.path, "config.json")["epochs"] == 99
    (folder.path / "README.md").write_text("# new\n")
    folder.finish()
    assert read(path, "config.json")["epochs"] == 99
    names = {"config.json", "run.json", "README.md", "my notes.txt"}
    assert set(contents(path)) == names
    assert (path / "README.md").read_text() == "# new\n\n## Data\n\nBy hand.\n"


def test_a_linked_folder_is_replaced_where_it_is(config, tmp_path):
    real = finish(config).rename(tmp_path / "disk")
    (tmp_path / "run").symlink_to(real)
    begin(replace(config, epochs=99), overwrite=True).finish()
    assert (tmp_path / "run").is_symlink()
    assert read(real, "config.json")["epochs"] == 99


def test_a_new_run_that_fails_early_leaves_the_old_one(config):
    path = finish(config)
    before = contents(path)
    with pytest.raises(ZeroDivisionError):
        with begin(replace(config, epochs=99), overwrite=True) as folder:
            (folder.path / "history.csv").write_text("epoch\n")
            raise ZeroDivisionError
    assert contents(path) == before


def test_a_new_run_that_fails_after_its_first_checkpoint_can_go_on(config):
    finish(config)
    other = replace(config, epochs=99)
    with pytest.raises(KeyboardInterrupt):
        with begin(other, overwrite=True) as folder:
            write_checkpoint(folder.path)
            raise KeyboardInterrupt
    assert begin(other, overwrite=True).resumed


def test_an_error_after_the_end_keeps_the_run(config):
    with pytest.raises(KeyboardInterrupt):
        with begin(config) as folder:
            folder.finish()
            raise KeyboardInterrupt
    assert read(folder.path, "run.json")["finished"]


def test_overwriting_an_unfinished_run_keeps_the_finished_one_before_it(config):
    path = finish(config)
    before = contents(path)
    begin(replace(config, epochs=98), overwrite=True)
    with pytest.raises(ZeroDivisionError):
        with begin(replace(config, epochs=99), overwrite=True):
            raise ZeroDivisionError
    assert contents(path) == before


def test_a_first_run_that_fails_early_leaves_nothing(config, tmp_path):
    path = tmp_path / "run"
    with pytest.raises(ZeroDivisionError):
        with training_in(path), prepare(make_plan(TASK, config, path), config):
            raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_no_run_is_left_alone(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "README.md").write_text("my project")
    (folder / ".a.tmp5.txt").write_text("mine")
    before = contents(folder)
    with pytest.raises(PolyheadError, match="has README.md but is no run's folder"):
        with training_in(folder):
            pass
    assert contents(folder) == before


def test_a_file_where_the_folder_should_be(tmp_path):
    (tmp_path / "run").write_text("x")
    with pytest.raises(PolyheadError, match="cannot make the run's folder"):
        with training_in(tmp_path / "run"):
            pass


def test_overwrite_mends_a_corrupt_run(config):
    path = finish(config)
    (path / "config.json").write_text("{")
    with pytest.raises(PolyheadError, match="broken JSON in line 1: .*--overwrite"):
        begin(config)
    folder = begin(config, overwrite=True)
    assert not folder.resumed
    folder.finish()
    assert read(path, "config.json")["epochs"] == config.epochs


def test_a_finished_run_with_a_broken_record_is_not_trained_over(config):
    path = finish(config)
    (path / "run.json").write_text("{")
    before = contents(path)
    with pytest.raises(PolyheadError, match="broken JSON in line 1: .*--overwrite"):
        begin(config)
    assert contents(path) == before


def replaced_run(config):
    """A finished run, and a whole one that is to take its place; both folders."""
    path = finish(config)
    for name in ("plots", "export", "checkpoint"):
        (path / name).mkdir(exist_ok=True)
        (path / name / "old").write_text(name)
    (path / "labels.txt").write_text("old")
    (path / "mine.txt").write_text("mine")
    folder = begin(replace(config, epochs=99), overwrite=True)
    with zipfile.ZipFile(folder.path / "model.keras", "w") as archive:
        archive.writestr("model.weights.h5", b"new" * 1000)
    (folder.path / "plots").mkdir()
    (folder.path / "plots" / "new").write_text("new")
    (folder.path / "README.md").write_text("# new\n")
    write_checkpoint(folder.path)
    return path, folder


NEW_RUN = {"config.json", "run.json", "model.keras", "README.md", "plots/new"}
MOVES = 12  # at least so many renames and removals put a run in its place


class Killed(BaseException):
    """Stands for SIGKILL: nothing after it runs."""


def die_after(patch, count, kind):
    """Lets the process die before its `count`-th rename or removal."""
    done = []

    def dying(function):
        def call(*args, **options):
            if len(done) >= count and (kind is not OSError or not options):
                raise kind
            done.append(args)
            return function(*args, **options)

        return call

    patch.setattr(os, "replace", dying(os.replace))
    patch.setattr(shutil, "rmtree", dying(shutil.rmtree))
    return done


@pytest.mark.parametrize("kind", [Killed, KeyboardInterrupt, OSError])
def test_a_run_is_placed_wherever_its_process_ends(config, tmp_path, kind):
    """Either the old run is whole, and the new one goes on, or the new one is."""
    ended = 0
    for count in range(40):
        run = replace(config, run=str(tmp_path / f"run{count}"))
        path, folder = replaced_run(run)
        with pytest.MonkeyPatch.context() as patch:
            done = die_after(patch, count, kind)
            try:
                with folder:
                    folder.finish()
                complete = True
            except (Killed, KeyboardInterrupt, PolyheadError):
                complete = False
        check_run(path)
        if read(path, "config.json")["epochs"] == 15:  # before the run was finished
            assert count == 0
            begin(replace(run, epochs=99), overwrite=True).finish()
        assert read(path, "config.json")["epochs"] == 99
        with writing(path, "exporting"):
            pass  # removes what is left
        assert set(contents(path)) == NEW_RUN | {"mine.txt"}
        assert (path / "plots" / "new").read_text() == "new"
        ended += 1
        if complete:
            break
    assert complete and ended > MOVES and len(done) > MOVES


def test_reading_waits_while_another_process_places_the_run(config, monkeypatch):
    path, folder = replaced_run(config)
    monkeypatch.setattr(folder_module, "WAIT", 0)
    with pytest.MonkeyPatch.context() as patch:
        die_after(patch, 3, Killed)
        with pytest.raises(Killed), folder:
            folder.finish()
    with hold(path, "training"):
        with pytest.raises(PolyheadError, match="has been training it since"):
            check_run(path)
    check_run(path)
    assert read(path, "config.json")["epochs"] == 99


def test_a_killed_exports_files_are_placed_or_removed(config):
    path = finish(config)
    placing = path / "export" / ".placing"
    placing.mkdir(parents=True)
    (path / "export" / "a.tflite").write_text("old")
    (placing / "a.tflite").write_text("new")
    (placing / ".replaced.json").write_text('["a.tflite"]')
    check_run(path)
    assert contents(path / "export") == {"a.tflite": b"new"}
    for leftover in ("export/.new", ".export.new", ".export.old"):
        (path / leftover).mkdir()
    with writing(path, "exporting"):
        pass
    assert contents(path / "export") == {"a.tflite": b"new"}
    assert not [each for each in path.iterdir() if each.name.startswith(".")]


def test_leftovers_of_killed_processes_vanish(config):
    path = finish(config)
    name = temporary_path(path / "metrics.json").name
    (path / name.replace(f"-{os.getpid()}-", "-99999999-")).write_text("{")
    write_checkpoint(path)  # it was killed while it removed the checkpoint
    with writing(path, "evaluating"):
        pass
    written = {"config.json", "run.json", "model.keras", "metrics.json"}
    assert set(contents(path)) == written


def test_default_path_says_task_and_data():
    def name(**fields):
        return default_path(TASK, Config(**fields)).as_posix()

    assert name(train="data/sst2.csv.gz") == "saved_models/text-classification-sst2"
    assert name(dataset="languages") == "saved_models/text-classification-languages"
    assert name(tfds="glue/sst2") == "saved_models/text-classification-glue-sst2"


def test_a_whole_run_passes_the_check(config):
    check_run(finish(config))


def corrupt(path, name):
    data = (path / name).read_bytes()
    (path / name).write_bytes(data[:1500] + b"?" + data[1501:])


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda p: (p / "config.json").unlink(), "config.json: missing"),
        (lambda p: (p / "run.json").write_text("[1"), "run.json: broken JSON"),
        (lambda p: (p / "run.json").unlink(), "run.json: missing: .*--overwrite"),
        (lambda p: (p / "run.json").write_text("{}"), "run.json: not the record"),
        (lambda p: (p / "run.json").write_text("[]"), "run.json: not the record"),
        (lambda p: (p / "model.keras").unlink(), "model.keras: missing: .*--overwrite"),
        (lambda p: (p / "model.keras").write_bytes(b"PK"), "truncated or corrupt"),
        (lambda p: corrupt(p, "model.keras"), "model.keras: truncated or corrupt"),
    ],
)
def test_a_corrupt_run_is_named_with_its_remedy(config, damage, message):
    path = finish(config)
    damage(path)
    with pytest.raises(PolyheadError, match=message) as caught:
        check_run(path)
    assert "\n" not in str(caught.value) and str(path) in str(caught.value)


def test_a_truncated_model_is_found_at_any_length(config):
    path = finish(config)
    data = (path / "model.keras").read_bytes()
    for length in range(0, len(data), 701):
        (path / "model.keras").write_bytes(data[:length])
        with pytest.raises(PolyheadError, match="truncated or corrupt"):
            check_run(path)


def test_an_unfinished_run_is_refused(config):
    with pytest.raises(PolyheadError, match="unfinished: give its train command"):
        check_run(begin(config).path)


def test_no_folder_at_all(tmp_path):
    with pytest.raises(PolyheadError, match="nowhere: no such run folder"):
        check_run(tmp_path / "nowhere")
