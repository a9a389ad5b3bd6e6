"""The model that we ship does what its card says."""

import numpy as np
import pytest
from shipped_tools import SHIPPED, shipped_bytes

from polyhead.apps import load
from polyhead.apps.cli.main import main
from polyhead.apps.common.export.litert import TFLitePredictor
from polyhead.apps.text_classification.data import load_data

FOLDER = SHIPPED / "language-identifier"
SENTENCES = SHIPPED.parent / "benchmarks/everyday_sentences.tsv"
TOLERANCE = 0.02  # other versions of the packages have other names and messages


@pytest.fixture(scope="module")
def run():
    return load(FOLDER)


@pytest.fixture(scope="module")
def test_examples(run):
    for module in ("babel", "django", "wordfreq"):
        pytest.importorskip(module)
    return load_data(run.config).test


def test_folder_is_small():
    assert shipped_bytes(FOLDER.name) <= 8_000_000
    assert (FOLDER / "export/model_int8.tflite").stat().st_size <= 2_000_000


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
        "ru": "Соединённые Штаты и Германия",
    }
    answers = run.predict(list(texts.values()), engine="tflite")
    assert [answer[0][0] for answer in answers] == list(texts)


def test_sentences_as_people_write_them(run):
    texts = {
        "Das Wetter ist heute schön": "de",
        "Where is the station?": "en",
        "¿Qué hora es?": "es",
        "КАКАЯ СЕГОДНЯ ПОГОДА В МОСКВЕ?": "ru",
        "\u00a0bonjour\u00a0tout le monde\t": "fr",
        "今日はいい天気ですね。": "ja",
        "Dziękuję bardzo": "pl",
        "12345": "und",
        "👍🎉": "und",
    }
    answers = run.predict(list(texts), engine="tflite")
    assert [answer[0][0] for answer in answers] == list(texts.values())


def test_everyday_sentences(run):
    lines = SENTENCES.read_text(encoding="utf-8").splitlines()
    languages, texts = zip(*(line.split("\t") for line in lines), strict=True)
    answers = run.predict(texts, engine="tflite")
    right = [a[0][0] == b for a, b in zip(answers, languages, strict=True)]
    assert len(right) == 150 and np.mean(right) >= 0.94


def test_labels_have_names_in_what_is_printed(capsys):
    assert (
        main(
            ["predict", str(FOLDER), "--engine", "tflite", "Das Wetter ist heute schön"]
        )
        == 0
    )
    assert capsys.readouterr().out.startswith("de (German)\t")
