"""The model that we ship does what its card says."""

import numpy as np
import pytest
from shipped_tools import SHIPPED, shipped_bytes

from polyhead.apps import load
from polyhead.apps.common.export.litert import TFLitePredictor
from polyhead.apps.text_classification.data import load_data

FOLDER = SHIPPED / "language-identifier"
TOLERANCE = 0.01  # another version of Babel moves a few phrases


@pytest.fixture(scope="module")
def run():
    return load(FOLDER)


@pytest.fixture(scope="module")
def test_examples(run):
    pytest.importorskip("babel")
    return load_data(run.config).test


def test_folder_is_small():
    assert shipped_bytes(FOLDER.name) <= 6_000_000


def test_accuracy_is_the_cards(run, test_examples):
    stated = run.metrics["test"]["accuracy"]
    assert f"{stated:.4f}" in (FOLDER / "README.md").read_text(encoding="utf-8")
    answers = run.serving.predict(test_examples.inputs).argmax(axis=1)
    assert abs(np.mean(answers == test_examples.labels) - stated) <= TOLERANCE


def test_int8_file_is_as_accurate(run, test_examples):
    stated = run.metrics["test"]["accuracy"]
    predictor = TFLitePredictor(FOLDER / "export" / "model_int8.tflite")
    outputs = predictor.predict_texts(test_examples.inputs)
    answers = outputs["probabilities"].argmax(axis=1)
    assert abs(np.mean(answers == test_examples.labels) - stated) <= TOLERANCE


def test_phrases_in_several_languages(run):
    texts = {
        "de": "Königreich der Niederlande",
        "es": "español y francés",
        "fr": "allemand et espagnol",
        "ja": "スペイン語とフランス語",
        "ru": "Великобритания и Германия",
    }
    answers = run.predict(list(texts.values()), engine="tflite")
    assert [answer[0][0] for answer in answers] == list(texts)
