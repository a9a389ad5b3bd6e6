"""Runs of older versions: each loads, evaluates, answers and exports as it did.

`make_runs.py` made them. They are never made anew for a version that has them.
"""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from polyhead import runtime
from polyhead.apps import load

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from make_runs import RUNS, TASKS, answers_of  # noqa: E402

FOLDERS = sorted(path.parent for path in HERE.glob("*/*/answers.json"))
NEW = ("wape", "bias")  # measures since
pytestmark = pytest.mark.tensorflow


@pytest.fixture(
    params=FOLDERS, ids=lambda path: f"{path.parent.name}-{path.name}", scope="module"
)
def golden(request, tmp_path_factory):
    """A copy of a golden run's folder."""
    folder = tmp_path_factory.mktemp("golden")
    shutil.copytree(HERE / "data", folder / "data")
    shutil.copytree(request.param, folder / request.param.name)
    return folder / request.param.name


@pytest.fixture(autouse=True)
def beside_the_data(golden, monkeypatch):
    """The runs name their data relative to where they were trained."""
    monkeypatch.chdir(golden.parent)


def assert_close(values, expected):
    """Equal in structure and text, and numbers to six digits."""
    if isinstance(expected, dict):
        assert values.keys() == expected.keys()
        for key in expected:
            assert_close(values[key], expected[key])
    elif isinstance(expected, list):
        assert len(values) == len(expected)
        for value, other in zip(values, expected, strict=True):
            assert_close(value, other)
    elif isinstance(expected, float):
        assert values == pytest.approx(expected, rel=1e-5, abs=1e-5)
    else:
        assert values == expected


def without_new(values):
    """Measures, or those of every step or target, without the new ones."""
    if not isinstance(values, dict):
        return values
    return {k: without_new(value) for k, value in values.items() if k not in NEW}


def test_every_task_has_a_golden_run():
    assert {path.name for path in FOLDERS} == set(RUNS) == set(TASKS)


@pytest.mark.parametrize("engine", ["keras", "tflite"])
def test_it_answers_as_it_did(golden, engine):
    expected = json.loads((golden / "answers.json").read_text())[engine]
    answers = json.loads(json.dumps(answers_of(load(golden), engine)))
    assert_close(answers, expected)


# The scores that versions after 0.1.0 have added.
ADDED = {"fingerprint", "exact_interval", "wer", "wer_interval"}


def test_it_scores_as_it_did(golden):
    """All numbers of metrics.json but those of the baselines, scored at evaluation."""
    expected = json.loads((golden / "metrics.json").read_text())
    metrics = load(golden).evaluate()
    assert "0.5 is the forecast" not in metrics["protocol"]
    assert metrics["train"] == expected["train"]
    split = "test" if "test" in expected else "validation"
    for part in ("validation", "test"):
        scores, before = metrics.get(part), expected.get(part)
        # Resamples are drawn for the run and its baselines together.
        intervals = [key for key in before if key.endswith("_interval")]
        assert scores.keys() - before.keys() <= {*ADDED, *NEW}
        assert before.keys() <= scores.keys()
        for key in before.keys() - intervals:
            assert_close(without_new(scores[key]), before[key])
    assert metrics["baselines"].keys() >= expected["baselines"].keys()
    # It does not say which rows it was trained on, so nothing is written.
    (line,) = metrics["differences"]
    assert metrics[split] and "does not say which rows it was trained on" in line
    assert json.loads((golden / "metrics.json").read_text()) == expected


def test_its_exported_file_is_recognised(golden):
    (path,) = golden.glob("export/model_int8.tflite")
    client = runtime.load(path)
    assert type(client).__name__ in ("Classifier", "Translator", "Forecaster")


def test_it_is_exported_again(golden):
    report = load(golden).export(variants=["float32"])
    assert report["files"]["model_float32.tflite"]["disagreements"] == 0
    assert report["files"]["savedmodel"]["disagreements"] == 0


def test_the_weights_are_the_model_s_own(golden):
    run = load(golden)
    for array, weight in zip(run.serving.weights, run.model.weights, strict=True):
        np.testing.assert_array_equal(array, np.asarray(weight))
