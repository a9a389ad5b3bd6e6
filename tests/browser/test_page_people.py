"""The page in other people's hands: errors, phones, examples, right-to-left texts."""

import pytest
from page_tools import (
    CLASSIFIER,
    DATES,
    FORECASTER,
    PATIENCE,
    TRANSLATOR,
    ask,
    assert_no_forecast,
    read_inputs,
    read_table,
    wait_for_forecast,
    wait_for_text,
)

# A runtime that fails when it is told to.
FAILING = """import * as real from "./real.js";
export const { loadLiteRt, Tensor } = real;
export async function loadAndCompile(content, options) {
  const compiled = await real.loadAndCompile(content, options);
  const run = compiled.run.bind(compiled);
  compiled.run = async (tensors) => {
    if (globalThis.fails) throw new Error("memory is full");
    return run(tensors);
  };
  return compiled;
}"""


@pytest.fixture
def failing_page(browser, serve):
    pages = []

    def open_page(run):
        page = browser.new_page()
        pages.append(page)
        page.set_default_timeout(PATIENCE)
        core = page.request.get(f"{serve(run)}litert/core.js").body()
        kind = {"content_type": "text/javascript"}
        page.route("**/litert/core.js", lambda r: r.fulfill(body=FAILING, **kind))
        page.route("**/litert/real.js", lambda r: r.fulfill(body=core, **kind))
        page.goto(serve(run))
        page.wait_for_selector("#status[hidden]", state="attached")
        return page

    yield open_page
    for page in pages:
        page.close()


def fail(page, fails):
    page.evaluate(f"globalThis.fails = {str(fails).lower()}")


@pytest.mark.parametrize("run", [CLASSIFIER, DATES])
def test_an_error_stands_beside_no_answer_to_a_text(failing_page, run):
    page = failing_page(run)
    answer = "#bars" if run == CLASSIFIER else "#answer"
    ask(page, "5 March 2031")
    assert page.inner_text(answer)
    fail(page, True)
    page.fill("#text", "jeudi 5 mars 1998")
    wait_for_text(page, "#error", "memory is full")
    assert page.inner_text(answer) == page.inner_text("#note") == ""
    assert page.inner_text("#latency") == "-"
    for name in ("#words-section", "#answer-note"):
        assert not page.locator(name).is_visible()
    fail(page, False)
    page.fill("#text", "5 March 2031")
    page.wait_for_selector("#error", state="hidden")
    assert page.inner_text(answer)


def test_an_error_of_the_words_takes_the_labels_too(failing_page):
    page = failing_page(CLASSIFIER)
    ask(page, "Deutschland und Spanien")
    fail(page, True)  # while each word is left out
    wait_for_text(page, "#error", "memory is full")
    assert page.locator("#bars li").count() == 0


def test_an_error_stands_beside_no_forecast(failing_page):
    page = failing_page(FORECASTER)
    wait_for_forecast(page, FORECASTER)
    fail(page, True)
    page.fill("#history", "\n".join("3" * 156))
    wait_for_text(page, "#error", "memory is full")
    assert_no_forecast(page)
    fail(page, False)
    page.get_by_role("button", name="Back to the example").click()
    wait_for_forecast(page, FORECASTER)
    assert page.locator("#error").is_hidden()


def test_a_file_that_does_not_load_leaves_no_answer(browser, serve):
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(serve(FORECASTER))
    page.wait_for_selector("#status[hidden]", state="attached")
    wait_for_forecast(page, FORECASTER)
    page.route("**/models/*float16*", lambda route: route.abort())
    page.get_by_label("File", exact=True).select_option("model_float16.tflite")
    wait_for_text(page, "#error", "If polyhead demo has ended, start it again.")
    wait_for_text(page, "#error", "model_int8.tflite still runs")
    assert_no_forecast(page)
    page.get_by_label("File", exact=True).select_option("model_float32.tflite")
    wait_for_forecast(page, FORECASTER, "model_float32.tflite")
    assert page.locator("#error").is_hidden()
    page.close()


# Examples.


@pytest.mark.parametrize("run", [CLASSIFIER, TRANSLATOR, DATES])
def test_texts_of_the_run_can_be_chosen(open_page, run):
    page = open_page(run)
    page.wait_for_selector("#examples-field", state="visible")
    names = page.locator("#examples option").all_inner_texts()
    assert names[0] == "choose one" and 5 <= len(names) <= 9
    page.get_by_label("Examples").select_option(index=2)
    page.wait_for_selector("#hint", state="hidden")
    assert page.input_value("#text")[:40] == names[2][:40]
    page.fill("#text", "something else")
    assert page.input_value("#examples") == ""


