"""The pointer head: what it copies, and what it writes."""

import numpy as np
import pytest
from keras import ops
from layer_tools import array, lengths_mask, to_numpy

from polyhead.layers import Decoder, PointerHead, TokenEmbedding

X = array(2, 6, 8)
LOGITS = array(2, 6, 9, seed=1)
IDS = np.array([[3, 1, 3, 1, 5], [2, 6, 5, 3, 5]], "int32")
SCORES = np.abs(array(2, 6, 5, seed=2))
SCORES /= SCORES.sum(axis=-1, keepdims=True)


def probabilities(head, *arguments, **named):
    return np.exp(to_numpy(head(X, LOGITS, *arguments, **named)))


def test_it_mixes_as_the_paper_says():
    head = PointerHead()
    got = probabilities(head, SCORES, IDS)
    share = 1 / (1 + np.exp(-to_numpy(head.share(X))))
    written = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=-1, keepdims=True)
    want = (1 - share) * written
    for row in range(2):
        for place, symbol in enumerate(IDS[row]):  # a symbol may stand there twice
            want[row, :, symbol] += share[row, :, 0] * SCORES[row, :, place]
    np.testing.assert_allclose(got, want, atol=1e-6)
    np.testing.assert_allclose(got.sum(axis=-1), 1, atol=1e-5)


def test_padding_is_not_copied_and_an_empty_memory_only_written():
    head = PointerHead()
    mask = lengths_mask([3, 0], 5)
    got = probabilities(head, SCORES, IDS, memory_padding_mask=mask)
    np.testing.assert_allclose(got.sum(axis=-1), 1, atol=1e-5)
    written = np.exp(LOGITS[1]) / np.exp(LOGITS[1]).sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(got[1], written, atol=1e-6)
    other = IDS.copy()
    other[0, 3:] = 8
    np.testing.assert_array_equal(
        probabilities(head, SCORES, other, memory_padding_mask=mask), got
    )
    with pytest.raises(ValueError, match="memory_padding_mask must be boolean"):
        head(X, LOGITS, SCORES, IDS, memory_padding_mask=mask.astype("float32"))


def test_it_takes_the_scores_of_a_decoder():
    table, decoder = TokenEmbedding(9, 8), Decoder(2, 2, 16)
    memory = table(IDS)
    x, scores = decoder(X, memory, return_scores=[-1])
    _, cross = scores[0]
    head = PointerHead()
    got = head(x, table(x, reverse=True), cross, memory_ids=IDS)
    mean = head(x, table(x, reverse=True), ops.mean(cross, axis=1), memory_ids=IDS)
    np.testing.assert_allclose(to_numpy(got), to_numpy(mean), atol=1e-6)
