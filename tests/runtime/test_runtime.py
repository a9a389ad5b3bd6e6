"""The clients of exported files: answers, limits, and files that are no good."""

import doctest
import importlib
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from polyhead import runtime
from polyhead.apps.common.litert import TFLitePredictor
from polyhead.runtime.model import Model

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "saved_models"
CO2 = SHIPPED / "co2/export/model_int8.tflite"
LANGUAGES = SHIPPED / "language-identifier/export/model_int8.tflite"
DATES = SHIPPED / "dates/export/model_int8.tflite"
HOSTILE = [
    b"",
    "".join(chr(i) for i in range(32)).encode(),
    b"\0hidden",
    b"a\xff\xfe\x80b",
    b"\xed\xa0\x80",  # half of a surrogate pair
    "é".encode() * 500,
    b"\xf0\x9f\x98" * 200,
    b"x" * 100_000,
]


@pytest.mark.parametrize("name", ["classifier", "translator", "forecaster"])
def test_examples_run(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    module = importlib.import_module(f"polyhead.runtime.{name}")
    results = doctest.testmod(module)
    assert results.attempted and not results.failed


@pytest.mark.parametrize("path", [LANGUAGES, DATES], ids=["labels", "text"])
def test_any_bytes_get_an_answer(path):
    model = runtime.load(path)
    answers = model.predict(HOSTILE)
    assert len(answers) == len(HOSTILE)
    assert [answer.truncated for answer in answers] == [False] * 5 + [True] * 3
    # What lies behind a zero byte is not read.
    assert answers[2] == answers[0]


def test_probabilities_are_the_files():
    model = runtime.load(LANGUAGES)
    texts = ["Königreich der Niederlande", "español y francés", ""]
    expected = TFLitePredictor(LANGUAGES).predict(texts)
    np.testing.assert_array_equal(model.probabilities(texts)[0], expected)
    (best, *_), truncated = model.predict(texts, top_k=3)[1]
    assert best == ("es", float(expected[1].max())) and not truncated


def test_a_text_is_cut_between_two_characters():
    model = runtime.load(LANGUAGES)
    whole = "ü" * (model.max_bytes // 2)
    assert model.predict([whole])[0] == model.predict(["ü" * 999])[0][:1] + (False,)
    rows, truncated = model.probabilities([whole + "ü", "a" + whole])
    assert truncated.tolist() == [True, True]


def test_history_of_any_kind_gets_a_forecast():
    model = runtime.load(CO2)
    steps = np.arange(model.look_back + 9)
    history = (370 + 0.03 * steps + 3 * np.sin(steps / 52 * 2 * np.pi))[:, None]
    found = model.predict(history, "2003-01-04")
    assert found.values.shape == (model.horizon, 1)
    assert found.quantiles.shape == (model.horizon, 1, 3)
    assert (np.diff(found.quantiles, axis=2) >= 0).all()
    # Only the newest steps count, and a time of day is no matter for weeks.
    same = model.predict(history[9:], np.datetime64("2003-01-04T00:00"))
    np.testing.assert_array_equal(found.values, same.values)
    for value in (0.0, np.nan):
        assert model.predict(np.full_like(history, value), "2003-01-04").values.shape


@pytest.mark.parametrize(
    "history, message",
    [
        (np.zeros((500, 2)), "history has shape (500, 2), but should have the columns"),
        (np.zeros((10, 1)), "history has 10 steps, but the model looks back 156"),
    ],
)
def test_a_history_that_does_not_fit(history, message):
    with pytest.raises(runtime.PolyheadError) as caught:
        runtime.load(CO2).predict(history, "2003-01-04")
    assert message in str(caught.value)


def write(tmp_path, content):
    path = tmp_path / "model.tflite"
    path.write_bytes(content)
    return path


def refusal(path):
    with pytest.raises(runtime.PolyheadError) as caught:
        runtime.load(path)
    message = str(caught.value)
    assert str(path) in message and "\n" not in message
    return message


def test_a_missing_file(tmp_path):
    assert "No such file" in refusal(tmp_path / "model.tflite")
    assert "directory" in refusal(tmp_path)


@pytest.mark.parametrize("content", [b"", b"PK\3\4", b"{}", bytes(5000)])
def test_no_tflite_file(tmp_path, content):
    assert "no .tflite file" in refusal(write(tmp_path, content))


@pytest.mark.parametrize("share", [0.001, 0.3, 0.9, 0.999])
def test_a_file_cut_short(tmp_path, share):
    content = CO2.read_bytes()
    message = refusal(write(tmp_path, content[: int(share * len(content))]))
    assert "cut short" in message and "export the run again" in message


@pytest.mark.parametrize("share", [0.0001, 0.1, 0.5, 0.9])
def test_an_altered_file(tmp_path, share):
    content = bytearray(CO2.read_bytes())
    content[int(share * len(content)) + 16] ^= 0x41
    assert "altered" in refusal(write(tmp_path, bytes(content)))


def test_a_file_of_somebody_else(tmp_path):
    facts = Model(CO2).facts
    content = CO2.read_bytes()[: facts["model_bytes"]]  # without the zip
    assert "not written by polyhead" in refusal(write(tmp_path, content))


def test_a_task_of_a_later_version(tmp_path):
    path = tmp_path / "model.tflite"
    shutil.copy(CO2, path)
    with zipfile.ZipFile(path) as archive:
        text = archive.read("polyhead.json").replace(b"forecasting", b"soothsaying")
    facts = Model(CO2).facts
    path.write_bytes(CO2.read_bytes()[: facts["model_bytes"]])
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("polyhead.json", text)
    assert "soothsaying" in refusal(path) and "upgrade" in refusal(path)
