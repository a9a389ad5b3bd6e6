"""The classifier's one function: Python's two paths, batches, cuts and cleanups."""

import keras
import numpy as np
import pytest
import serving_tools
from keras import ops

from polyhead.runtime.text_bytes import texts_to_bytes

TEXTS = [
    "the cat sat on the mat",
    "",
    "A Dog; (the) wherever",
    "猫在这里",
    "the 😀 cat " * 40,
    "x" * 10_000,
    "the cat\0 and what nobody reads",
]


def make_serving(multi_label=False, **settings):
    return serving_tools.make_serving(TEXTS[:4], 0.1, multi_label, **settings)


@pytest.fixture(scope="module")
def serving():
    return make_serving()


def in_graph(serving, texts, max_bytes):
    """Probabilities by the function that is exported: bytes in."""
    text, _ = texts_to_bytes(texts, max_bytes)
    tables = {k: ops.convert_to_tensor(v) for k, v in serving.tables.items()}
    outputs = serving(serving.weights, tables, ops.convert_to_tensor(text))
    return ops.convert_to_numpy(outputs["probabilities"])


@pytest.mark.parametrize("max_bytes", [8, 600])
def test_predict_agrees_with_the_function_of_bytes(serving, max_bytes):
    ours = serving.predict(TEXTS, max_input_bytes=max_bytes)
    assert np.abs(ours - in_graph(serving, TEXTS, max_bytes)).max() < 1e-6
    assert np.abs(ours.sum(axis=1) - 1).max() < 1e-6


def test_the_same_function_without_the_wide_branch_and_with_several_labels():
    serving = make_serving(multi_label=True, wide=False, stem_width=0)
    ours = serving.predict(TEXTS)
    assert np.abs(ours - in_graph(serving, TEXTS, 600)).max() < 1e-6
    assert np.abs(ours.sum(axis=1) - 1).max() > 0.1  # sigmoids, not a softmax


def test_the_answers_come_in_the_order_of_the_texts(serving):
    together = serving.predict(TEXTS)
    alone = np.concatenate([serving.predict([text]) for text in TEXTS])
    assert np.abs(together - alone).max() < 1e-6
    distinct = [tuple(row) for row in together.round(5)]
    assert len(set(distinct[:6])) == 6
    assert distinct[6] == tuple(serving.predict(["the cat"])[0].round(5))


def test_no_texts_give_no_rows(serving):
    assert serving.predict([]).shape == (0, 3)


def test_what_lies_behind_the_last_token_changes_nothing(serving):
    text = "ab" * 6_000
    longer = text + "the cat sat on the mat" * 500
    assert np.array_equal(serving.predict([text]), serving.predict([longer]))


def test_a_bfloat16_model_is_refused():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        with pytest.raises(ValueError, match="computes in bfloat16"):
            make_serving()
    finally:
        keras.config.set_dtype_policy("float32")