def test_histories_of_the_run_can_be_chosen(open_page):
    page = open_page(FORECASTER)
    wait_for_forecast(page, FORECASTER)
    names = page.locator("#examples option").all_inner_texts()
    assert len(names) >= 4 and "2002-01-05" in names[1]
    page.get_by_label("Examples").select_option(index=2)
    start = names[2][-10:]
    wait_for_text(page, "#chart-text", f"52 steps from {start}")
    wait_for_forecast(page, FORECASTER)
    assert read_table(page)[0][0] == start


# Directions.


@pytest.mark.parametrize("text", ["מה שלומך היום", "كيف حالك اليوم"])
def test_texts_from_right_to_left_stand_so(open_page, text):
    page = open_page(CLASSIFIER)
    ask(page, text)
    page.wait_for_selector("#words-section", state="visible")
    direction = "(name) => getComputedStyle(document.querySelector(name)).direction"
    for name in ("#text", "#words"):
        assert page.evaluate(direction, name) == "rtl", name
    script = """async (text) => {
      const { isolate } = await import("/page_tools.js");
      return isolate(text);
    }"""
    assert page.evaluate(script, text) == f"\u2068{text}\u2069"
    assert page.evaluate(script, "co2") == "co2"
    ask(page, "How are you today")
    assert page.evaluate(direction, "#text") == "ltr"
    page = open_page(TRANSLATOR)
    assert page.locator("#answer").get_attribute("dir") == "auto"
    page.evaluate(
        "(text) => { document.getElementById('answer').textContent = text }", text
    )
    assert page.evaluate(direction, "#answer") == "rtl"


# Phones.


@pytest.mark.parametrize("width", [320, 390])
@pytest.mark.parametrize("run", [CLASSIFIER, TRANSLATOR, FORECASTER])
def test_nothing_is_wider_than_a_phone(open_page, run, width):
    page = open_page(run, viewport={"width": width, "height": 700})
    if run == FORECASTER:
        long = "a_column_with_a_name_that_is_longer_than_a_phone_is_wide"
        weeks = "\n".join(
            f"{2000 + i // 50}-01-{1 + i % 50 // 2:02},3" for i in range(9)
        )
        text = f"ds,{long}\n{weeks}"
        file = {"name": f"{long}.csv", "mimeType": "text/csv", "buffer": text.encode()}
        page.set_input_files("#own", file)
        wait_for_text(page, "#wrong", long)
        page.get_by_role("button", name="Back to the example").click()
        wait_for_forecast(page, FORECASTER)
        page.locator("summary").click()
        box = page.locator(".scroll")
        sizes = box.evaluate("(box) => [box.scrollWidth, box.clientWidth]")
        assert sizes[0] > sizes[1] > 0  # the table scrolls in its box
    else:
        ask(page, "Donaudampfschifffahrtsgesellschaftskapitänsmütze" * 3 + " und mehr")
        if run == CLASSIFIER:
            page.wait_for_selector("#words-section", state="visible")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def swipe(page, x, y, dy):
    session = page.context.new_cdp_session(page)

    def touch(kind, points):
        given = {"type": kind, "touchPoints": points}
        session.send("Input.dispatchTouchEvent", given)
        page.wait_for_timeout(30)

    touch("touchStart", [{"x": x, "y": y}])
    for step in range(1, 9):
        touch("touchMove", [{"x": x + 2 * step, "y": y + dy * step / 8}])
    touch("touchEnd", [])
    page.wait_for_timeout(400)


def test_a_finger_scrolls_the_page_and_draws_on_the_line(browser, serve):
    size = {"width": 390, "height": 500}
    context = browser.new_context(viewport=size, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(serve(FORECASTER))
    page.wait_for_selector("#status[hidden]", state="attached")
    wait_for_forecast(page, FORECASTER)
    before = page.input_value("#history")
    chart = page.locator("#chart").bounding_box()
    swipe(page, chart["x"] + 100, chart["y"] + 8, -150)
    assert page.evaluate("scrollY") > 50
    assert page.input_value("#history") == before
    page.wait_for_timeout(1000)  # it runs on for a while
    page.evaluate("scrollTo(0, 0)")
    place = """() => {
      const path = document.querySelector("#chart path.history");
      const point = path.getPointAtLength(path.getTotalLength() / 2);
      const box = document.getElementById("chart").getBoundingClientRect();
      return [box.x + point.x, box.y + point.y];
    }"""
    x, y = page.evaluate(place)
    swipe(page, x, y, -60)
    assert page.evaluate("scrollY") == 0
    assert page.input_value("#history") != before
    assert read_inputs(page)["history"].max() > 372
    context.close()
