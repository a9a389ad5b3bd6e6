"""A reader gives piece ids, and the case that is taken from a text."""

from dataclasses import replace

import numpy as np
from keras import ops

from polyhead.apps.common.generation.serving.reading import Reader
from polyhead.runtime.text_bytes import texts_to_bytes

TEXTS = ["ONE TWO THREE", "one two three", "One Two Three", "", " \t", "OK"]


def test_capitals_are_read_as_small_letters(tokenizer, config):
    reader = Reader(tokenizer, replace(config, carry_case=True))
    ids, cases = reader.encode_texts(TEXTS)
    assert cases == [1, 0, 2, 0, 0, 0]
    assert ids[0].tolist() == ids[1].tolist() == ids[2].tolist()
    assert not len(ids[3]) and not len(ids[4])
    found, cut, case = reader.tokenize(reader.tables, texts_to_bytes(TEXTS, 32)[0])
    found = ops.convert_to_numpy(found)
    for row, wanted in zip(found, ids, strict=True):
        assert row[row > 0].tolist() == wanted.tolist()
    assert ops.convert_to_numpy(case)[:, 0].tolist() == cases
    assert not ops.convert_to_numpy(cut).any()


def test_a_run_without_it_reads_capitals(tokenizer, config):
    reader = Reader(tokenizer, config)
    ids, cases = reader.encode_texts(TEXTS)
    assert cases == [0] * len(TEXTS) and ids[0].tolist() != ids[1].tolist()
    padded = texts_to_bytes(TEXTS, 32)[0]
    assert reader.tokenize(reader.tables, padded)[2] is None
    answers = np.array(padded)
    assert reader.give_case(reader.tables, answers, None) is answers
