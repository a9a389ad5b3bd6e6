"""The hashed words: which pieces make a word, and what the bag holds."""

import keras
import numpy as np
import pytest
from keras import ops

from polyhead.apps.common.text.byte_pieces import Tokenizer
from polyhead.apps.text_classification.networks.wide import (
    BIGRAM,
    FACTORS,
    PRIME,
    PUNCTUATION,
    UNIGRAM,
    BagOfBuckets,
    HashedWords,
    word_edges,
)


@pytest.fixture(scope="module")
def tokenizer():
    texts = ["the cat sat on the mat, it did", "a dog; (the) 猫在这里 wherever"] * 9
    return Tokenizer.learn(texts, size=300)


def words_by_hand(tokenizer, ids):
    """The words as lists of ids, by the rule in words, one piece at a time."""
    words, ended = [], True
    for piece_id in ids:
        piece = tokenizer.pieces[piece_id]
        first, last = piece[0], piece[-1]
        starts = first in b" \t\n\r\x0b\x0c" or first in PUNCTUATION
        if ended or starts or 0xE3 <= first <= 0xE9:
            words.append([])
        words[-1].append(piece_id)
        ended = last in PUNCTUATION
    return words


def buckets_by_hand(words, buckets):
    hashes = [0]
    for word in words:
        mixed = [(int(p) * FACTORS[min(i, 7)]) % PRIME for i, p in enumerate(word)]
        hashes.append(sum(mixed) % PRIME)
    bucket = []
    for here, before in (UNIGRAM, BIGRAM):
        for previous, word in zip(hashes, hashes[1:], strict=False):
            mixed = (word * here) % PRIME + (previous * before) % PRIME
            bucket.append(mixed % PRIME % (buckets - 1) + 1)
    return bucket


@pytest.mark.parametrize(
    "text",
    ["the cat", "a", "", "it's (the) dog; wherever!", "猫在这里", "x" * 40, "the  mat"],
)
def test_buckets_are_those_of_the_words(tokenizer, text):
    ids = tokenizer.encode(text)
    layer = HashedWords(word_edges(tokenizer.pieces), 1000)
    padded = np.array([ids + [0] * (64 - len(ids))], np.int32)
    found = ops.convert_to_numpy(layer(padded))[0]
    expected = buckets_by_hand(words_by_hand(tokenizer, ids), 1000)
    assert found[found > 0].tolist() == expected


def test_rows_and_padding_do_not_meet(tokenizer):
    layer = HashedWords(word_edges(tokenizer.pieces), 1000)
    one, two = tokenizer.encode("the cat sat"), tokenizer.encode("a dog")
    both = np.zeros((2, 20), np.int32)
    both[0, : len(one)], both[1, : len(two)] = one, two
    together = ops.convert_to_numpy(layer(both))
    for row, ids in zip(together, (one, two), strict=True):
        alone = ops.convert_to_numpy(layer(np.array([ids], np.int32)))[0]
        assert row[row > 0].tolist() == alone[alone > 0].tolist()


def test_a_word_has_one_bucket_wherever_it_stands(tokenizer):
    layer = HashedWords(word_edges(tokenizer.pieces), 5000)

    def unigrams(text):
        ids = np.array([tokenizer.encode(text)], np.int32)
        found = ops.convert_to_numpy(layer(ids))[0, : ids.shape[1]]
        return found[found > 0].tolist()

    assert unigrams("cat")[0] == unigrams("the cat")[1]
    assert unigrams("cat")[0] != unigrams("mat")[0]


def test_bag_is_the_sum_over_the_root_of_the_count():
    bag = BagOfBuckets(10, 3, learning_rate_ratio=20.0, seed=1)
    ids = np.array([[4, 4, 7, 0], [0, 0, 0, 0]], np.int32)
    found = ops.convert_to_numpy(bag(ids))
    table = 20.0 * ops.convert_to_numpy(bag.table.embeddings)
    expected = (2 * table[4] + table[7]) / np.sqrt(3)
    np.testing.assert_allclose(found, [expected, np.zeros(3)], atol=1e-6)


def test_dropout_leaves_buckets_out_in_training_only():
    bag = BagOfBuckets(50, 4, dropout=0.5, seed=2)
    ids = np.arange(1, 41, dtype="int32")[None]
    still = ops.convert_to_numpy(bag(ids, training=False))
    assert (still == ops.convert_to_numpy(bag(ids, training=False))).all()
    assert abs(still - ops.convert_to_numpy(bag(ids, training=True))).max() > 1e-3


def test_layers_survive_a_round_trip(tokenizer, tmp_path):
    ids = keras.Input((None,), dtype="int32")
    words = HashedWords(word_edges(tokenizer.pieces), 100)(ids)
    model = keras.Model(ids, BagOfBuckets(100, 4, 0.1, 20.0, seed=3)(words))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    x = np.array([tokenizer.encode("the cat sat on the mat")], np.int32)
    np.testing.assert_array_equal(
        model.predict(x, verbose=0), loaded.predict(x, verbose=0)
    )
