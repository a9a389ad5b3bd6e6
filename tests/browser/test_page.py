"""The page of `polyhead demo` in a real browser, against LiteRT in Python."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from polyhead.apps.common.litert import TFLitePredictor
from polyhead.apps.common.text_bytes import cut_text, texts_to_bytes

SAVED = Path(__file__).resolve().parents[2] / "saved_models"
CLASSIFIER = SAVED / "language-identifier"
DATES = SAVED / "dates"
TRANSLATOR = SAVED / "english-spanish"
FORECASTER = SAVED / "co2"

SENTENCES = [
    "Alemania, España e Italia son países de Europa",
    "Königreich der Niederlande",
    "スペイン語とフランス語",
    "Великобритания и Германия",
]


def predictor(run, name="model_int8.tflite"):
    return TFLitePredictor(run / "export" / name)


def labels_of(run):
    return (run / "labels.txt").read_text(encoding="utf-8").split()


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


# Classification.


@pytest.mark.parametrize("text", SENTENCES)
def test_labels_are_those_of_litert(open_page, text):
    page = open_page(CLASSIFIER)
    ask(page, text)
    (expected,) = predictor(CLASSIFIER).predict([text])
    page.get_by_role("button", name="Show all 54 labels").click()
    rows = page.locator("#bars li")
    shown = {
        rows.nth(i).locator(".label").inner_text(): float(
            rows.nth(i).locator(".share").inner_text().removesuffix(" %")
        )
        for i in range(rows.count())
    }
    assert list(shown.values()) == sorted(shown.values(), reverse=True)
    for label, probability in zip(labels_of(CLASSIFIER), expected, strict=True):
        assert shown[label] == pytest.approx(100 * probability, abs=0.051), label


def test_the_words_that_decide_are_marked(open_page):
    text = "Alemania, España e Italia"
    page = open_page(CLASSIFIER)
    ask(page, text)
    page.wait_for_selector("#words-section", state="visible")
    marks = page.locator("#words mark")
    words = [marks.nth(i).inner_text() for i in range(marks.count())]
    assert words == ["Alemania", "España", "e", "Italia"]
    assert page.inner_text("#words") == text
    less = ["España e Italia", "Alemania, e Italia", "Alemania, España Italia"]
    whole, *without = predictor(CLASSIFIER).predict([text, *less])
    top = whole.argmax()
    for place, probabilities in zip((0, 1, 2), without, strict=True):
        if place == 0:
            continue  # the comma stays behind
        change = float(marks.nth(place).get_attribute("title").split(" %")[0])
        expected = 100 * (probabilities[top] - whole[top])
        assert change == pytest.approx(expected, abs=0.051)


def test_several_labels_are_chosen_by_their_thresholds(open_page, tmp_path):
    run = shutil.copytree(CLASSIFIER, tmp_path / "run")
    config = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps(config | {"multi_label": True}))
    (expected,) = predictor(run).predict(SENTENCES[:1])
    order = np.argsort(-expected)
    limit = float(expected[order[1]])  # two labels reach it
    metrics = json.loads((run / "metrics.json").read_text())
    metrics["thresholds"] = dict.fromkeys(labels_of(run), limit * 0.999)
    (run / "metrics.json").write_text(json.dumps(metrics))
    page = open_page(run)
    ask(page, SENTENCES[0])
    names = [labels_of(run)[place] for place in order[:2]]
    assert page.inner_text("#spoken") == ", ".join(names)
    assert page.locator("#bars li.chosen").count() == 2


# Translation.


@pytest.mark.parametrize(
    ("run", "text"),
    [
        (DATES, "jeudi 5 mars 1998"),
        (DATES, "2024年7月14日日曜日"),
        (TRANSLATOR, "Where did you buy that beautiful book?"),
        (TRANSLATOR, "I am hungry."),
    ],
)
def test_translations_are_those_of_litert(open_page, run, text):
    page = open_page(run)
    ask(page, text)
    inputs, _ = texts_to_bytes([text], 256)
    expected = predictor(run)(text=inputs)["text"][0].tobytes().rstrip(b"\0")
    assert page.inner_text("#answer") == expected.decode()


def test_a_translators_languages_are_named(open_page):
    page = open_page(TRANSLATOR)
    assert page.get_by_label("Text (English)").get_attribute("lang") == "en"
    assert page.locator("#answer").get_attribute("lang") == "es"


# Text that is not plain.


@pytest.mark.parametrize("text", ["ä" * 200, "日本語" * 40, "a" * 255 + "é", "🙂" * 80])
def test_long_text_is_cut_between_characters_and_said_so(open_page, text):
    page = open_page(CLASSIFIER)
    ask(page, text)
    wait_for_text(page, "#note", "Truncated: the file reads 256 bytes")
    data, _ = cut_text(text, 256)
    (expected,) = predictor(CLASSIFIER).predict([data])
    best = labels_of(CLASSIFIER)[expected.argmax()]
    assert page.inner_text("#spoken") == f"{best}, {100 * expected.max():.1f} %"


def test_empty_text_has_a_hint_and_no_answer(open_page):
    page = open_page(CLASSIFIER)
    ask(page, "Deutschland")
    for text in ("", "  \n "):
        page.fill("#text", text)
        page.wait_for_selector("#hint", state="visible")
        assert page.locator("#bars li").count() == 0
    page = open_page(DATES)
    ask(page, "5 March 2031")
    page.fill("#text", "")
    page.wait_for_selector("#hint", state="visible")
    assert page.inner_text("#answer") == ""


def test_text_after_a_zero_character_is_not_read(open_page):
    page = open_page(DATES)
    put(page, r"'5 March 2031\0 and more'")
    wait_for_text(page, "#note", "up to its first zero character")
    wait_for_text(page, "#answer", "2031-03-05")
    put(page, r"'\0 only'")
    page.wait_for_selector("#hint", state="visible")


def test_half_a_character_is_read_as_a_question_mark(open_page):
    page = open_page(CLASSIFIER)
    put(page, r"'Deutsch\ud83d und Franz\udc00'")
    wait_for_text(page, "#note", "lone surrogate")
    (expected,) = predictor(CLASSIFIER).predict(["Deutsch? und Franz?"])
    best = labels_of(CLASSIFIER)[expected.argmax()]
    assert page.inner_text("#spoken") == f"{best}, {100 * expected.max():.1f} %"


def test_bytes_are_those_of_the_python_client(open_page):
    page = open_page(CLASSIFIER)
    texts = ["", "né", "日本", "🙂x", "a\0b", "\0", "e\u0301" * 9, "\r\n", "ﬁ"]
    script = """async ([text, size]) => {
      const { toBytes } = await import("/text_bytes.js");
      const { bytes, isTruncated } = toBytes(text, size);
      return [[...bytes], isTruncated];
    }"""
    for text in texts:
        for size in range(1, 9):
            expected, truncated = texts_to_bytes([text], size)
            found = page.evaluate(script, [text, size])
            assert found == [expected[0].tolist(), truncated[0]], (text, size)


def test_an_answer_of_bytes_that_are_no_text_is_shown(open_page):
    page = open_page(CLASSIFIER)
    script = """async (bytes) => {
      const { fromBytes } = await import("/text_bytes.js");
      return fromBytes(Uint8Array.from(bytes));
    }"""
    assert page.evaluate(script, [65, 255, 66, 0, 67]) == "A\ufffdB"


# Keyboard, screen reader, sizes.


def test_all_can_be_done_with_the_keyboard(open_page):
    page = open_page(CLASSIFIER)
    page.keyboard.type("Deutschland und Spanien")  # the field has the focus
    page.wait_for_selector("#bars li")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator("#bars li").count() == 54
    assert page.locator("#more").get_attribute("aria-expanded") == "true"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "file"


@pytest.mark.parametrize("run", [CLASSIFIER, TRANSLATOR, FORECASTER])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_and_every_field_has_a_name(open_page, run, scheme):
    size = {"width": 390, "height": 800}
    page = open_page(run, viewport=size, color_scheme=scheme)
    if run != FORECASTER:
        ask(page, "Vive la France et la Suisse")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    nameless = page.evaluate("""() =>
      [...document.querySelectorAll("textarea, select, input")]
        .filter((field) => !field.labels.length).map((field) => field.id)""")
    assert nameless == []
    assert page.locator("[aria-live], [role=status], [role=alert]").count() >= 3


def contrast(a, b):
    def luminance(color):
        share = np.array(color) / 255
        linear = np.where(
            share <= 0.03928, share / 12.92, ((share + 0.055) / 1.055) ** 2.4
        )
        return linear @ (0.2126, 0.7152, 0.0722)

    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_have_contrast(open_page, scheme):
    page = open_page(CLASSIFIER, color_scheme=scheme)
    script = """(name) => {
      document.body.style.color = `var(--${name})`;
      return getComputedStyle(document.body).color.match(/[0-9]+/g).map(Number);
    }"""
    pairs = {
        ("text", "ground"): 4.5,
        ("text", "card"): 4.5,
        ("muted", "ground"): 4.5,
        ("muted", "card"): 4.5,
        ("wrong", "wrong-ground"): 4.5,
        ("accent", "card"): 3,
        ("field", "card"): 3,
        ("against", "card"): 3,
    }
    for names, least in pairs.items():
        a, b = (page.evaluate(script, name) for name in names)
        assert contrast(a, b) >= least, names


# The file.


def test_size_and_time_are_shown_and_another_file_can_be_chosen(open_page):
    page = open_page(FORECASTER)
    page.wait_for_selector("#chart path.forecast", state="attached")
    assert page.inner_text("#size") == "220 kB"
    page.get_by_label("File", exact=True).select_option("model_float32.tflite")
    wait_for_text(page, "#size", "740 kB")
    page.wait_for_selector("#status", state="hidden")
    assert page.inner_text("#latency").endswith("s")
    wait_for_forecast(page, FORECASTER, "model_float32.tflite")


@pytest.mark.parametrize("content", [b"", b"hello", None])
def test_a_broken_file_is_said_so(open_page, tmp_path, content):
    run = shutil.copytree(DATES, tmp_path / "run")
    file = run / "export/model_int8.tflite"
    file.write_bytes(file.read_bytes()[:5000] if content is None else content)
    page = open_page(run)
    error = page.get_by_role("alert").inner_text()
    assert error.startswith("model_int8.tflite cannot be run here (")
    assert error.endswith("Export the run again.")


def test_a_file_that_is_gone_is_said_so(open_page, tmp_path):
    run = shutil.copytree(FORECASTER, tmp_path / "run")
    page = open_page(run)
    (run / "export/model_float16.tflite").unlink()
    page.get_by_label("File", exact=True).select_option("model_float16.tflite")
    wait_for_text(page, "#error", "model_float16.tflite cannot be run here")


# Forecasting.


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


def wait_for_forecast(page, run, name="model_int8.tflite"):
    """Until the table has what LiteRT says of the page's fields."""
    outputs = predictor(run, name)(**read_inputs(page))
    expected = np.concatenate(
        [outputs["forecast"][0], outputs["quantiles"][0, :, 0]], axis=1
    )
    for _ in range(100):
        _, values = read_table(page)
        if values and np.allclose(values, expected, rtol=1e-5):
            return expected
        page.wait_for_timeout(100)
    np.testing.assert_allclose(values, expected, rtol=1e-5)


