"""The commands that the cards print work in a clone, without any data or extra."""

import re
import shlex
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from polyhead.apps import load
from polyhead.apps.cli.main import main
from polyhead.apps.common.data.kept import read_kept

SHIPPED = Path(__file__).resolve().parents[3] / "saved_models"
NAMES = sorted(path.parent.name for path in SHIPPED.glob("*/examples.npz"))
# Other rows to score, and how many they are.
OTHERS = {
    "co2": ("new.csv", 260 - 156 - 52 + 1),
    "dates": ("dates.tsv", 2),
    "english-spanish": ("sentences.tsv", 2),
    "language-identifier": ("phrases.tsv", 2),
}
ONE_FILE = "--format tflite --variants int8"
pytestmark = pytest.mark.tensorflow


def write_files():
    """What the commands of the cards read."""
    Path("lines.txt").write_text("5 March 2031\nGood morning.\n", encoding="utf-8")
    weeks = np.datetime64("2002-01-05") + np.arange(260) * np.timedelta64(7, "D")
    values = 370 + np.arange(260) / 40 + 3 * np.sin(np.arange(260) * 2 * np.pi / 52)
    rows = [f"{week},{value:.2f}" for week, value in zip(weeks, values, strict=True)]
    Path("new.csv").write_text("\n".join(["ds,co2", *rows]), encoding="utf-8")
    for name, text in {
        "dates": "source\ttarget\n5 March 2031\t2031-03-05\n1 May 1990\t1990-05-01\n",
        "sentences": "en\tes\nGood morning.\tBuenos días.\nI see.\tYa veo.\n",
        "phrases": "text\tlabel\nspanisch und französisch\tde\nNiederlande\tde\n",
    }.items():
        Path(f"{name}.tsv").write_text(text, encoding="utf-8")


@pytest.fixture(params=NAMES)
def name(request, tmp_path, monkeypatch):
    """A shipped run, copied to where its card says that it is."""
    shutil.copytree(SHIPPED / request.param, tmp_path / "saved_models" / request.param)
    monkeypatch.chdir(tmp_path)
    # A module that an earlier test has imported is found without its package.
    for module in ("babel", "statsmodels", *sys.modules):
        if module.partition(".")[0] in ("babel", "statsmodels"):
            monkeypatch.setitem(sys.modules, module, None)
    write_files()
    return request.param


def commands(name):
    card = (SHIPPED / name / "README.md").read_text(encoding="utf-8")
    (use,) = re.findall(r"\n## Use\n\n```\n(.*?)```", card, re.DOTALL)
    assert all(line.startswith("polyhead ") for line in use.splitlines())
    return [line.removeprefix("polyhead ") for line in use.splitlines()]


def call(capsys, command, status=0):
    found = main(shlex.split(command))
    out, err = capsys.readouterr()
    assert found == status, f"{command}: {err}"
    return out or err


def test_every_shipped_run_keeps_examples_of_its_test():
    assert set(NAMES) == set(OTHERS)
    for name in NAMES:
        run = load(SHIPPED / name)
        kept = read_kept(run.path, run.task.name)
        assert kept.split == "test" and 400 < kept.rows <= 500
        assert (run.path / "examples.npz").stat().st_size < 50_000


def test_the_commands_of_the_card(name, capsys):
    """All but export, which takes long; one of its files is made below."""
    asked = [line for line in commands(name) if not line.startswith("export")]
    assert len(asked) == len(commands(name)) - 1
    for line in asked:
        printed, words = call(capsys, line), shlex.split(line)
        written = Path(words[-1]) if "--output" in words else None
        assert written.stat().st_size if written else printed


@pytest.mark.parametrize("name", ["co2", "language-identifier"], indirect=True)
def test_a_file_is_exported_again(name, capsys):
    assert "model_int8.tflite" in call(capsys, f"export saved_models/{name} {ONE_FILE}")
    assert "model_int8.tflite" in call(capsys, f"benchmark saved_models/{name}")


@pytest.mark.slow
def test_the_export_of_the_card(name, capsys):
    (line,) = [line for line in commands(name) if line.startswith("export")]
    assert "model_float32.tflite" in call(capsys, line)


def test_other_rows_are_scored(name, capsys):
    file, rows = OTHERS[name]
    table = call(capsys, f"evaluate saved_models/{name} --test {file}")
    assert table.startswith(f"test, {rows} ") and "this run" in table
    err = call(capsys, f"evaluate saved_models/{name}", status=1)
    assert err.count("\n") == 1 and f"saved_models/{name}: its own data" in err
