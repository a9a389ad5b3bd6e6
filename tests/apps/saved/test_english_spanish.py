"""The English-Spanish translator that we ship does what its card says."""

import pytest
import sacrebleu
from shipped_tools import SHIPPED, shipped_bytes

from polyhead.apps import load
from polyhead.apps.common.data.tables import read_table

FOLDER = SHIPPED / "english-spanish"
CARD = (FOLDER / "README.md").read_text(encoding="utf-8")
TOLERANCE = 0.3  # another processor rounds otherwise, and a word may change


@pytest.fixture(scope="module")
def run():
    return load(FOLDER)


@pytest.fixture(scope="module")
def sample():
    columns = read_table(FOLDER / "sample.tsv", ["en", "es"]).columns
    return columns["en"], columns["es"]


def bleu(answers, references):
    return sacrebleu.corpus_bleu([row[0][0] for row in answers], [references]).score


def test_sizes():
    assert shipped_bytes(FOLDER.name) <= 12_000_000
    assert (FOLDER / "export/model_int8.tflite").stat().st_size <= 3_500_000


def test_the_card_names_authors_and_licence():
    _, _, data = CARD.partition("\n## Data\n")
    assert "Tatoeba" in data and "CC BY 2.0 FR" in data


def test_the_cards_figures_are_those_of_the_run(run):
    stated = run.metrics["test"]
    assert f"{stated['bleu']:.2f}" in CARD and f"{stated['chrf']:.2f}" in CARD


def test_beam_search_on_the_sample(run, sample):
    sources, references = sample
    assert "BLEU 49.54" in CARD
    found = bleu(run.predict(sources), references)
    assert found == pytest.approx(49.54, abs=TOLERANCE)


def test_int8_file_on_the_sample(run, sample):
    sources, references = sample
    assert "BLEU 47.95" in CARD
    found = bleu(run.predict(sources, engine="tflite"), references)
    assert found == pytest.approx(47.95, abs=TOLERANCE)


ASKED = {
    "Hello": "Hola.",
    "Yes.": "Sí.",
    "Good morning!": "¡Buenos días!",
    "I don't know.": "No lo sé.",
    "where is the station": "¿Dónde está la estación?",
    "WHERE IS THE STATION?": "¿DÓNDE ESTÁ LA ESTACIÓN?",
    "I DON'T KNOW WHAT YOU WANT.": "NO SÉ LO QUE QUIERES.",
}


def test_plain_sentences(run):
    answers = run.predict(list(ASKED), engine="tflite")
    assert [row[0][0] for row in answers] == list(ASKED.values())


def test_numbers_to_a_hundred(run):
    digits = [str(number) for number in range(101)]
    words = ["zero", "seven", "thirteen", "twenty-one", "forty-two", "ninety-nine"]
    wanted = [
        "cero",
        "siete",
        "trece",
        "veintiuno",
        "cuarenta y dos",
        "noventa y nueve",
    ]
    answers = [row[0][0] for row in run.predict(digits + words, engine="tflite")]
    assert answers == digits + wanted


def test_the_card_shows_forty_sentences_with_their_scores():
    rows = [line for line in CARD.splitlines() if line.startswith("| ")]
    examples = rows[rows.index("| source | answer | score |") + 1 :]
    assert len([row for row in examples if row.split(" | ")[2].startswith("-0.")]) >= 38
