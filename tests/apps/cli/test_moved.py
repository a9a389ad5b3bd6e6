"""A run that moved to another folder, and whose training data are gone.

The run keeps the held-out examples that its export needs; the rest needs none.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from number_tools import TINY as TINY_TRANSLATOR
from number_tools import make_numbers, write_files
from review_tools import TINY, contents, make_reviews, write_csv
from wave_tools import hours, make_small, make_waves, write_wide

import polyhead.apps
from polyhead.apps import forecasting, text_classification, translation
from polyhead.apps.cli.main import main
from polyhead.apps.common.data.kept import FILE, read_kept
from polyhead.apps.common.files import write_json

pytestmark = pytest.mark.tensorflow


@dataclass(frozen=True)
class Case:
    """A task's run in the folder "old", trained there with relative paths."""

    name: str
    word: str | None  # what is asked; None for a file
    test: tuple[str, ...]  # flags of other rows, absolute paths
    missing: str  # the first file that is not there


def train_texts():
    pairs = make_reviews(60, seed=1)
    write_csv(Path("train.csv"), pairs[:40])
    write_csv(Path("test.csv"), pairs[40:])
    files = {"train": "train.csv", "test": "test.csv", "run": "run"}
    config = text_classification.Config(**files, **TINY, epochs=1)
    text_classification.train(config, quiet=True)
    other = write_csv(Path("other.csv"), make_reviews(12, seed=5))
    test = "--test", str(Path(other).absolute())
    return Case("texts", "a dreadful film", test, "train.csv")


def train_pairs():
    pairs = make_numbers(90, 0)
    files = {"run": "run"}
    parts = {"train": pairs[:60], "validation": pairs[60:75], "test": pairs[75:]}
    for name, part in parts.items():
        write_files(Path(), name, part)
        files |= {f"{name}_source": f"{name}.words", f"{name}_target": f"{name}.digits"}
    config = translation.Config(**files, **TINY_TRANSLATOR, epochs=1)
    translation.train(config, quiet=True)
    paths = write_files(Path().absolute(), "other", make_numbers(9, 5))
    test = "--test-source", paths[0], "--test-target", paths[1]
    return Case("pairs", "four two", test, "train.words")


def train_series():
    write_wide(Path("train.csv"), make_waves(240))
    forecasting.train(make_small("train.csv", "run"), quiet=True)
    later = make_waves(300)[240:]
    path = write_wide(Path("other.csv").absolute(), later, stamps=hours(300)[240:])
    return Case("series", None, ("--test", path), "train.csv")


# What is hardly trained changes its answers with any rounding.
EXPORT = "export", "--format", "tflite", "--variants", "int8", "--max-loss", "100"
MAKERS = {"texts": train_texts, "pairs": train_pairs, "series": train_series}