@pytest.fixture
def forecast_page(open_page):
    pytest.importorskip("statsmodels")
    page = open_page(FORECASTER)
    wait_for_forecast(page, FORECASTER)
    return page


def test_the_example_is_forecast_with_its_times(forecast_page):
    stamps, values = read_table(forecast_page)
    assert (stamps[0], stamps[-1], len(stamps)) == ("2002-01-05", "2002-12-28", 52)
    assert all(low <= high for _, low, _, high in values)
    said = forecast_page.inner_text("#chart-text")
    assert said.startswith("co2: 52 steps from 2002-01-05 to 2002-12-28")
    chart = forecast_page.locator("#chart")
    assert chart.get_attribute("aria-labelledby") == "chart-text"
    assert chart.locator("polygon.fan").count() == 1


def test_pasted_numbers_and_another_time_are_forecast(forecast_page):
    values = [f"{300 + i % 7}" if i % 9 else "" for i in range(156)]
    forecast_page.fill("#history", "\n".join(values))
    forecast_page.fill("#start", "1999-06-26T00:00:00")
    wait_for_forecast(forecast_page, FORECASTER)
    assert read_table(forecast_page)[0][0] == "1999-06-26"
    forecast_page.get_by_role("button", name="Back to the example").click()
    forecast_page.wait_for_timeout(200)
    wait_for_forecast(forecast_page, FORECASTER)
    assert read_table(forecast_page)[0][0] == "2002-01-05"


