"""The classifier's one function: Python's two paths, batches, cuts and cleanups."""

import keras
import numpy as np
import pytest
from keras import ops

from polyhead.apps.common.text.byte_pieces import Tokenizer
from polyhead.apps.text_classification.config import Config
from polyhead.apps.text_classification.model import build_model
from polyhead.apps.text_classification.serving import (
    TIE,
    Serving,
    make_exportable,
    make_metric,
)
from polyhead.runtime.text_bytes import cut_text, texts_to_bytes

TEXTS = [
    "the cat sat on the mat",
    "",
    "A Dog; (the) wherever",
    "猫在这里",
    "the 😀 cat " * 40,
    "x" * 10_000,
    "the cat\0 and what nobody reads",
]
LABELS = ("animal", "thing", "other")


def make_serving(multi_label=False, **settings):
    config = Config(
        **{
            "num_layers": 1,
            "dropout": 0.0,
            "hidden_dim": 16,
            "num_heads": 2,
            "max_tokens": 32,
            "wide_buckets": 64,
            "wide_dim": 8,
            **settings,
        }
    )
    tokenizer = Tokenizer.learn(TEXTS[:4] * 9, size=300)
    model = build_model(config, tokenizer.pieces, len(LABELS))
    rng = np.random.default_rng(0)
    for weight in model.weights:  # answers must differ from text to text
        noise = rng.normal(size=weight.shape).astype("float32")
        weight.assign(ops.convert_to_numpy(weight) + 0.1 * noise)
    return Serving(model, tokenizer, config, LABELS, multi_label)


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


@pytest.mark.parametrize(
    "text, max_bytes, kept, truncated",
    [
        ("plain", 5, b"plain", False),
        ("plain", 4, b"plai", True),
        ("a😀b", 4, b"a", True),
        ("a😀b", 5, "a😀".encode(), True),
        ("né", 2, b"n", True),
        ("猫", 2, b"", True),
        ("", 3, b"", False),
        ("ab\0cd", 3, b"ab", True),
        ("ab\0\0", 3, b"ab", False),
        ("a\ud800b", 9, b"a?b", False),  # a lone surrogate has no UTF-8
        (b"\x80" * 9, 5, b"\x80" * 2, True),  # no UTF-8: cut all the same
    ],
)
def test_texts_are_cut_between_characters(text, max_bytes, kept, truncated):
    assert cut_text(text, max_bytes) == (kept, truncated)
    rows, cut = texts_to_bytes([text], max_bytes)
    assert rows.shape == (1, max_bytes) and rows.dtype == np.uint8
    assert bytes(rows[0]).rstrip(b"\0") == kept
    assert cut.tolist() == [truncated]


def test_the_examples_are_a_seeded_sample(serving, monkeypatch):
    monkeypatch.setattr("polyhead.apps.text_classification.serving.MAX_EXAMPLES", 3)
    labels = np.array([0, 1, 2, 0, 1, 2, 0], np.int32)

    def sample(seed):
        made = make_exportable(
            serving, TEXTS, labels, "test", max_input_bytes=16, seed=seed
        )
        return [text.decode() for text in made.savedmodel.inputs["text"]], made

    chosen, made = sample(1)
    assert chosen == sample(1)[0] != sample(2)[0]
    assert len(chosen) == 3 and set(chosen) <= set(TEXTS)
    assert made.examples == {"split": "test", "rows": 3, "of": 7, "seed": 1}
    rows = [TEXTS.index(text) for text in chosen]
    assert (
        np.abs(
            made.tflite.expected["probabilities"] - serving.predict(chosen, 16)
        ).max()
        < 1e-6
    )
    perfect = {"probabilities": np.eye(3, dtype=np.float32)[labels[rows]]}
    assert made.metric.score(perfect) == 1.0


def test_the_metric_of_one_label():
    metric = make_metric(np.array([0, 1]), multi_label=False)
    expected = {"probabilities": np.array([[0.6, 0.4], [0.5, 0.5 + TIE / 2]])}
    swapped = {"probabilities": expected["probabilities"][:, ::-1]}
    assert metric.name == "accuracy" and metric.score(expected) == 1.0
    # A tie in float32 may fall either way; a decision may not.
    assert metric.differs(swapped, expected).tolist() == [True, False]


def test_the_metric_of_several_labels():
    labels = np.array([[True, False], [True, True]])
    metric = make_metric(labels, multi_label=True, thresholds=np.array([0.3, 0.7]))
    expected = {"probabilities": np.array([[0.4, 0.6], [0.31, 0.8]])}
    other = {"probabilities": np.array([[0.4, 0.71], [0.3, 0.8]])}
    assert metric.name == "macro_f1" and metric.score(expected) == 1.0
    assert metric.score(other) == pytest.approx((1 + 2 / 3) / 2)
    assert metric.differs(other, expected).tolist() == [True, False]
