"""Bad input by the command: one clear line, the right status, nothing touched."""

import json
import os
import shutil
import subprocess
import sys

import pytest
from review_tools import TINY, contents, make_reviews, write_csv

from polyhead.apps.cli.main import main
from polyhead.apps.common.folder.lock import hold

REVIEWS = make_reviews(40, seed=5)
SETTINGS = [
    word
    for name, value in TINY.items()
    if name != "preset"
    for word in ("--set", f"{name}={value}")
]


def train_words(path, run, *words):
    """The command that made `review_run`, on other data."""
    settings = ["--preset", "tiny", "--epochs", "4", *SETTINGS]
    return [*TRAIN, "--train", str(path), "--run", str(run), *settings, *words]


TRAIN = ["train", "text-classification"]


def fail(capsys, words):
    """The status and the one line of a command that fails."""
    capsys.readouterr()
    status = main([str(word) for word in words])
    printed = capsys.readouterr()
    lines = printed.err.splitlines()
    assert printed.out == ""
    assert len(lines) == 1, printed.err
    assert lines[0].startswith("polyhead: error: ")
    return status, lines[0].removeprefix("polyhead: error: ")


# The data.


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


LINES = "".join(f"{text},{label}\n" for text, label in REVIEWS)


@pytest.mark.parametrize(
    "name, content, message",
    [
        ("a.csv", "", "a.csv: empty file"),
        ("a.csv", "text,label\n", "a.csv: empty file"),
        ("a.csv", "words,label\n" + LINES, "a.csv: no column 'text'"),
        ("a.csv", "text,label\nfine,good\n,good\n", "a.csv: every row of column"),
        ("a.csv", "text,label\nfine,good\nbad,\n", "a.csv: row 3: no label"),
        ("a.csv", b"text,label\nfine,good\ncaf\xe9,bad\n", "a.csv: row 3: byte 0xe9"),
        ("a.csv", "text,label\nfine,good\na,b,c,d\n", "a.csv: row 3"),
        ("a.jsonl", '{"text": "fine", "label": "good"}\n{"text"\n', "a.jsonl: row 2"),
        ("a.parquet", "no parquet", "a.parquet: "),
        ("a.csv.gz", "no gzip", "a.csv.gz: "),
    ],
)
def test_data_that_cannot_be_used(tmp_path, capsys, name, content, message):
    path = write(tmp_path / name, content)
    before = contents(tmp_path)
    status, line = fail(capsys, train_words(path, tmp_path / "run"))
    assert status == 1
    assert line.startswith(str(tmp_path)) and message in line
    assert contents(tmp_path) == before and not (tmp_path / "run").exists()


def test_a_file_that_is_not_there(tmp_path, capsys):
    words = train_words(tmp_path / "none.csv", tmp_path / "run")
    status, line = fail(capsys, words)
    assert status == 1 and line.startswith(f"{tmp_path / 'none.csv'}: ")
    assert not list(tmp_path.iterdir())


def test_a_class_with_one_example_is_told_and_trained(tmp_path, capsys):
    path = write_csv(tmp_path / "a.csv", [*REVIEWS, ("the only one", "rare")])
    words = train_words(path, tmp_path / "run", "--epochs", "1")
    assert main(words) == 0
    assert "1 class has one training example only: rare" in capsys.readouterr().err
    assert (tmp_path / "run" / "labels.txt").read_text() == "bad\ngood\nrare\n"


def test_a_line_of_ten_megabytes_without_a_space(tmp_path, capsys):
    path = write_csv(tmp_path / "a.csv", [*REVIEWS, ("0123456789" * 1_000_000, "good")])
    words = train_words(path, tmp_path / "run", "--epochs", "1", "-q")
    words += ["--set", "max_tokens=32", "--set", "consistency=0"]
    assert main(words) == 0
    words = ["predict", str(tmp_path / "run"), "--file", path, "--format", "json"]
    capsys.readouterr()
    assert main(words) == 0
    assert len(json.loads(capsys.readouterr().out)) == len(REVIEWS) + 1