@pytest.mark.parametrize(
    ("rows", "said"), [(20, "20 rows of 156"), (200, "the last 156")]
)
def test_too_few_and_too_many_rows_are_said(forecast_page, rows, said):
    numbers = "\n".join(str(350 + i / 10) for i in range(rows))
    forecast_page.fill("#history", numbers)
    wait_for_text(forecast_page, "#note", said)
    wait_for_forecast(forecast_page, FORECASTER)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("370\n371\nhello", 'Line 3: "hello" in column co2 is no number.'),
        ("370\n1e999", 'Line 2: "1e999" in column co2 is no number.'),
        ("370,5\n371,5", "Line 1 has 2 values, but there is 1 column (co2)."),
        ("Infinity", 'Line 1: "Infinity" in column co2 is no number.'),
        ("370\0", "is no number"),
        ("", "There is no number yet."),
        ("nan\n-\n\n", "There is no number yet."),
    ],
)
def test_what_is_no_number_is_said_and_what_was_shown_stays(forecast_page, text, said):
    before = read_table(forecast_page)
    script = "(text) => { const h = document.getElementById('history'); "
    script += "h.value = text; h.dispatchEvent(new Event('input')) }"
    forecast_page.evaluate(script, text)
    wait_for_text(forecast_page, "#wrong", said)
    assert read_table(forecast_page) == before
    forecast_page.get_by_role("button", name="Back to the example").click()
    forecast_page.wait_for_selector("#wrong", state="hidden")


