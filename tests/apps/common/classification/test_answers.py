"""Labels and probabilities as text, JSON or CSV."""

import json
from functools import partial

from polyhead.apps.cli.inputs import Inputs
from polyhead.apps.common.classification.answers import format_labels

INPUTS = Inputs(["one\nline", ""], {"id": [7, 8], "text": ["one\nline", ""]})
ANSWERS = [[("good", 0.75), ("bad", 0.25)], [("bad", 0.5), ("good", 0.5)]]


def test_a_line_an_input_whatever_the_text_holds():
    lines = format_labels(INPUTS, ANSWERS, "text").splitlines()
    assert lines[0] == "good\t0.7500\tbad\t0.2500\tone line"
    assert format_labels(INPUTS, [[], []], "text").splitlines()[1] == "-\t"


def test_an_object_an_input():
    cut = Inputs(INPUTS.texts, INPUTS.columns, [True, False])
    records = json.loads(format_labels(cut, ANSWERS, "json"))
    assert records[0] == {
        "text": "one\nline",
        "truncated": True,
        "predictions": [
            {"label": "good", "probability": 0.75},
            {"label": "bad", "probability": 0.25},
        ],
    }


def test_each_rank_has_columns_of_its_own_or_labels_share_a_field():
    lines = format_labels(INPUTS, ANSWERS, "csv").splitlines()
    assert lines[0] == (
        "id,text,predicted_label,probability,predicted_label_2,probability_2"
    )
    assert lines[-1] == "8,,bad,0.500000,good,0.500000"
    lines = format_labels(INPUTS, [ANSWERS[0], []], "csv", "|").splitlines()
    assert lines[0] == "id,text,predicted_label,probability"
    assert lines[-2:] == ['line",good|bad,0.750000|0.250000', "8,,,"]


def test_people_read_descriptions_and_programs_read_codes():
    inputs = Inputs(["Guten Tag"], {"text": ["Guten Tag"]})
    form = partial(format_labels, inputs, [[("de", 0.9)]])
    described = {"descriptions": {"de": "German"}}
    assert form("text", **described) == "de (German)\t0.9000\tGuten Tag\n"
    assert form("text") == "de\t0.9000\tGuten Tag\n"
    for style in ("json", "csv"):
        assert form(style, **described) == form(style)
