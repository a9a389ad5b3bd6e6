"""What `predict` takes as texts, and what it refuses in words."""

import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from polyhead.runtime.errors import UsageError
from polyhead.runtime.texts import list_texts, one_text

TEXTS = ["one", "two"]


@pytest.mark.parametrize(
    "given",
    [
        TEXTS,
        tuple(TEXTS),
        (text for text in TEXTS),
        np.array(TEXTS),
        np.array(TEXTS, object),
        pd.Series(TEXTS, index=[7, 3]),
        pd.Series(TEXTS, dtype="string"),
        pd.Series(TEXTS, dtype="category"),
    ],
    ids=lambda given: type(given).__name__,
)
def test_any_sequence_of_texts_is_a_list(given):
    texts = list_texts(given)
    assert texts == TEXTS and {type(text) for text in texts} == {str}


@pytest.mark.parametrize("given", [[], (), iter(()), np.array([], str), pd.Series([])])
def test_no_texts_have_no_answers(given):
    assert list_texts(given) == []
    with pytest.raises(UsageError, match="0 texts are given: give one"):
        one_text([])


@pytest.mark.parametrize("text", ["hello", "", np.str_("hello")])
def test_one_string_is_one_text(text):
    assert list_texts(text) == [text] == [one_text(text)] == [one_text([text])]


@pytest.mark.parametrize(
    "given, message",
    [
        (None, "None is no text: give one, or a list of them"),
        (5, "5 is no text: give one"),
        (Path("a.csv"), "is no text: give one"),
        (b"hello", "b'hello' is no text: decode it first"),
        (np.array("hello"), "an array without an axis is no list of texts"),
        ({"text": "a"}, "a dict is no list of texts: give one column"),
        (pd.DataFrame({"text": TEXTS}), "a DataFrame is no list of texts"),
        ({"a", "b"}, "a set has no order for its answers"),
        (["a", None], "text 2 is None, no text: leave it out, or give ''"),
        (["a", float("nan")], "text 2 is nan, no text: leave it out"),
        (
            pd.Series(["a", pd.NA], dtype=object),
            "text 2 is <NA>, no text: leave it out",
        ),
        ([5], "text 1 is 5, no text: write it as text, such as '5'"),
        ([True], "text 1 is True, no text: write it as text"),
        (np.arange(3), "text 1 is .*0.*, no text: write it as text, such as '0'"),
        (["a", b"b"], "text 2 is b'b', no text: decode it first"),
        ([["a", "b"]], "text 1 is ..a., 'b'., no text: give one flat list"),
        (np.array([["a"], ["b"]]), "text 1 is .*no text: give one flat list"),
        ([("a", "good")], "text 1 is .*no text: give one flat list"),
        ([{"text": "a"}], "text 1 is .*no text: give the text in it, such as"),
        ([datetime.date(2024, 1, 2)], "text 1 is .*no text: give a list of str"),
        ([list(range(99))], "text 1 is .{37}[.][.][.], no text"),
    ],
    ids=lambda value: None if isinstance(value, str) else type(value).__name__,
)
def test_what_is_no_text_is_refused_in_words(given, message):
    with pytest.raises(UsageError, match=message) as error:
        list_texts(given)
    assert error.value.exit_status == 2 and len(str(error.value).splitlines()) == 1


def test_an_error_of_a_generator_stays_what_it_is():
    with pytest.raises(ZeroDivisionError):
        list_texts(str(1 / n) for n in (1, 0))


def test_several_texts_are_not_one():
    with pytest.raises(UsageError, match="2 texts are given: give one"):
        one_text(TEXTS)