def test_a_missing_time_is_said(forecast_page):
    forecast_page.fill("#start", "")
    wait_for_text(forecast_page, "#wrong", "Give the time of the first forecast step")


def test_drawing_changes_the_history_and_its_forecast(forecast_page):
    before = read_inputs(forecast_page)["history"][0, :, 0]
    box = forecast_page.locator("#chart").bounding_box()
    x, y = box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.2
    forecast_page.mouse.move(x, y)
    forecast_page.mouse.down()
    forecast_page.mouse.move(x + 80, y + 120, steps=4)
    forecast_page.mouse.up()
    forecast_page.wait_for_timeout(200)
    after = read_inputs(forecast_page)["history"][0, :, 0]
    changed = np.flatnonzero(before != after)
    assert 10 < len(changed) < 60
    assert (np.diff(changed) == 1).all()  # no step is jumped over
    assert (np.diff(after[changed]) <= 0).all()
    wait_for_forecast(forecast_page, FORECASTER)


def test_without_an_example_the_user_may_paste(open_page, tmp_path):
    run = shutil.copytree(FORECASTER, tmp_path / "run")
    config = json.loads((run / "config.json").read_text())
    config |= {"dataset": None, "train": "gone.csv"}
    (run / "config.json").write_text(json.dumps(config))
    page = open_page(run)
    wait_for_text(page, "#wrong", "There is no example: gone.csv: no such file")
    page.fill("#history", "\n".join(str(350 + i % 52) for i in range(156)))
    wait_for_forecast(page, FORECASTER)


@pytest.mark.parametrize(
    ("unit", "step", "start"),
    [
        ("second", 900, "2024-02-28T23:30:00"),
        ("business", 1, "2024-01-05T00:00:00"),
        ("month", 1, "2024-01-31T06:00:00"),
        ("month", 3, "2023-02-28T00:00:00"),
        ("month", 12, "1969-05-15T00:00:00"),
    ],
)
def test_times_of_steps_are_those_of_python(open_page, unit, step, start):
    from polyhead.apps.forecasting.frequency import Frequency

    frequency = Frequency(unit, step)
    first = np.datetime64(start, "s")
    expected = [str(stamp) for stamp in frequency.stamps(first, 30)]
    script = """async ([start, frequency]) => {
      const { fromField, stampAt, toField } = await import("/calendar.js");
      const at = (offset) => toField(stampAt(fromField(start), offset, frequency));
      const there = Array.from({ length: 30 }, (_, offset) => at(offset));
      const back = stampAt(fromField(there[29]), -29, frequency);
      return [there, toField(back)];
    }"""
    page = open_page(CLASSIFIER)
    there, back = page.evaluate(script, [start, {"unit": unit, "step": step}])
    assert there == expected
    assert back[:7] == start[:7]


def test_several_columns_are_read_with_names_and_gaps(open_page):
    page = open_page(CLASSIFIER)
    script = """async (text) => {
      const { formatRows, parseRows } = await import("/numbers.js");
      const columns = ["load", "sky"];
      const known = { sky: ["clear", "rain"] };
      const rows = parseRows(text, columns, known);
      return [rows.map((row) => row.map(String)), formatRows(rows, columns, known)];
    }"""
    text = "load, sky\n1.5,rain\n;clear\n\n-2e1\tfog\n"
    rows, back = page.evaluate(script, text)
    assert rows == [["1.5", "1"], ["NaN", "0"], ["NaN", "NaN"], ["-20", "NaN"]]
    assert back == "1.5, rain\n, clear\n, \n-20, "
