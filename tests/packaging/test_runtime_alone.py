"""The clients work where there is NumPy and LiteRT, and no TensorFlow."""

import subprocess
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = """
import sys
from polyhead import runtime

folder = sys.argv[1]
labels = runtime.load(folder + "/language-identifier/export/model_int8.tflite")
print(labels.predict(["Königreich der Niederlande"])[0].labels[0][0])
dates = runtime.load(folder + "/dates/export/model_int8.tflite")
print(dates.predict(["jeudi 5 mars 1998"])[0].text)
co2 = runtime.load(folder + "/co2/export/model_int8.tflite")
print(co2.predict([[370.0]] * co2.look_back, "2003-01-04").values.shape)
wrong = {"tensorflow", "keras", "pandas", "polyhead.apps", "polyhead.layers"}
print(sorted(wrong & set(sys.modules)))
"""


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def python(wheel_path, tmp_path_factory):
    """A new environment's python, with the package but not what it names."""
    folder = tmp_path_factory.mktemp("alone")
    venv.create(folder / "venv", with_pip=True)
    found = str(next((folder / "venv").glob("[bS]*/python*")))
    pip = [found, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run(*pip, "--no-deps", str(wheel_path))
    run(*pip, "numpy", "ai-edge-litert")
    return found


def test_all_apps_answer_without_tensorflow(python, tmp_path):
    lines = run(
        python, "-c", SCRIPT, str(ROOT / "saved_models"), cwd=tmp_path
    ).splitlines()
    assert lines == ["de", "1998-03-05", "(52, 1)", "[]"]
