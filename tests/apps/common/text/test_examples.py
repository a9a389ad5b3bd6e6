"""Held-out texts, as an exported file takes them."""

from types import SimpleNamespace

from polyhead.apps.common.text.run import text_examples


def test_texts_of_test_are_cut_as_the_file_takes_them():
    test = SimpleNamespace(inputs=["né", "longer than that", "third"])
    data = SimpleNamespace(test=test, validation=None)
    inputs_of = text_examples(None, data, 2, lambda examples: examples.inputs)
    model = SimpleNamespace(inputs={"text": (1, 6)})
    assert [bytes(row) for row in inputs_of(model)["text"]] == [
        "né".encode() + b"\0" * 3,
        b"longer",
    ]