# The run's folder.


@pytest.fixture
def run(review_run, tmp_path):
    """A copy of a finished run."""
    shutil.copytree(review_run.path, tmp_path / "run")
    return tmp_path / "run"


def same_command(review_run, run):
    words = train_words(review_run.config.train, run)
    return [*words, "--test", review_run.config.test]


def test_a_finished_run_is_kept(review_run, run, capsys):
    """A loop that tries again until the exit status is 0 ends; no data are read."""
    config = json.loads((run / "config.json").read_text("utf-8"))
    config |= {"train": "gone.csv", "test": "gone too.csv"}
    (run / "config.json").write_text(json.dumps(config), "utf-8")
    before = contents(run)
    words = same_command(review_run, run)
    words[words.index(review_run.config.train)] = config["train"]
    words[words.index(review_run.config.test)] = config["test"]
    assert main(words) == 0
    printed = capsys.readouterr()
    assert f"note: {run} is finished: its scores" in printed.err
    assert "accuracy" in printed.out and f"saved in {run}" in printed.out
    assert main([*words, "-q"]) == 0
    assert capsys.readouterr() == ("", "")
    assert contents(run) == before


def test_one_command_writes_in_a_run_at_a_time(review_run, run, capsys):
    before = contents(run)
    more = [*same_command(review_run, run), "--overwrite"]
    with hold(run, "exporting"):
        for words in (more, ["export", run], ["evaluate", run]):
            status, line = fail(capsys, words)
            assert status == 1
            assert f"process {os.getpid()} on" in line
            assert "has been exporting it since" in line
        assert main(["predict", str(run), "a film"]) == 0
        assert main(same_command(review_run, run)) == 0  # it is finished
        test = review_run.config.test
        assert main(["evaluate", str(run), "--test", test]) == 0  # writes nothing
    assert contents(run) == before


def test_a_run_of_another_config_is_kept(review_run, run, capsys):
    before = contents(run)
    words = [*same_command(review_run, run), "--seed", "7", "--set", "dropout=0.5"]
    status, line = fail(capsys, words)
    assert status == 2
    assert "seed (0, now 7)" in line and "dropout (0.3, now 0.5)" in line
    assert "--overwrite" in line
    assert contents(run) == before


def test_a_folder_of_something_else_is_kept(review_run, tmp_path, capsys):
    folder = tmp_path / "thesis"
    folder.mkdir()
    (folder / "chapter1.tex").write_text("words")
    for more in ([], ["--overwrite"]):
        status, line = fail(capsys, [*same_command(review_run, folder), *more])
        assert status == 1
        assert line.startswith(f"{folder}: has chapter1.tex but is no run's folder")
        assert contents(folder) == {"chapter1.tex": b"words"}


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def remove(path):
    path.unlink()


def spoil(path):
    path.write_bytes(b"\xff\xfe" + path.read_bytes())


PREDICT, EVALUATE = ["predict", "RUN", "a film"], ["evaluate", "RUN"]
EXPLAIN = ["explain", "RUN", "a film", "--output", "OUT.png"]
EXPORT = ["export", "RUN"]


DAMAGES = [("model.keras", cut), ("model.keras", remove)] + [
    (name, damage)
    for name in ("tokenizer.json", "labels.txt", "config.json", "run.json")
    for damage in (cut, remove, spoil)
]


@pytest.mark.parametrize("name, damage", DAMAGES)
@pytest.mark.parametrize("words", [PREDICT, EXPORT], ids=lambda words: words[0])
def test_a_corrupt_run_is_named_with_its_remedy(
    run, tmp_path, capsys, words, name, damage
):
    damage(run / name)
    before = contents(tmp_path)
    places = {"RUN": run, "OUT.png": tmp_path / "out.png"}
    status, line = fail(capsys, [places.get(word, word) for word in words])
    assert status == 1
    assert line.startswith(f"{run / name}: ")
    assert "train again" in line or "again with --overwrite" in line
    assert len(line) < 400
    assert contents(tmp_path) == before


