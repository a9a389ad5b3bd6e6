"""Texts in the page: labels, translations, and text that is not plain."""

import json
import shutil

import numpy as np
import pytest
from page_tools import (
    CLASSIFIER,
    DATES,
    TRANSLATOR,
    ask,
    labels_of,
    names_of,
    predictor,
    put,
    wait_for_text,
)

from polyhead.runtime.text_bytes import cut_text, texts_to_bytes

SENTENCES = [
    "Alemania, España e Italia son países de Europa",
    "Königreich der Niederlande",
    "スペイン語とフランス語",
    "Великобритания и Германия",
]


# Classification.


def probabilities_of(run, texts):
    return predictor(run).predict_texts(texts)["probabilities"]


@pytest.mark.parametrize("text", SENTENCES)
def test_labels_are_those_of_litert(open_page, text):
    page = open_page(CLASSIFIER)
    ask(page, text)
    (expected,) = probabilities_of(CLASSIFIER, [text])
    labels = names_of(CLASSIFIER)
    page.get_by_role("button", name=f"Show all {len(labels)} labels").click()
    rows = page.locator("#bars li")
    shown = {
        rows.nth(i).locator(".label").inner_text(): float(
            rows.nth(i).locator(".share").inner_text().removesuffix(" %")
        )
        for i in range(rows.count())
    }
    assert list(shown.values()) == sorted(shown.values(), reverse=True)
    for label, probability in zip(labels, expected, strict=True):
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
    whole, *without = probabilities_of(CLASSIFIER, [text, *less])
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
    (expected,) = probabilities_of(run, SENTENCES[:1])
    order = np.argsort(-expected)
    limit = float(expected[order[1]])  # two labels reach it
    thresholds = dict.fromkeys(labels_of(run), limit * 0.999)
    (run / "thresholds.json").write_text(json.dumps(thresholds))
    page = open_page(run)
    ask(page, SENTENCES[0])
    names = [names_of(run)[place] for place in order[:2]]
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
    file = predictor(run)
    inputs, _ = texts_to_bytes([text], file.max_input_bytes)
    expected = file(text=inputs)["text"][0].tobytes().rstrip(b"\0")
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
    (expected,) = probabilities_of(CLASSIFIER, [data])
    best = names_of(CLASSIFIER)[expected.argmax()]
    assert page.inner_text("#spoken") == f"{best}, {100 * expected.max():.1f} %"


@pytest.mark.parametrize("run", [CLASSIFIER, TRANSLATOR])
def test_a_text_of_too_many_pieces_is_said_to_be_cut(open_page, run):
    """Within the bytes that the file reads: only the file knows."""
    page = open_page(run)
    text = "ꙮ" * 80  # 240 bytes, each a piece
    ask(page, text)
    wait_for_text(page, "#note", "Truncated: the text has more pieces than")
    ask(page, "I am hungry.")
    page.wait_for_function("document.querySelector('#note').textContent === ''")


def test_a_translation_has_its_score(open_page):
    page = open_page(TRANSLATOR)
    text = "I am hungry."
    ask(page, text)
    inputs, _ = texts_to_bytes([text], 256)
    score = predictor(TRANSLATOR)(text=inputs)["score"][0]
    wait_for_text(page, "#answer-note", f"Score {score:.2f}: ")
    assert "cut" not in page.inner_text("#answer-note")


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
    (expected,) = probabilities_of(CLASSIFIER, ["Deutsch? und Franz?"])
    best = names_of(CLASSIFIER)[expected.argmax()]
    assert page.inner_text("#spoken") == f"{best}, {100 * expected.max():.1f} %"


def test_bytes_are_those_of_the_python_client(open_page):
    page = open_page(CLASSIFIER)
    texts = ["", "né", "日本", "🙂x", "a\0b", "\0", "e\u0301" * 9, "\r\n", "ﬁ"]
    script = """async ([text, size]) => {
      const { toBytes } = await import("/text_bytes.js");
      const { bytes, isLong } = toBytes(text, size);
      return [[...bytes], isLong];
    }"""
    for text in texts:
        for size in range(1, 9):
            expected, _ = texts_to_bytes([text], size)
            # Of a zero character the page says more than that something is cut.
            _, is_long = cut_text(text.split("\0")[0], size)
            found = page.evaluate(script, [text, size])
            assert found == [expected[0].tolist(), is_long], (text, size)


def test_an_answer_of_bytes_that_are_no_text_is_shown(open_page):
    page = open_page(CLASSIFIER)
    script = """async (bytes) => {
      const { fromBytes } = await import("/text_bytes.js");
      return fromBytes(Uint8Array.from(bytes));
    }"""
    assert page.evaluate(script, [65, 255, 66, 0, 67]) == "A\ufffdB"


def test_an_answer_that_reaches_the_end_may_be_cut(open_page):
    page = open_page(CLASSIFIER)
    script = """async (bytes) => {
      const { isFull } = await import("/text_bytes.js");
      return isFull(Uint8Array.from(bytes));
    }"""
    for text in ("a" * 8, "a" * 7 + "é", "aa" + "日本", "aaaaa🙂"):
        answer, _ = texts_to_bytes([text], 8)
        assert page.evaluate(script, answer[0].tolist()), text
    assert not page.evaluate(script, [97] * 4 + [0] * 4)
