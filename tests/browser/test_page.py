"""The page of `polyhead demo`: keyboard, sizes, colours, and the file that it runs."""

import shutil

import numpy as np
import pytest
from page_tools import (
    CLASSIFIER,
    DATES,
    FORECASTER,
    TRANSLATOR,
    ask,
    labels_of,
    wait_for_forecast,
    wait_for_text,
)

# Keyboard, screen reader, sizes.


def test_all_can_be_done_with_the_keyboard(open_page):
    page = open_page(CLASSIFIER)
    page.keyboard.type("Deutschland und Spanien")  # the field has the focus
    page.wait_for_selector("#bars li")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator("#bars li").count() == len(labels_of(CLASSIFIER))
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


def size_of(name):
    return f"{(FORECASTER / 'export' / name).stat().st_size / 1000:.0f} kB"


def test_size_and_time_are_shown_and_another_file_can_be_chosen(open_page):
    page = open_page(FORECASTER)
    page.wait_for_selector("#chart path.forecast", state="attached")
    assert page.inner_text("#size") == size_of("model_int8.tflite")
    page.get_by_label("File", exact=True).select_option("model_float32.tflite")
    wait_for_text(page, "#size", size_of("model_float32.tflite"))
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


def test_an_altered_file_is_not_run(open_page, tmp_path):
    run = shutil.copytree(DATES, tmp_path / "run")
    file = run / "export/model_int8.tflite"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0x41  # a weight
    file.write_bytes(content)
    error = open_page(run).get_by_role("alert").inner_text()
    assert "altered after it was written" in error and "export the run again" in error


def test_after_a_broken_file_another_can_be_chosen(open_page, tmp_path):
    run = shutil.copytree(FORECASTER, tmp_path / "run")
    (run / "export/model_int8.tflite").write_bytes(b"hello")
    page = open_page(run)
    assert page.get_by_role("alert").first.is_visible()
    page.get_by_label("File", exact=True).select_option("model_float32.tflite")
    page.wait_for_selector("#history")
    assert not page.locator("#error").is_visible()


def test_a_file_that_is_gone_is_said_so(open_page, tmp_path):
    run = shutil.copytree(FORECASTER, tmp_path / "run")
    page = open_page(run)
    (run / "export/model_float16.tflite").unlink()
    page.get_by_label("File", exact=True).select_option("model_float16.tflite")
    wait_for_text(page, "#error", "model_float16.tflite cannot be run here")
    assert page.input_value("#file") == "model_int8.tflite"  # which still runs