@pytest.fixture(scope="module", params=MAKERS)
def trained(request, tmp_path_factory):
    """A folder with a run, the data that it was trained on, and other rows."""
    folder = tmp_path_factory.mktemp(request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return folder, MAKERS[request.param]()


@pytest.fixture
def moved(trained, tmp_path, monkeypatch):
    """The folder of the run, copied elsewhere without its data; the working folder."""
    folder, case = trained
    shutil.copytree(folder / "run", tmp_path / "new" / "run")
    monkeypatch.chdir(tmp_path / "new")
    return Path("run"), case


def files_of(case):
    """The flags of other rows as arguments of a run's methods."""
    names = [flag.removeprefix("--").replace("-", "_") for flag in case.test[::2]]
    return dict(zip(names, case.test[1::2], strict=True))


def run(capsys, *words, status=0):
    found = main([str(word) for word in words])
    out, err = capsys.readouterr()
    assert found == status, err
    return out if not status else err


def test_every_verb_works(moved, capsys):
    path, case = moved
    (asked,) = [case.word] if case.word else case.test[1:]
    before = contents(path)
    assert run(capsys, "predict", path, asked)
    # A forecast is also explained without a file, on a window that the run keeps.
    for words in [asked], [] if case.word is None else [asked]:
        run(capsys, "explain", path, *words, "--output", "why.png")
        assert Path("why.png").stat().st_size > 1000
        Path("why.png").unlink()
    run(capsys, *EXPORT, path)
    report = json.loads((path / "export/export_report.json").read_text())
    facts, task = report["examples"], polyhead.apps.load(path).task.name
    assert facts == read_kept(path, task).facts
    assert facts["split"] == "test" and 0 < facts["rows"] <= facts["of"]
    assert not (path / "export" / FILE).exists()
    assert "model_int8.tflite" in run(capsys, "benchmark", path)
    assert "polyhead" in run(capsys, "inspect", path / "export/model_int8.tflite")
    assert "model_int8.tflite MB" in run(capsys, "compare", path, path)
    assert run(capsys, "predict", path, asked)  # by the exported file
    assert "this run" in run(capsys, "evaluate", path, *case.test)
    after = {k: v for k, v in contents(path).items() if not k.startswith("export")}
    assert after == before


def test_what_needs_the_data_says_so_in_one_line(moved, capsys):
    path, case = moved
    err = run(capsys, "evaluate", path, status=1)
    assert err.count("\n") == 1 and case.missing in err and "--test F" in err
    if case.word is None:
        err = run(capsys, "predict", path, status=1)
        assert err.count("\n") == 1 and case.missing in err and "--file" in err
        err = run(capsys, "backtest", path, status=1)
        assert err.count("\n") == 1 and case.missing in err and "--test F" in err
        assert "last-value" in run(capsys, "backtest", path, *case.test)


def test_evaluate_says_which_baselines_are_left_out(moved, capsys):
    path, case = moved
    assert main(["evaluate", str(path), *case.test]) == 0
    out, err = capsys.readouterr()
    assert "note: baselines that need the run's own data are left out" in err
    assert case.missing in err
    for name in ("tfidf", "nearest", "linear"):
        assert name not in out


def test_other_rows_score_the_same_with_and_without_the_data(moved, trained):
    folder, case = trained
    files = files_of(case)
    alone = polyhead.apps.load(moved[0]).evaluate(**files)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        home = polyhead.apps.load("run")
        beside = home.evaluate(**files)
        assert len(home.notes) == 1 and "left out" not in beside["protocol"]
        assert home.notes[0] in beside["protocol"]
    assert "baselines that need the run's own data are left out" in alone["protocol"]
    for protocol in (alone["protocol"], beside["protocol"]):
        assert " 0 of its " in protocol and "trained on" in protocol
    assert alone.keys() == beside.keys() - ({"validation"} - alone.keys())
    if case.word is None:
        # Histories inside the file leave out its first windows.
        assert alone["test"]["windows"] == beside["test"]["windows"] - 12
        assert alone["test"]["mae"] == pytest.approx(beside["test"]["mae"], rel=0.3)
        assert alone["test"]["mase"] is not None
        assert "histories inside the file" in alone["protocol"]
    else:
        assert alone["test"] == beside["test"]


# Private data.


def test_a_run_that_keeps_nothing(moved, capsys):
    path, case = moved
    (path / FILE).unlink()
    config = json.loads((path / "config.json").read_text())
    write_json(path / "config.json", config | {"keep_examples": 0})
    err = run(capsys, *EXPORT, "run", status=1)
    assert err == (
        "polyhead: error: run: keeps no examples of its data (keep_examples=0): "
        "give --test F\n"
    )
    assert not Path("run/export").exists()
    run(capsys, *EXPORT, "run", *case.test)
    report = json.loads(Path("run/export/export_report.json").read_text())
    assert report["examples"]["source"].startswith("other.")
    assert report["examples"]["rows"] == report["examples"]["of"] < 60
    assert run(capsys, "benchmark", "run", *case.test)
    assert "keep_examples=0" in run(capsys, "benchmark", "run", status=1)
    if case.word is None:
        err = run(capsys, "explain", "run", "--output", "why.png", status=1)
        assert "name a file to explain" in err
        run(capsys, "explain", "run", case.test[1], "--output", "why.png")


# Older runs.


def test_an_older_run_takes_its_data_while_they_are_there(moved, trained, capsys):
    path, case = moved
    (path / FILE).unlink()
    columns = path / "columns.json"
    if columns.exists():
        known = json.loads(columns.read_text())
        for name in ("spreads", "seasonal_errors"):
            assert list(known.pop(name)) == [""]
        columns.write_text(json.dumps(known))
    err = run(capsys, *EXPORT, path, status=1)
    assert err.count("\n") == 1 and case.missing in err and "--test F" in err
    older = polyhead.apps.load(path)
    files = files_of(case)
    assert older.find_examples(files).rows == older.find_examples(files).total
    assert older.evaluate(**files)["test"]
    for file in trained[0].iterdir():
        if file.is_file():
            shutil.copy(file, file.name)
    kept = read_kept(trained[0] / "run", older.task.name)
    assert older.find_examples({}).facts == kept.facts


def test_the_spread_of_one_series_is_the_scale_of_its_model(tmp_path):
    values = make_waves(240)
    train = write_wide(tmp_path / "a.csv", values)
    config = make_small(train, tmp_path / "run", keep_examples=0)
    run = forecasting.train(config, quiet=True)
    assert not (run.path / FILE).exists()
    np.testing.assert_allclose(run.assets.spreads[""], run.model.scale, rtol=1e-5)
