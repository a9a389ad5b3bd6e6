"""The clients of exported files: answers, limits, and files that are no good."""

import doctest
import importlib
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from polyhead import runtime
from polyhead.apps.common.export.litert import TFLitePredictor
from polyhead.runtime.model import Model
from polyhead.runtime.text_bytes import texts_to_bytes
from polyhead.runtime.translator import INPUT_CUT

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
    rows, truncated = texts_to_bytes(HOSTILE, model.max_bytes)
    answers = [model.model(text=row[None]) for row in rows]
    said = [bool(answer["truncated"][0] & INPUT_CUT) for answer in answers]
    cut = [False, True, True, False, False, True, True, True]
    assert [a or b for a, b in zip(truncated, said, strict=True)] == cut
    # What lies behind a zero byte is not read.
    for name, array in answers[0].items():
        np.testing.assert_array_equal(answers[2][name], array)


def test_probabilities_are_the_files():
    model = runtime.load(LANGUAGES)
    texts = ["Königreich der Niederlande", "español y francés", ""]
    expected = TFLitePredictor(LANGUAGES).predict_texts(texts)["probabilities"]
    np.testing.assert_array_equal(model.probabilities(texts)[0], expected)
    (best, *_), truncated = model.predict(texts, top_k=3)[1]
    assert best == ("es", float(expected[1].max())) and not truncated


def test_a_text_is_cut_between_two_characters():
    model = runtime.load(LANGUAGES)
    letter = "𐍈"  # which no piece has, so that it is four
    whole = letter * (model.max_bytes // 4)
    # The model reads fewer pieces than the file reads bytes.
    assert model.predict([whole])[0] == model.predict([letter * 999])[0]
    assert not model.predict(["ü" * 60])[0].truncated
    rows, truncated = model.probabilities([whole + letter, "a" + whole])
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


def test_an_older_file_forecasts_from_nothing():
    model = runtime.load(ROOT / "tests/golden/0.1.0/wave/export/model_int8.tflite")
    history = np.full((model.look_back, len(model.history)), np.nan)
    found = model.predict(history, "2024-03-05")
    assert np.isfinite(found.values).all()
    assert len(found.notes) == len(model.targets)
    assert all("forecast and interval mean nothing: the 48" in n for n in found.notes)


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


HISTORY = np.full((156, 1), 370.0)


@pytest.mark.parametrize(
    "history, message",
    [
        ([["many"]] * 156, "history is no table of numbers"),
        ([[1.0], [1.0, 2.0]] * 78, "history is no table of numbers"),
        (np.where(np.arange(156)[:, None] == 7, np.inf, HISTORY), "an infinite number"),
        (HISTORY * 1e300, "beyond float32"),
        (np.linspace(1, 3e38, 156)[:, None], "the forecast is beyond float32"),
    ],
)
def test_numbers_that_are_none_or_too_large(history, message):
    with pytest.raises(runtime.PolyheadError, match=message):
        runtime.load(CO2).predict(history, "2003-01-04")


@pytest.mark.parametrize("start", ["tomorrow", None, "NaT", "9999999-01-01", [1, 2]])
def test_a_start_that_is_no_time(start):
    with pytest.raises(runtime.PolyheadError, match="no time: give one such as"):
        runtime.load(CO2).predict(HISTORY, start)


def test_a_history_that_is_cut_is_told():
    model = runtime.load(CO2)
    assert not model.predict(HISTORY, "2003-01-04").truncated
    assert model.predict(np.tile(HISTORY, (2, 1)), "2003-01-04").truncated


@pytest.mark.parametrize("path", [LANGUAGES, DATES], ids=["labels", "text"])
@pytest.mark.parametrize(
    "texts, message",
    [
        (b"one text", "is no text: decode it first"),
        (["a", None], "text 2 is None, no text: leave it out"),
        ([5], "text 1 is 5, no text: write it as text, such as '5'"),
    ],
)
def test_what_is_no_list_of_texts(path, texts, message):
    with pytest.raises(runtime.PolyheadError, match=message) as error:
        runtime.load(path).predict(texts)
    assert error.value.exit_status == 2


@pytest.mark.parametrize("path", [LANGUAGES, DATES], ids=["labels", "text"])
def test_one_string_is_one_text(path):
    model = runtime.load(path)
    text = "jeudi 5 mars 1998"
    assert model.predict(text) == model.predict([text]) == model.predict((text,))
    assert model.predict(np.array([text])) == model.predict(iter([text]))


@pytest.mark.parametrize("inputs", [{}, {"history": HISTORY}, {"text": HISTORY}])
def test_inputs_that_the_file_does_not_have(inputs):
    with pytest.raises(runtime.PolyheadError, match="it takes history, start, not"):
        Model(CO2)(**inputs)


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


def test_any_damage_to_what_a_file_says_of_itself(tmp_path):
    content, size = CO2.read_bytes(), Model(CO2).facts["model_bytes"]
    for place in range(size, len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 0x41
        try:
            runtime.load(write(tmp_path, bytes(damaged)))
        except runtime.PolyheadError:
            pass  # the zip has bytes that say nothing: names twice, times


def rewrite(tmp_path, source, change):
    """A file whose facts are others."""
    facts = dict(Model(source).facts)
    path = write(tmp_path, source.read_bytes()[: facts["model_bytes"]])
    change(facts)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("polyhead.json", json.dumps(facts))
    return path


@pytest.mark.parametrize(
    "source, change",
    [
        (LANGUAGES, lambda facts: facts.pop("labels")),
        (LANGUAGES, lambda facts: facts.update(labels=["only one"])),
        (LANGUAGES, lambda facts: facts.update(answers="forecast")),
        (CO2, lambda facts: facts.pop("frequency")),
        (CO2, lambda facts: facts.update(targets=None)),
    ],
)
def test_facts_that_do_not_fit(tmp_path, source, change):
    path = rewrite(tmp_path, source, change)
    assert "does not fit its task" in refusal(path)


@pytest.mark.parametrize("size", ["many", None, [], -5])
def test_facts_that_cannot_be_checked(tmp_path, size):
    path = rewrite(tmp_path, CO2, lambda facts: facts.update(model_bytes=size))
    assert "export the run again" in refusal(path)


def test_a_task_of_a_later_version(tmp_path):
    newer = {"task": "soothsaying", "answers": "omens"}
    path = rewrite(tmp_path, CO2, lambda facts: facts.update(newer))
    assert "soothsaying" in refusal(path) and "upgrade" in refusal(path)
    path = rewrite(
        tmp_path, CO2, lambda facts: (facts.pop("task"), facts.update(answers=7))
    )
    assert "None" in refusal(path)


@pytest.mark.parametrize(
    "path, client",
    [(LANGUAGES, "Classifier"), (DATES, "Translator"), (CO2, "Forecaster")],
)
def test_files_of_older_versions_are_known_by_their_outputs(tmp_path, path, client):
    def as_in_0_1_0(facts):
        facts.pop("answers", None)
        facts["task"] = "whatever it was called"

    assert type(runtime.load(rewrite(tmp_path, path, as_in_0_1_0))).__name__ == client


def test_what_a_file_answers_says_who_reads_it(tmp_path):
    def of_a_new_task(facts):
        facts.update(task="seasons", answers="labels")

    model = runtime.load(rewrite(tmp_path, LANGUAGES, of_a_new_task))
    assert model.predict(["español y francés"])[0].labels[0][0] == "es"
