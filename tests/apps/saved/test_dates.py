"""The translator of dates that we ship does what its card says."""

import json
import unicodedata

import numpy as np
import pytest
from shipped_tools import SHIPPED, shipped_bytes

from polyhead.apps import load
from polyhead.apps.translation.data import load_data

FOLDER = SHIPPED / "dates"
TOLERANCE = 0.01  # another version of Babel writes a few dates otherwise


@pytest.fixture(scope="module")
def run():
    return load(FOLDER)


@pytest.fixture(scope="module")
def test_pairs(run):
    pytest.importorskip("babel")
    return load_data(run.config).test


def share_right(answers, pairs):
    found = [row[0][0] for row in answers]
    return np.mean([a == b for a, b in zip(found, pairs.targets, strict=True)])


def test_folder_is_small():
    assert shipped_bytes(FOLDER.name) <= 4_000_000


def test_figures_are_the_cards(run, test_pairs):
    stated = run.metrics["test"]
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert f"{stated['bleu']:.2f}" in card and f"{stated['exact']:.4f}" in card
    answers = run.predict(test_pairs.sources)
    assert abs(share_right(answers, test_pairs) - stated["exact"]) <= TOLERANCE


def test_what_the_card_says_of_the_file():
    name = "model_int8.tflite"
    report = json.loads((FOLDER / "export/export_report.json").read_text())
    facts = report["files"][name]
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert facts["bytes"] == (FOLDER / "export" / name).stat().st_size
    assert f"`export/{name}` ({facts['bytes'] / 1e6:.2f} MB, greedy)" in card
    assert f"{facts['disagreements']} of the {facts['rows']:,} test dates" in card
    assert f"exact match {facts['exact']:.4f}" in card


def test_int8_file_is_as_good(run, test_pairs):
    answers = run.predict(test_pairs.sources, engine="tflite")
    stated = run.metrics["test"]["exact"]
    assert abs(share_right(answers, test_pairs) - stated) <= TOLERANCE


def test_dates_in_several_languages(run):
    dates = {
        "jeudi 5 mars 1998": "1998-03-05",
        "5 March 2031": "2031-03-05",
        "2024年7月14日日曜日": "2024-07-14",
        "donderdag 1 januari 1970": "1970-01-01",
    }
    answers = run.predict(list(dates), engine="tflite")
    assert [row[0][0] for row in answers] == list(dates.values())


FORMS = {
    "capitals": str.upper,
    "lower case": str.lower,
    "title case": str.title,
    "tabs": lambda text: text.replace(" ", "\t\t"),
    "no-break spaces": lambda text: f"\ufeff{text} ".replace(" ", "\u00a0"),
    "letters and marks apart": lambda text: unicodedata.normalize("NFD", text),
}


@pytest.mark.parametrize("form", FORMS)
def test_dates_as_people_type_them(run, test_pairs, form):
    sources = [FORMS[form](text) for text in test_pairs.sources]
    assert share_right(run.predict(sources, engine="tflite"), test_pairs) >= 0.98


def test_a_month_in_capitals(run):
    texts = ["MARCH 3, 2025", "3\u00a0February\u00a02025"]
    answers = [row[0][0] for row in run.predict(texts)]
    assert answers == ["2025-03-03", "2025-02-03"]


def test_no_two_of_the_best_are_alike(run):
    # The likeliest eight hypotheses are spellings of one date.
    (best,) = run.predict(["5 March 2031"], n_best=3)
    texts = [text for text, _ in best]
    assert texts[0] == "2031-03-05" and len(set(texts)) == 3


@pytest.mark.parametrize("engine", ["keras", "tflite"])
def test_white_space_has_no_translation(run, engine):
    assert [row[0][0] for row in run.predict(["   ", "\t", ""], engine=engine)] == [
        ""
    ] * 3
