"""What is handed over to be exported, and what makes an exported answer right."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from pair_tools import score

from polyhead.apps.common.data.pairs import choose, keep_pairs
from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.export.verification import Form, compare
from polyhead.apps.common.generation.exporting import (
    best,
    expected_of,
    make_metric,
    make_text_exportable,
    margin,
    to_bytes,
)
from polyhead.apps.common.generation.scores import Scorer
from polyhead.apps.common.generation.serving.hypotheses import Hypothesis

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


def compare_texts(given, wanted, references=None, max_loss=0.3, exact=False):
    """A file that gives the texts `given` where Keras gives `wanted`."""
    metric = make_metric(references or wanted, Scorer())
    form = Form(None, {}, {"text": strings_of(wanted)})
    given = {"text": strings_of(given)}
    return compare("model_int8.tflite", given, form, metric, exact, max_loss)


def strings_of(texts):
    return np.array([text.encode() for text in texts], object)


def test_wrong_answers_are_refused_whatever_the_metric_says():
    """BLEU of one word is 0 for right and for wrong answers."""
    words = "abcd efgh ijkl mnop qrst uvwx yzab cdef ghij klmn".split()
    wrong = [word[::-1].swapcase() for word in words]
    with pytest.raises(PolyheadError, match="exact 0.0000 where Keras has 1.0000: 100"):
        compare_texts(wrong, words)
    # No reference is met: the answers themselves are compared.
    with pytest.raises(PolyheadError, match="chrf_to_keras .* 90.0 needed on 10 exam"):
        compare_texts(wrong, words, references=["1 2 3"] * 10)
    assert compare_texts(wrong, words, max_loss=100)["chrf_to_keras"] < 5
    facts = compare_texts([*words[:8], *wrong[:2]], words)  # two may always differ
    assert facts["disagreements"] == 2 and facts["keras_exact"] == 1
    facts = compare_texts(words, words, references=["1 2 3"] * 10)
    assert facts["chrf_to_keras"] == 100 and facts["bleu"] == facts["keras"] == 0
    assert compare_texts([""] * 10, [""] * 10, words)["chrf_to_keras"] == 100


def test_fewer_exact_matches_are_refused():
    """Long answers with one wrong letter keep their BLEU and chrF."""
    texts = [
        f"sentence number {n} is as long as the others of this test" for n in range(99)
    ]
    wrong = [text.replace("sentence", "sentense") for text in texts]
    with pytest.raises(
        PolyheadError, match="exact 0.9192 where Keras has 1.0000: 8.08"
    ):
        compare_texts([*wrong[:8], *texts[8:]], texts, max_loss=5)
    assert compare_texts([*wrong[:2], *texts[2:]], texts, max_loss=3)["exact"] > 0.97


def test_each_of_several_right_answers_is_right():
    answers = [["one", "1"], ["two"], ["one", "1"]]
    metric = make_metric(answers, Scorer(main="exact"))
    assert metric.name == "exact" and metric.points == 100 and not metric.shares
    assert metric.score({"text": strings_of(["1", "two", "one"])}) == 1
    assert metric.score({"text": strings_of(["1", "1", "one"])}) == 2 / 3


def test_a_signature_may_have_fewer_rows_than_there_are_targets():
    metric = make_metric(TEXTS, Scorer())
    strings = np.array([b"the cat sat on the mat"], object)
    assert metric.score({"text": strings}) == pytest.approx(100)


def keep(pairs):
    return keep_pairs(SimpleNamespace(seed=0), SimpleNamespace(test=pairs), 100)


def test_where_nothing_was_found_the_answer_is_empty():
    assert best([]) == (b"", 0.0, False)
    both = [Hypothesis(b"a", -1.0, True), Hypothesis(b"b", -2.0, False)]
    answers = expected_of([both, []], np.array([True, True]))
    assert answers["truncated"].tolist() == [3, 1]
    assert answers["text"].tolist() == [b"a", b""]
    assert answers["score"].tolist() == [-1.0, 0.0]
    assert to_bytes(np.array([97, 98, 0, 0])) == b"ab" == to_bytes(b"ab")


@pytest.mark.tensorflow
def test_the_exportable_says_what_it_is(serving, pairs):
    pairs = choose(pairs, np.arange(5))
    facts = {"language": "en"}
    exportable = make_text_exportable(
        *(serving, keep(pairs), Scorer(), "Echo: text to text", facts),
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
    greedy = make_text_exportable(serving, keep(pairs), Scorer(), "Echo", facts, 16, 20)
    assert "Echo, by greedy search." in str(greedy.metadata)


def test_a_margin_is_zero_where_all_pieces_are_alike(serving):
    assert margin(serving, "one two") > 0
    hypotheses = serving.generate(["one two"], serving.method(3, 2))[0]
    gap = hypotheses[0].score - hypotheses[1].score
    assert margin(serving, "one two", beam_size=3) == pytest.approx(gap, abs=1e-5)
    assert margin(serving, "", beam_size=3) == float("inf")
    serving.set_weights([np.zeros_like(weight) for weight in serving.weights])
    assert margin(serving, "one two") == 0


@pytest.mark.tensorflow
def test_ties_are_asked_of_the_method_that_decides(serving, pairs, config):
    serving.config = replace(config, beam_size=4)
    pairs = choose(pairs, np.arange(2))
    exportable = make_text_exportable(
        serving, keep(pairs), Scorer(), "Echo", {}, 64, 64
    )
    forms = [exportable.tflite, exportable.savedmodel, exportable.signatures["beam"]]
    assert not any(form.is_tie(0) for form in forms)
    serving.set_weights([np.zeros_like(weight) for weight in serving.weights])
    assert all(form.is_tie(0) for form in forms[:2])
