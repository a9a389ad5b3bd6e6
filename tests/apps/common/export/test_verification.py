"""What an exported file may differ in from Keras."""

import numpy as np
import pytest

from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.export.verification import Form, Metric, compare, find_ties


def compare_answers(wrong, rows=1000, exact=False, max_loss=0.3, spoil=None):
    """Compares a file with `wrong` other answers than Keras's, which are all right."""
    expected = np.tile(np.float32([0.9, 0.1]), (rows, 1))
    ours = expected.copy()
    ours[:wrong] = ours[:wrong, ::-1]
    if spoil is not None:
        ours[0] = spoil
    metric = Metric(
        "accuracy",
        score=lambda outputs: np.mean(outputs["y"].argmax(axis=1) == 0),
        differs=lambda ours, keras: ours["y"].argmax(1) != keras["y"].argmax(1),
    )
    form = Form(None, {}, {"y": expected})
    return compare("model.tflite", {"y": ours}, form, metric, exact, max_loss)


def test_the_loss_that_is_allowed():
    facts = compare_answers(3)
    assert facts["accuracy"] == 0.997 and facts["keras"] == 1.0
    assert facts["loss_points"] == pytest.approx(0.3)
    assert facts["disagreements"] == 3 and facts["rows"] == 1000
    assert compare_answers(2, rows=20)["loss_points"] == pytest.approx(10)
    assert compare_answers(50, max_loss=5.0)["disagreements"] == 50
    expected = "accuracy 0.9960 where Keras has 1.0000: 0.40 points lost, 0.30 allowed"
    with pytest.raises(PolyheadError, match=expected):
        compare_answers(4)
    with pytest.raises(PolyheadError, match="15.00 points lost, 10.00 allowed"):
        compare_answers(3, rows=20)


def test_an_exact_file_may_lose_nothing():
    assert compare_answers(0, exact=True)["largest_difference"] == 0
    with pytest.raises(PolyheadError, match="1 of 1000 answers are not Keras's"):
        compare_answers(1, exact=True, max_loss=100)
    with pytest.raises(PolyheadError, match="up to 0.00011 off"):
        compare_answers(0, exact=True, spoil=[0.90011, 0.1])
    compare_answers(0, exact=True, spoil=[0.90009, 0.1])


def test_no_number_is_no_answer():
    with pytest.raises(PolyheadError, match="1 of 1000 answers"):
        compare_answers(0, exact=True, spoil=[np.nan, 0.1])
    # Nor in a variant whose numbers may be off.
    with pytest.raises(PolyheadError, match="1 of 1000 answers have no number where"):
        compare_answers(0, spoil=[np.nan, np.nan], max_loss=100)


def compare_numbers(given, wanted, **more):
    """A variant that gives other numbers and the same answers."""
    metric = Metric("mae", lambda outputs: 0.0, lambda *_: np.zeros(4, bool), -100.0)
    form = Form(None, {}, {"y": np.array(wanted, np.float32), **more})
    outputs = {"y": np.array(given, np.float32), "truncated": np.array([0, 1, 2, 3])}
    return compare("model_int8.tflite", outputs, form, metric, False, 100)


def test_numbers_that_no_rounding_explains_are_refused():
    nan = float("nan")
    assert compare_numbers([1, 2, 3, nan], [1, 2, 3, nan])["largest_difference"] == 0
    assert compare_numbers([1, 2, 3, 4.9], [1, 2, 3, 4])["loss_points"] == 0
    with pytest.raises(PolyheadError, match="its y is 25 off on the average, 0.5 allo"):
        compare_numbers([1, 2, 3, 103], [1, 2, 3, 3])
    with pytest.raises(PolyheadError, match="1 of 4 answers have no number"):
        compare_numbers([1, 2, 3, 4], [1, 2, 3, nan])
    cuts = {"truncated": np.array([0, 3, 0, 1])}  # an answer's own cut may differ
    assert compare_numbers([1, 2, 3, 4], [1, 2, 3, 4], **cuts)["rows"] == 4
    with pytest.raises(PolyheadError, match="2 of 4 .* say otherwise what was cut"):
        compare_numbers([1, 2, 3, 4], [1] * 4, truncated=np.array([1, 0, 0, 1]))


def test_of_a_few_rows_not_all_may_be_wrong():
    assert compare_answers(1, rows=2)["loss_points"] == 50
    for rows in (1, 2):
        with pytest.raises(PolyheadError, match="100.00 points lost, 0.30 allowed"):
            compare_answers(rows, rows=rows)


def test_an_error_may_not_grow_by_more_than_is_allowed():
    truth = np.zeros((5, 2), np.float32)
    form = Form(None, {}, {"y": truth + 0.05})
    metric = Metric(
        "mae",
        lambda outputs: np.abs(outputs["y"]).mean(),
        lambda outputs, expected: (outputs["y"] != expected["y"]).any(axis=1),
        points=-100.0,
    )
    close = compare("m", {"y": truth + 0.052}, form, metric, False, 0.3)
    assert close["loss_points"] == pytest.approx(0.2, abs=1e-3)
    # Not even on a few examples, which measure a share no finer.
    with pytest.raises(PolyheadError, match="5.00 points lost, 0.30 allowed"):
        compare("m", {"y": truth + 0.1}, form, metric, False, 0.3)


def test_what_keras_could_not_decide_is_forgiven():
    expected = {"text": np.array(list("abcdef")), "score": np.zeros(6, np.float32)}
    metric = Metric("m", lambda outputs: 1.0, lambda a, b: a["text"] != b["text"])
    form = Form(None, {}, expected, is_tie=lambda row: row != 5, max_ties=2)

    def check(text, score=None):
        score = np.zeros(6) if score is None else np.array(score, float)
        outputs = {"text": np.array(list(text)), "score": score}
        return compare("m", outputs, form, metric, True, 0.0)

    assert "ties" not in check("abcdef")
    facts = check("xycdef", [9, 9, 0, 0, 0, 0])
    assert facts["ties"] == 2 and facts["disagreements"] == 0
    assert facts["largest_difference"] == 0
    for text, score in [
        ("xyzdef", None),  # too many
        ("abcdex", None),  # Keras was sure
        ("xbcdef", [0, 9, 0, 0, 0, 0]),  # the same answer of another score
        ("xbcdef", [np.nan, 0, 0, 0, 0, 0]),
    ]:
        with pytest.raises(PolyheadError, match="nothing was exported"):
            check(text, score)


def test_too_many_differences_are_no_ties():
    form = Form(None, {}, {}, is_tie=lambda row: True, max_ties=2)
    assert find_ties(np.array([True, False, True]), form).tolist() == [1, 0, 1]
    assert not find_ties(np.array([True, True, True]), form).any()
    assert not find_ties(np.array([True]), Form(None, {}, {})).any()
