"""Exported files in the oldest LiteRT: they load, and answer as in the newest.

The old wheel goes into an environment of its own under .cache, once.
"""

import importlib.util
import json
import os
import pickle
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from shipped_tools import ROOT, RUNS, SHIPPED  # noqa: E402

from polyhead.apps.common.devices.runtimes import OLDEST, VERSIONS  # noqa: E402

WHEELS = (3, 11)  # the newest Python that the old release has a wheel for
TEXTS = {
    "language-identifier": ["Königreich der Niederlande", "КАКАЯ ПОГОДА?", "", "12345"],
    "dates": [
        "jeudi 5 mars 1998",
        "5 March 2031",
        "2024年7月14日日曜日",
        "",
        "no date",
    ],
    "english-spanish": ["Where is the station?", "I don't know. Do you?", "", "12345"],
}
SCRIPT = """
import json, sys
from pathlib import Path
from polyhead import runtime

given = json.load(sys.stdin)
answers = {}
for path, questions in given.items():
    model = runtime.load(path)
    if hasattr(model, "look_back"):
        history = [[340.0 + 0.03 * k + k % 9] for k in range(model.look_back)]
        found = model.predict(history, "2003-01-04")
        answers[path] = [found.values.tolist(), found.quantiles.tolist()]
    elif hasattr(model, "labels"):
        answers[path] = model.probabilities(questions)[0].tolist()
    else:
        answers[path] = [[x.text, round(x.score, 2)] for x in model.predict(questions)]
print(json.dumps(answers))
"""


RAW = """
import sys
import numpy as np
from ai_edge_litert.interpreter import Interpreter

given = np.load(sys.argv[2])
interpreter = Interpreter(sys.argv[1])
interpreter.allocate_tensors()  # gives XNNPACK its part
runner = interpreter.get_signature_runner("serving_default")
found = [runner(x=row[None])["y"][0].tolist() for row in given]
print(found)
"""


def find_python():
    """A Python that the old wheel is made for, or None."""
    if sys.version_info[:2] == WHEELS:
        return sys.executable
    return shutil.which("python{}.{}".format(*WHEELS))


@pytest.fixture(scope="module")
def python():
    """The python of an environment with the oldest LiteRT."""
    made_by = find_python()
    if made_by is None:
        pytest.skip(f"LiteRT {OLDEST} has no wheel for this Python")
    folder = ROOT / ".cache" / f"litert-{OLDEST}"
    found = next(folder.glob("[bS]*/python"), None)
    if found is None or not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        done = subprocess.run(
            [made_by, "-m", "venv", folder], capture_output=True, text=True
        )
        if done.returncode:
            pytest.skip(f"no environment can be made: {done.stderr[-200:]}")
        found = next(folder.glob("[bS]*/python"))
        pip = [found, "-m", "pip", "install", "--quiet", "--retries", "1"]
        done = subprocess.run(
            [*pip, f"ai-edge-litert=={OLDEST}", "numpy<2"],
            capture_output=True,
            text=True,
        )
        if done.returncode:
            pytest.skip(f"LiteRT {OLDEST} cannot be had: {done.stderr[-200:]}")
        (folder / "complete").touch()
    return str(found)


def ask(python, given, folder):
    """The answers of a process to what is asked of each file."""
    (folder / "polyhead").mkdir(exist_ok=True)
    link = folder / "polyhead/runtime"
    if not link.exists():
        shutil.copytree(ROOT / "runtime", link)
    done = subprocess.run(
        [python, "-c", SCRIPT],
        input=json.dumps({str(path): texts for path, texts in given.items()}),
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(folder)},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def assert_alike(old, new):
    """Texts are the same; numbers may differ by the rounding of other kernels."""
    assert old.keys() == new.keys()
    for path, answers in new.items():
        for ours, theirs in zip(answers, old[path], strict=True):
            if isinstance(ours[0], str):
                assert ours[0] == theirs[0] and abs(ours[1] - theirs[1]) < 0.05, path
            else:
                np.testing.assert_allclose(theirs, ours, rtol=1e-3, atol=5e-3)


def test_shipped_files_answer_in_the_oldest_runtime(python, tmp_path):
    paths = [
        path for run in RUNS for path in (SHIPPED / run / "export").glob("*.tflite")
    ]
    assert len(paths) >= len(RUNS)
    given = {path: TEXTS.get(path.parents[1].name) for path in sorted(paths)}
    new = ask(sys.executable, given, tmp_path)
    assert_alike(ask(python, given, tmp_path), new)


@pytest.mark.tensorflow
def test_beams_in_float16_answer_in_the_oldest_runtime(python, tmp_path):
    from polyhead.apps import load

    run = tmp_path / "dates"
    shutil.copytree(SHIPPED / "dates", run)
    load(run).export(["tflite"], ["float16"], beam_size=3)
    given = {run / "export/model_float16.tflite": TEXTS["dates"]}
    new = ask(sys.executable, given, tmp_path)
    assert next(iter(new.values()))[0][0] == "1998-03-05"
    assert_alike(ask(python, given, tmp_path), new)


@pytest.mark.tensorflow
def test_int8_is_divided_in_the_oldest_runtime(python, tmp_path):
    import tensorflow as tf

    from polyhead.apps.common.export.tflite import export_tflite

    def shares(weights, tables, x):
        positive = tf.nn.relu(x) + 0.1
        return {"y": positive / tf.reduce_sum(positive, axis=1, keepdims=True)}

    x = np.random.default_rng(0).normal(size=(20, 4)).astype("float32")
    np.save(tmp_path / "x.npy", x)
    path = tmp_path / "model.tflite"
    export_tflite(shares, [], {}, {"x": x}, path, "full_int8")
    command = [python, "-c", RAW, path, tmp_path / "x.npy"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = np.array(json.loads(done.stdout.splitlines()[-1]))
    expected = np.maximum(x, 0) + 0.1
    expected /= expected.sum(axis=1, keepdims=True)
    assert np.abs(found - expected).max() < 0.03


def as_numbers(release):
    return tuple(map(int, release.split(".")))


def test_the_table_is_what_the_oldest_runtime_has(python, tmp_path):
    script = ROOT / "benchmarks/operator_versions.py"
    spec = importlib.util.spec_from_file_location("operator_versions", script)
    asking = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(asking)
    files = tmp_path / "operators.pickle"
    files.write_bytes(pickle.dumps(asking.make_files()))
    releases = json.loads(VERSIONS.read_text("utf-8"))
    here = as_numbers(version("ai-edge-litert"))
    added = [new for release, new in releases.items() if as_numbers(release) <= here]
    newest = {name: number for new in added for name, number in new.items()}
    for asked, known in ((python, releases[OLDEST]), (sys.executable, newest)):
        command = [asked, "-c", asking.ASK, files]
        done = subprocess.run(command, capture_output=True, text=True)
        found = json.loads(done.stdout.splitlines()[-1])
        # A later LiteRT may have more, and never less.
        assert found == known or asked != python
        assert all(found[name] >= number for name, number in known.items())
