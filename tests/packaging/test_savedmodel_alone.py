"""The SavedModels run where there is TensorFlow and nothing of ours."""

import importlib.metadata
import json
import os
import shutil
import subprocess
import venv
from pathlib import Path

import pytest

from polyhead.apps import load

pytestmark = [pytest.mark.slow, pytest.mark.tensorflow]

ROOT = Path(__file__).parents[2]
SCRIPT = """
import importlib.util, json, sys
import tensorflow as tf

for name in ("polyhead", "tensorflow_text", "keras_hub"):
    assert importlib.util.find_spec(name) is None, name
path, key, signature = sys.argv[1:]
function = tf.saved_model.load(path).signatures[signature]
# A request in TensorFlow Serving's REST form.
request = {"inputs": json.load(sys.stdin)}
specs = function.structured_input_signature[1]
inputs = {k: tf.constant(v, specs[k].dtype) for k, v in request["inputs"].items()}
outputs = {name: value.numpy() for name, value in function(**inputs).items()}
found = outputs[key].tolist()
print(json.dumps([v.decode() if isinstance(v, bytes) else v for v in found]))
"""


def run(*command, **options):
    env = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, capture_output=True, text=True, env=env, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """The programs of a new environment with TensorFlow alone."""
    folder = tmp_path_factory.mktemp("alone")
    venv.create(folder, with_pip=True)
    programs = next(folder.glob("[bS]*/pip*")).parent
    version = importlib.metadata.version("tensorflow")
    run(str(programs / "pip"), "install", "--quiet", f"tensorflow=={version}")
    return programs


def export(name, tmp_path):
    folder = tmp_path / name
    shutil.copytree(ROOT / "saved_models" / name, folder)
    load(folder).export(formats=["savedmodel"])
    return str(folder / "export" / "savedmodel")


@pytest.mark.parametrize(
    "name, signature, key, inputs, expected",
    [
        (
            "language-identifier",
            "serving_default",
            "label",
            {"text": ["Königreich der Niederlande", "español y francés"]},
            ["de", "es"],
        ),
        *(
            (
                "dates",
                signature,
                "text",
                {"text": ["jeudi 5 mars 1998", "", "5 March 2031"]},
                ["1998-03-05", "", "2031-03-05"],
            )
            for signature in ("greedy", "beam")
        ),
        (
            "dates",
            "sample",
            "text",
            {
                "text": ["jeudi 5 mars 1998", "5 March 2031"],
                "seed": [1, 2],
                "temperature": [0.5, 0.5],
                "top_k": [1, 1],
                "top_p": [1.0, 1.0],
            },
            ["1998-03-05", "2031-03-05"],
        ),
    ],
)
def test_texts(environment, tmp_path, name, signature, key, inputs, expected):
    path = export(name, tmp_path)
    python = str(environment / "python")
    command = [python, "-c", SCRIPT, path, key, signature]
    assert json.loads(run(*command, input=json.dumps(inputs), cwd=tmp_path)) == expected
    given = ";".join(f"{name}={rows[:1]}" for name, rows in inputs.items())
    shown = run(
        str(environment / "saved_model_cli"),
        *["run", "--dir", path, "--tag_set", "serve", "--signature_def", signature],
        *["--input_exprs", given],
        cwd=tmp_path,
    )
    assert expected[0] in shown


def test_numbers(environment, tmp_path):
    path = export("co2", tmp_path)
    history = [[[370.0 + 0.03 * week] for week in range(156)]] * 2
    inputs = {"history": history, "start": [[12056, 0], [12063, 0]]}
    command = [str(environment / "python"), "-c", SCRIPT, path]
    command += ["forecast", "serving_default"]
    found = json.loads(run(*command, input=json.dumps(inputs), cwd=tmp_path))
    assert len(found) == 2 and len(found[0]) == 52
    assert all(360 < value < 390 for row in found for (value,) in row)
    given = ";".join(f"{name}={rows[:1]}" for name, rows in inputs.items())
    shown = run(
        str(environment / "saved_model_cli"),
        *["run", "--dir", path, "--tag_set", "serve"],
        *["--signature_def", "serving_default", "--input_exprs", given],
        cwd=tmp_path,
    )
    assert "Result for output key forecast" in shown
