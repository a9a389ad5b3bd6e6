"""What `predict` takes, refuses and prints where texts are the answers."""

import csv
import io
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from polyhead.apps.cli.inputs import Inputs
from polyhead.apps.common.errors import PolyheadError, UsageError
from polyhead.apps.common.generation.answers import (
    find_best,
    format_texts,
    predict_texts,
)
from polyhead.apps.common.generation.serving.hypotheses import Hypothesis
from polyhead.runtime.translator import Translation

ANSWERS = [
    [("short", -0.25), ("brief\nand so", -0.5000001)],
    [("", 0.0)],
    [("ok", float("nan"))],
]
INPUTS = Inputs(["a b", "", "c"], {"text": ["a b", "", "c"], "summary": [1, 2, 3]})


def form(style, answers=ANSWERS, inputs=INPUTS, cuts=()):
    run = SimpleNamespace(cut_answers=cuts)
    return format_texts(run, inputs, answers, style, "summary", "summaries")


def test_as_text_each_input_has_as_many_lines():
    assert form("text") == "short\nbrief and so\n\n\nok\n\n"
    assert form("text", [[("one", 0.0)]], Inputs(["a"], {})) == "one\n"
    assert form("text", [], Inputs([], {})) == ""


def test_as_json_scores_are_told_where_there_are_some():
    records = json.loads(form("json"))
    assert records[0] == {
        "text": "a b",
        "summaries": [
            {"text": "short", "score": -0.25, "truncated": False},
            {"text": "brief\nand so", "score": -0.5, "truncated": False},
        ],
    }
    assert records[2]["summaries"] == [{"text": "ok", "truncated": False}]
    cut = json.loads(form("json", cuts=[[False, True], [False], [None]]))
    found = [[each.get("truncated") for each in row["summaries"]] for row in cut]
    assert found == [[False, True], [False], [None]]
    assert form("json", [], Inputs([], {})) == "[]\n"


def test_as_csv_the_inputs_columns_keep_their_names():
    rows = list(csv.reader(io.StringIO(form("csv"))))
    assert rows[0] == ["text", "summary", "summary_", "summary_2"]
    assert rows[1] == ["a b", "1", "short", "brief\nand so"]
    assert rows[2] == ["", "2", "", ""]


class Search:
    """Stands for a `Serving`: of `width` hypotheses every third text is new."""

    max_tokens = max_output_tokens = 5

    def __init__(self):
        self.asked = []

    def method(self, beam_size, n_best=1):
        return {"beam_size": beam_size, "n_best": n_best}

    def sampling(self, **settings):
        return settings

    def generate(self, texts, method, draws=None):
        self.asked.append((list(texts), method, draws))
        count = method.get("n_best", 1)
        return [
            [
                Hypothesis(f"{text}{rank // 3}".encode(), -float(rank), text == "b")
                for rank in range(count)
            ]
            if text.strip()
            else [Hypothesis(b"", 0.0, False)]
            for text in texts
        ]


def make_run():
    run = SimpleNamespace(serving=Search(), config=SimpleNamespace(beam_size=5))
    run.noted, run.notes, run.path = [], [], Path("run")
    run.note_cuts = run.noted.append
    return run


def predict(
    run, texts=("a", " ", "b"), engine="keras", beam_size=None, n_best=1, **more
):
    seed, least = more.pop("seed", None), more.pop("min_score", None)
    return predict_texts(
        *(run, texts, engine, beam_size, n_best, more, seed, least), "summaries"
    )


def test_one_answer_is_searched_with_the_runs_own_beam():
    run = make_run()
    assert predict(run) == [[("a0", 0.0)], [("", 0.0)], [("b0", 0.0)]]
    assert run.serving.asked[0][1] == {"beam_size": 5, "n_best": 1}
    assert run.noted == [["a", " ", "b"]]
    predict(run, beam_size=2)
    assert run.serving.asked[1][1]["beam_size"] == 2


def test_no_two_of_the_best_are_alike():
    run = make_run()
    answers = predict(run, n_best=4)
    assert [text for text, _ in answers[0]] == ["a0", "a1", "a2", "a3"]
    assert answers[1] == [("", 0.0)]
    # Eight hypotheses hold three texts, sixteen enough; what is empty is left alone.
    widths = [method["n_best"] for _, method, _ in run.serving.asked]
    assert widths == [8, 16, 32]
    assert [texts for texts, _, _ in run.serving.asked[1:]] == [["a", "b"], []]
    # With a beam size the user has decided on the width.
    answers = predict(run, n_best=4, beam_size=6)
    assert [text for text, _ in answers[0]] == ["a0", "a1"]


def test_the_search_is_no_wider_than_allowed():
    search = Search()
    answers = find_best(search, ["a"], 9, width=3, widest=12)
    assert [method["n_best"] for _, method, _ in search.asked] == [3, 6, 12]
    assert len(answers[0]) == 4


def test_draws_are_of_the_seed():
    run = make_run()
    for seed in (None, 0, 1):
        predict(run, temperature=0.7, top_k=None, seed=seed)
    first, same, other = (draws for _, _, draws in run.serving.asked)
    assert first.shape == (3, 5) and first.dtype == np.float32
    np.testing.assert_array_equal(first, same)
    assert (first != other).any()
    assert run.serving.asked[0][1] == {"temperature": 0.7}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seed": 3}, "a seed is for draws: give temperature, top-k or top-p"),
        ({"engine": "onnx"}, "engine 'onnx': choose from keras, savedmodel, tflite"),
        ({"engine": "tflite", "n_best": 2}, "'tflite' decodes as it was exported"),
        ({"engine": "savedmodel", "top_p": 0.5}, "decodes as it was exported"),
        ({"temperature": 1.0, "n_best": 2}, "sampling takes no beam size and no"),
        ({"beam_size": 2, "n_best": 3}, "beam size 2 cannot give 3 summaries: rai"),
    ],
)
def test_what_does_not_go_together_is_refused(arguments, message):
    with pytest.raises(UsageError, match=message):
        predict(make_run(), **arguments)


def test_a_tflite_file_answers_without_a_model():
    run = make_run()
    answers = [Translation("x", False), Translation("y", False, -0.7, True)]
    run.open_tflite = lambda texts: SimpleNamespace(predict=lambda texts: answers)
    (first,), (second,) = predict(run, ["a", "b"], engine="tflite")
    assert first[0] == "x" and np.isnan(first[1]) and second == ("y", -0.7)
    assert not run.serving.asked
    assert run.cut_answers == [[None], [True]]  # the first file does not say it
    assert run.notes == [
        "answers that were cut at their limit: text 2 (export with more "
        "--max-output-bytes)"
    ]
    # A file of version 0.2 gives no score to compare with.
    with pytest.raises(PolyheadError, match="gives no scores .*: polyhead export run"):
        predict(run, ["a", "b"], engine="tflite", min_score=-1.0)


def test_an_answer_with_a_low_score_is_unsure():
    answers = predict(make_run(), n_best=2, min_score=-2.0)
    assert answers[0] == [("a0", 0.0), ("unsure", -3.0)]
    assert answers[1] == [("", 0.0)]
    assert predict(make_run(), n_best=2, min_score=-3.0)[0][1] == ("a1", -3.0)


def test_answers_at_their_limit_are_noted():
    run = make_run()
    predict(run)
    assert run.cut_answers == [[False], [False], [True]]
    assert run.notes == ["answers that were cut at their limit: text 3"]