@pytest.mark.parametrize("damage", [cut, remove])
def test_broken_metrics_are_named(run, tmp_path, capsys, damage):
    damage(run / "metrics.json")
    before = contents(tmp_path)
    status, line = fail(capsys, ["evaluate", run])
    assert status == 1 and line.startswith(f"{run / 'metrics.json'}: ")
    assert contents(tmp_path) == before
    assert main(["predict", str(run), "a film"]) == 0  # needs no metrics


def test_explain_and_evaluate_refuse_a_corrupt_run(run, tmp_path, capsys):
    cut(run / "tokenizer.json")
    before = contents(tmp_path)
    for words in (EVALUATE, EXPLAIN):
        places = {"RUN": run, "OUT.png": tmp_path / "out.png"}
        status, line = fail(capsys, [places.get(word, word) for word in words])
        assert status == 1 and line.startswith(f"{run / 'tokenizer.json'}: ")
        assert contents(tmp_path) == before


def test_an_unfinished_run_cannot_be_used(run, capsys):
    record = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps(record | {"finished": False}))
    status, line = fail(capsys, ["predict", run, "a film"])
    assert status == 1
    assert line.startswith(f"{run}: this run is unfinished: give its train command")


def test_a_label_unseen_in_training(run, tmp_path, capsys):
    rows = [*REVIEWS[:3], ("a film", "middling")]
    path = write_csv(tmp_path / "test.csv", rows)
    before = contents(tmp_path)
    status, line = fail(capsys, ["evaluate", run, "--test", path])
    assert status == 1
    assert line.startswith(f"{path}: row 5: label 'middling' does not occur")
    assert contents(tmp_path) == before


# A full disk.

# The size of every file is limited, which the system tells as a full disk's.
SMALL_DISK = """
import resource, sys
from polyhead.apps.cli.main import main
import polyhead.apps.text_classification.training
size = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
sys.exit(main(sys.argv[2:]))
"""


def on_a_small_disk(size, words):
    done = subprocess.run(
        [sys.executable, "-c", SMALL_DISK, str(size), *words],
        capture_output=True,
        text=True,
    )
    errors = [line for line in done.stderr.splitlines() if "error: " in line]
    assert len(errors) == 1, done.stderr
    assert "Traceback" not in done.stderr
    return done.returncode, errors[0].removeprefix("polyhead: error: ")


@pytest.mark.parametrize("size", [500, 100_000])
def test_a_disk_that_fills_while_training(review_run, tmp_path, size):
    """At the first file of the run, and at the first checkpoint."""
    words = same_command(review_run, tmp_path / "run")
    status, line = on_a_small_disk(size, [*words, "-q"])
    assert status == 1
    assert line.startswith(str(tmp_path / "run")) and "the disk is full" in line
    assert not list(tmp_path.iterdir())


def test_a_full_disk_gives_the_overwritten_run_back(review_run, run):
    before = contents(run)
    words = [*same_command(review_run, run), "--overwrite", "--seed", "3", "-q"]
    status, line = on_a_small_disk(100_000, words)
    assert status == 1 and "the disk is full" in line
    assert contents(run) == before


@pytest.mark.parametrize(
    "words, name",
    [
        (["export", "RUN", "--variants", "float32"], "export"),
        (["explain", "RUN", "a film", "--output", "RUN/why.png"], "why.png"),
        (["predict", "RUN", "a film", "--output", "RUN/out.csv"], "out.csv"),
    ],
    ids=["export", "explain", "predict"],
)
def test_a_full_disk_leaves_a_run_as_it_was(run, words, name):
    before = contents(run)
    size = 3_000 if name != "out.csv" else 2
    words = [word.replace("RUN", str(run)) for word in words]
    status, line = on_a_small_disk(size, words)
    assert status == 1
    assert name in line and "the disk is full" in line
    assert contents(run) == before
