"""What is handed over to be exported, and what makes an exported answer right."""

from dataclasses import replace

import numpy as np
import pytest
from pair_tools import score

from polyhead.apps.common.data.pairs import choose
from polyhead.apps.common.generation.exporting import (
    best,
    make_metric,
    make_text_exportable,
    margin,
    outputs,
    to_bytes,
)
from polyhead.apps.common.generation.scores import Scorer

TEXTS = ["the cat sat on the mat", "two dogs run", "é"]


def rows_of(texts, width=40):
    rows = np.zeros((len(texts), width), np.uint8)
    for row, text in zip(rows, texts, strict=True):
        data = text.encode()
        row[: len(data)] = np.frombuffer(data, np.uint8)
    return rows


def test_any_other_byte_is_another_answer():
    metric = make_metric(TEXTS, Scorer())
    strings = np.array([text.encode() for text in TEXTS], object)
    changed = np.array([b"the cat sat on the mat", b"two dogs ran", b"e"], object)
    for form in (strings, rows_of(TEXTS)):
        assert metric.score({"text": form}) == pytest.approx(100)
        differs = metric.differs({"text": form}, {"text": strings})
        assert differs.tolist() == [False] * 3
    differs = metric.differs({"text": changed}, {"text": rows_of(TEXTS)})
    assert differs.tolist() == [False, True, True]
    texts = [text.decode() for text in changed]
    expected = score(texts, TEXTS, bootstrap=0)["bleu"]
    assert metric.score({"text": changed}) == expected < 100
    assert metric.name == "bleu" and metric.points == 1.0


def test_a_signature_may_have_fewer_rows_than_there_are_targets():
    metric = make_metric(TEXTS, Scorer())
    strings = np.array([b"the cat sat on the mat"], object)
    assert metric.score({"text": strings}) == pytest.approx(100)


def test_where_nothing_was_found_the_answer_is_empty():
    assert best([]) == (b"", 0.0)
    answers = outputs([[(b"a", -1.0), (b"b", -2.0)], []])
    assert answers["text"].tolist() == [b"a", b""]
    assert answers["score"].tolist() == [-1.0, 0.0]
    assert to_bytes(np.array([97, 98, 0, 0])) == b"ab" == to_bytes(b"ab")


@pytest.mark.tensorflow
def test_the_exportable_says_what_it_is(serving, pairs):
    pairs = choose(pairs, np.arange(5))
    facts = {"language": "en"}
    exportable = make_text_exportable(
        *(serving, pairs, "test", Scorer(), "Echo: text to text", facts),
        max_input_bytes=16,
        max_output_bytes=20,
        beam_size=2,
    )
    assert exportable.metadata.facts == {"answers": "text", "language": "en"}
    assert "Echo: text to text, by beam search of 2." in str(exportable.metadata)
    assert exportable.examples == {"split": "test", "rows": 5, "of": 5, "seed": 0}
    assert exportable.tflite.inputs["text"].shape == (5, 16)
    assert exportable.tflite.expected["text"].shape == (5, 20)
    lengths = [len(source) for source in pairs.sources]
    stated = exportable.tflite.facts
    assert stated["truncated"] == sum(length > 16 for length in lengths) > 0
    assert (stated["max_output_bytes"], stated["beam_size"]) == (20, 2)
    assert set(exportable.signatures) == {"greedy", "beam", "sample"}
    assert exportable.signatures["sample"].max_ties == 1
    assert not exportable.per_channel
    greedy = make_text_exportable(serving, pairs, "test", Scorer(), "Echo", facts)
    assert "Echo, by greedy search." in str(greedy.metadata)


def test_a_margin_is_zero_where_all_pieces_are_alike(serving):
    assert margin(serving, "one two") > 0
    hypotheses = serving.generate(["one two"], serving.method(3, 2))[0]
    gap = hypotheses[0][1] - hypotheses[1][1]
    assert margin(serving, "one two", beam_size=3) == pytest.approx(gap, abs=1e-5)
    assert margin(serving, "", beam_size=3) == float("inf")
    serving.set_weights([np.zeros_like(weight) for weight in serving.weights])
    assert margin(serving, "one two") == 0


@pytest.mark.tensorflow
def test_ties_are_asked_of_the_method_that_decides(serving, pairs, config):
    serving.config = replace(config, beam_size=4)
    pairs = choose(pairs, np.arange(2))
    exportable = make_text_exportable(serving, pairs, "test", Scorer(), "Echo", {})
    forms = [exportable.tflite, exportable.savedmodel, exportable.signatures["beam"]]
    assert not any(form.is_tie(0) for form in forms)
    serving.set_weights([np.zeros_like(weight) for weight in serving.weights])
    assert all(form.is_tie(0) for form in forms[:2])
