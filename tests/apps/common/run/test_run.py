"""A finished run: what its attributes are, and where they come from."""

import subprocess
import sys

import pytest

import polyhead.apps
from polyhead.apps.common.errors import PolyheadError, UsageError
from polyhead.apps.common.run.run import ENGINES, Run, check_engine
from polyhead.apps.text_classification import TASK


def test_the_functions_of_the_task_are_methods_of_the_run(review_run):
    answering, steps = TASK.answering(), TASK.steps()
    assert review_run.predict.__func__ is answering.predict
    assert review_run.evaluate.__func__.__wrapped__ is steps.evaluate
    assert review_run.explain.__func__ is steps.explain
    assert review_run.probabilities.__func__ is answering.methods["probabilities"]
    assert "top_k" in review_run.predict.__doc__  # what help() shows


def test_assets_are_attributes_of_the_run(review_run):
    assert review_run.label_names == review_run.assets.label_names
    assert review_run.thresholds is None
    assert review_run.model is review_run.serving.model
    assert review_run.metrics["test"]["rows"] == 200
    for name in ("label_name", "_private"):
        with pytest.raises(AttributeError, match=name):
            getattr(review_run, name)


def test_held_out_examples_are_as_a_file_takes_them(review_run):
    from types import SimpleNamespace

    model = SimpleNamespace(inputs={"text": (1, 16)})
    assert review_run.examples(count=5)(model)["text"].shape == (5, 16)


def test_an_unknown_engine_is_refused():
    for engine in ENGINES:
        check_engine(engine)
    with pytest.raises(
        UsageError, match="engine 'onnx': choose from keras, savedmodel"
    ):
        check_engine("onnx")


def test_a_run_of_another_task_is_refused(review_run, tmp_path):
    text = (review_run.path / "config.json").read_text()
    config = text.replace(TASK.name, "another")
    (tmp_path / "config.json").write_text(config)
    with pytest.raises(PolyheadError, match="a run of another, not of text-class"):
        Run(TASK, tmp_path)


WITHOUT_KERAS = """
import sys
import polyhead.apps
run = polyhead.apps.load(sys.argv[1])
print(run.label_names, run.metrics["test"]["rows"], "keras" in sys.modules)
"""


def test_a_run_is_read_without_keras(review_run):
    words = [sys.executable, "-c", WITHOUT_KERAS, str(review_run.path)]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.stdout == "('bad', 'good') 200 False\n", done.stderr


def test_load_takes_a_path_of_any_type(review_run):
    assert polyhead.apps.load(str(review_run.path)).path == review_run.path
