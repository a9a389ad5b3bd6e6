"""What the tests of the page share: runs, LiteRT's answers, and a user's hands."""

from pathlib import Path

import numpy as np

from polyhead.apps.common.classification.label_file import (
    describe_label,
    read_descriptions,
)
from polyhead.apps.common.export.litert import TFLitePredictor

SAVED = Path(__file__).resolve().parents[2] / "saved_models"
CLASSIFIER = SAVED / "language-identifier"
DATES = SAVED / "dates"
TRANSLATOR = SAVED / "english-spanish"
FORECASTER = SAVED / "co2"
PATIENCE = 180_000  # milliseconds: the machine may be busy
# Near zero, float32 rounds what is left of numbers near 350.
CLOSE = {"rtol": 1e-5, "atol": 3e-4}


def predictor(run, name="model_int8.tflite"):
    return TFLitePredictor(run / "export" / name)


def labels_of(run):
    return (run / "labels.txt").read_text(encoding="utf-8").split()


def names_of(run):
    """The labels as the page shows them, with what people call them."""
    descriptions = read_descriptions(run)
    return [describe_label(label, descriptions) for label in labels_of(run)]


def ask(page, text):
    """Types a text as a user pastes it, and waits for the answer."""
    page.fill("#text", "")
    page.wait_for_selector("#hint", state="visible")
    page.fill("#text", text)
    page.wait_for_selector("#hint", state="hidden")


def put(page, expression):
    """Sets the text to what no keyboard can type, as JavaScript."""
    script = "const t = document.getElementById('text'); t.value = %s; "
    script += "t.dispatchEvent(new Event('input'))"
    page.evaluate("() => {" + script % expression + "}")


def wait_for_text(page, selector, text):
    page.locator(selector).filter(has_text=text).wait_for()


def read_inputs(page):
    """What the page's fields hold, as LiteRT takes it."""
    numbers = [float(v or "nan") for v in page.input_value("#history").split("\n")]
    history = np.full((1, 156, 1), np.nan, np.float32)
    given = numbers[-156:]
    history[0, 156 - len(given) :, 0] = given
    stamp = np.datetime64(page.input_value("#start"), "s")
    day = stamp.astype("datetime64[D]")
    start = [[day.astype(int), (stamp - day).astype(int)]]
    return {"history": history, "start": np.array(start, np.int32)}


def read_table(page):
    script = """() => [...document.querySelectorAll("#table tbody tr")].map((row) =>
      [...row.cells].map((cell) => cell.textContent))"""
    rows = page.evaluate(script)
    return [row[0] for row in rows], [[float(v) for v in row[1:]] for row in rows]


def assert_no_forecast(page):
    assert page.locator("#chart > *").count() == 0
    assert page.locator("#table tr").count() == 0
    assert page.inner_text("#chart-text") == page.inner_text("#note") == ""
    assert page.inner_text("#latency") == "-"


def wait_for_forecast(page, run, name="model_int8.tflite", close=CLOSE):
    """Until the table has what LiteRT says of the page's fields."""
    outputs = predictor(run, name)(**read_inputs(page))
    expected = np.concatenate(
        [outputs["forecast"][0], outputs["quantiles"][0, :, 0]], axis=1
    )
    for _ in range(600):
        _, values = read_table(page)
        if values and np.allclose(values, expected, **close):
            return expected
        page.wait_for_timeout(100)
    np.testing.assert_allclose(values, expected, **close)
