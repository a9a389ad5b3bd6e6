"""What the command says where a package that it needs is not installed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from polyhead.apps.cli.arguments import _VERBS
from polyhead.apps.common.errors import PolyheadError, missing_package
from polyhead.apps.registry import all_tasks

SHIPPED = Path(__file__).resolve().parents[3] / "saved_models"
DATES, CO2, NAMES = (SHIPPED / n for n in ("dates", "co2", "language-identifier"))
SCRIPT = """
import contextlib, io, json, sys

lacking, allowed, commands = json.load(sys.stdin)
sys.stdin = open("/dev/null")


class Lacking:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        known = top in allowed or top in sys.stdlib_module_names
        if top in lacking or (allowed and not known):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


sys.meta_path.insert(0, Lacking())
from polyhead.apps.cli.main import main

ended = []
for words in commands:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(words)
    ended.append((status, out.getvalue(), err.getvalue()))
print(json.dumps(ended))
"""
# What `pip install numpy ai-edge-litert` brings.
ALONE = ["polyhead", "numpy", "ai_edge_litert", "flatbuffers", "google", "ml_dtypes"]
ALONE += ["backports", "tqdm", "typing_extensions"]


def run(commands, lacking=(), allowed=()):
    """Ends each command in a process that lacks packages: status, output, errors."""
    commands = [[str(word) for word in words] for words in commands]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        input=json.dumps([list(lacking), list(allowed), commands]),
        capture_output=True,
        text=True,
        env=os.environ | {"KERAS_BACKEND": "tensorflow"},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def assert_one_line(ended, package):
    status, _, error = ended
    assert status == 1 and error.count("\n") == 1, error
    assert f" needs {package}, which is not installed: pip install {package}; " in error
    assert "`pip install .`" in error and "Traceback" not in error


def test_every_verb_with_numpy_and_litert_alone(tmp_path):
    table = tmp_path / "rows.csv"
    table.write_text("text,label\n" + "fine,good\ndull,bad\n" * 40, "utf-8")
    picture, new = tmp_path / "a.png", tmp_path / "run"
    text = ["predict", NAMES, "Königreich der Niederlande"]
    works = {
        "predict": text,
        "inspect": ["inspect", DATES / "export/model_int8.tflite"],
        "compare": ["compare", DATES, DATES],
    }
    lacks = {
        "train": ["train", "text-classification", "--train", table, "--run", new],
        "evaluate": ["evaluate", DATES],
        "explain": ["explain", NAMES, "hallo", "--output", picture],
        "export": ["export", CO2],
        "benchmark": ["benchmark", NAMES],
        "backtest": ["backtest", CO2],
    }
    further = [
        ["train", "translation", "--dataset", "dates", "--run", new],
        ["train", "forecasting", "--dataset", "co2", "--run", new, "--dry-run"],
        ["predict", CO2],
        ["predict", CO2, "--file", table],
        [*text, "--engine", "keras"],
        ["evaluate", CO2, "--verbose"],
        ["export", NAMES, "--verbose"],
    ]
    verbs = {*_VERBS, *(verb for task in all_tasks() for verb in task.verbs)}
    # The page is a server, which test_demo.py runs without Keras.
    assert {*works, *lacks} == verbs - {"demo"}
    ended = run([*works.values(), *lacks.values(), *further], allowed=ALONE)
    for verb, (status, out, error) in zip(works, ended, strict=False):
        assert (status, error) == (0, ""), verb
        assert out
    assert ended[0][1].split()[0] == "de"
    for status, out, error in ended[len(works) :]:
        package = "pandas" if "pandas" in error else "keras"
        assert_one_line((status, out, error), package)
    assert not new.exists() and not picture.exists()


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("package", "words"),
    [
        ("tensorflow", ["predict", NAMES, "a", "--engine", "keras"]),
        ("tokenizers", ["predict", DATES, "a", "--engine", "keras"]),
        ("matplotlib", ["explain", DATES, "1 May 1970", "--output", "a.png"]),
        ("ai-edge-litert", ["predict", DATES, "1 May 1970"]),
        ("numpy", ["predict", DATES, "1 May 1970"]),
        ("numpy", ["benchmark", DATES]),
    ],
)
def test_one_package_that_is_missing(package, words):
    (ended,) = run([words], lacking=[package.replace("-", "_")])
    assert_one_line(ended, package)


def test_the_runtime_names_what_it_lacks():
    code = (
        "import sys; sys.modules[sys.argv[1]] = None; from polyhead import runtime\n"
        "try: runtime.load(sys.argv[2])\n"
        "except runtime.PolyheadError as error: print(error)"
    )
    path = str(DATES / "export/model_int8.tflite")
    for module in ("numpy", "ai_edge_litert"):
        command = [sys.executable, "-c", code, module, path]
        done = subprocess.run(command, capture_output=True, text=True)
        package = module.replace("_", "-")
        line = f"polyhead.runtime needs {package}, which is not installed: pip install"
        assert done.stdout.startswith(line) and done.stdout.count("\n") == 1


def test_errors_that_no_package_has_caused():
    assert missing_package(ValueError("no"), "it") is None
    ours = ModuleNotFoundError("No module", name="polyhead.apps.nothing")
    assert missing_package(ours, "it") is None
    # Its own remedy is the better one.
    own = PolyheadError("the data set 'co2' comes with statsmodels: pip install it")
    own.__cause__ = ModuleNotFoundError("No module", name="statsmodels")
    assert missing_package(own, "it") is None


def test_errors_that_a_package_has_caused():
    damaged = PolyheadError("rows.parquet: damaged")
    damaged.__cause__ = ModuleNotFoundError("No module", name="sklearn.metrics")
    assert "it needs scikit-learn, which is not" in str(missing_package(damaged, "it"))
    broken = ImportError("built for NumPy 1\nand more", name="pandas._libs")
    line = "it needs pandas, which cannot be imported (built for NumPy 1): install it"
    assert line in str(missing_package(broken, "it"))
    nameless = ImportError("Missing optional dependency 'pyarrow'.")
    assert "(Missing optional dependency 'pyarrow'.)" in str(
        missing_package(nameless, "it")
    )
    folder = ModuleNotFoundError("No package metadata", name="polyhead")
    assert "needs Polyhead to be installed" in str(missing_package(folder, "it"))
