"""A run's folder in each of its states, and what a failure leaves behind."""

import json
from dataclasses import replace

import pytest
from run_tools import make_finished_run

from polyhead.apps.common.errors import PolyheadError, UsageError
from polyhead.apps.common.run.folder import check_run, default_path, prepare
from polyhead.apps.text_classification import TASK, Config


@pytest.fixture
def config(tmp_path):
    return Config(train="talk.csv", run=str(tmp_path / "run"))


def finish(config):
    """A finished run with a model in it."""
    return make_finished_run(TASK, config)


def contents(path):
    return {
        str(file.relative_to(path)): file.read_bytes()
        for file in sorted(path.rglob("*"))
        if file.is_file()
    }


def read(path, name):
    return json.loads((path / name).read_text("utf-8"))


def test_a_new_run_records_what_it_is(config):
    folder = prepare(TASK, config)
    assert not folder.resumed
    assert read(folder.path, "config.json")["task"] == TASK.name
    record = read(folder.path, "run.json")
    assert record["finished"] is False and record["seed"] == config.seed
    assert {"keras", "tensorflow", "numpy"} <= set(record["versions"])
    folder.finish(epochs=3)
    record = read(folder.path, "run.json")
    assert record["finished"] is True and record["epochs"] == 3


def test_the_same_command_resumes_an_unfinished_run(config):
    folder = prepare(TASK, config)
    (folder.path / "checkpoint").mkdir()
    (folder.path / "checkpoint" / "state").write_text("5")
    again = prepare(TASK, config)
    assert again.resumed
    assert (again.path / "checkpoint" / "state").read_text() == "5"


def test_a_moved_run_resumes(config, tmp_path):
    path = prepare(TASK, config).path
    moved = path.rename(tmp_path / "moved")
    assert prepare(TASK, replace(config, run=str(moved))).resumed


def test_a_finished_run_is_refused_untouched(config):
    path = finish(config)
    before = contents(path)
    with pytest.raises(PolyheadError, match="finished: add --overwrite") as caught:
        prepare(TASK, config)
    assert caught.value.exit_status == 1
    assert contents(path) == before


@pytest.mark.parametrize("finished", [True, False])
def test_another_config_is_wrong_use_and_names_the_fields(config, finished):
    config = replace(config, epochs=15, dropout=0.3)
    path = finish(config) if finished else prepare(TASK, config).path
    before = contents(path)
    with pytest.raises(UsageError) as caught:
        prepare(TASK, replace(config, epochs=99, dropout=0.5))
    assert caught.value.exit_status == 2
    assert "epochs (15, now 99), dropout (0.3, now 0.5)" in str(caught.value)
    assert contents(path) == before


def test_overwrite_replaces_the_run_and_nothing_else(config):
    path = finish(config)
    (path / "my notes.txt").write_text("mine")
    folder = prepare(TASK, replace(config, epochs=99), overwrite=True)
    assert not folder.resumed
    assert read(path, "config.json")["epochs"] == 99
    assert not (path / "model.keras").exists()
    folder.finish()
    names = {"config.json", "run.json", "my notes.txt"}
    assert set(contents(path)) == names


def test_a_new_run_that_fails_early_gives_the_old_one_back(config):
    path = finish(config)
    before = contents(path)
    with pytest.raises(ZeroDivisionError):
        with prepare(TASK, replace(config, epochs=99), overwrite=True) as folder:
            (folder.path / "history.csv").write_text("epoch\n")
            raise ZeroDivisionError
    assert contents(path) == before


def test_a_new_run_that_fails_after_its_first_checkpoint_can_go_on(config):
    finish(config)
    other = replace(config, epochs=99)
    with pytest.raises(KeyboardInterrupt):
        with prepare(TASK, other, overwrite=True) as folder:
            (folder.path / "checkpoint").mkdir()
            (folder.path / "checkpoint" / "state").write_text("5")
            raise KeyboardInterrupt
    assert prepare(TASK, other).resumed


def test_overwriting_an_unfinished_run_keeps_the_finished_one_before_it(config):
    path = finish(config)
    before = contents(path)
    prepare(TASK, replace(config, epochs=98), overwrite=True)
    with pytest.raises(ZeroDivisionError):
        with prepare(TASK, replace(config, epochs=99), overwrite=True):
            raise ZeroDivisionError
    assert contents(path) == before


def test_a_first_run_that_fails_early_leaves_nothing(config, tmp_path):
    with pytest.raises(ZeroDivisionError):
        with prepare(TASK, config):
            raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("overwrite", [True, False])
def test_a_folder_that_is_no_run_is_left_alone(config, tmp_path, overwrite):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "README.md").write_text("my project")
    with pytest.raises(PolyheadError, match="has README.md but is no run's folder"):
        prepare(TASK, config, overwrite)
    assert contents(folder) == {"README.md": b"my project"}


def test_a_file_where_the_folder_should_be(config, tmp_path):
    (tmp_path / "run").write_text("x")
    with pytest.raises(PolyheadError, match="cannot make the run's folder"):
        prepare(TASK, config)


def test_overwrite_mends_a_corrupt_run(config):
    path = finish(config)
    (path / "config.json").write_text("{")
    with pytest.raises(PolyheadError, match="broken JSON in line 1: .*--overwrite"):
        prepare(TASK, config)
    assert not prepare(TASK, config, overwrite=True).resumed
    assert read(path, "config.json")["epochs"] == config.epochs


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
        check_run(prepare(TASK, config).path)


def test_no_folder_at_all(tmp_path):
    with pytest.raises(PolyheadError, match="nowhere: no such run folder"):
        check_run(tmp_path / "nowhere")
