"""One function from text to text: its parts agree, in Python and in the graphs."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from keras import ops

from polyhead.apps.common.generation.serving import serving as module
from polyhead.apps.common.generation.serving.hypotheses import draw_numbers
from polyhead.apps.common.generation.serving.serving import Serving
from polyhead.apps.common.text.detokenizer import piece_tables
from polyhead.layers.decoding import greedy
from polyhead.runtime.text_bytes import texts_to_bytes

CASED = ["ONE TWO THREE", "One Two Three", "One two three", "OK", "", "FOUR FIVE!"]
TEXTS = ["one two three", "", "  \t", "seven 😀 مرحبا", "one " * 90, "four\0 and more"]


def texts_of(hypotheses):
    return [row[0].text for row in hypotheses]


def test_the_graph_tokenizes_as_python_does(serving):
    padded, _ = texts_to_bytes(TEXTS, 400)
    ids, cut, _ = serving.reader.tokenize(serving.tables, padded)
    ids, cut = map(ops.convert_to_numpy, (ids, cut))
    assert ids.shape == (len(TEXTS), serving.max_tokens)
    for row, expected in zip(ids, serving.reader.encode_texts(TEXTS)[0], strict=True):
        assert row[row > 0].tolist() == expected.tolist()
    assert not ids[1].any() and not ids[2].any()
    assert cut.tolist() == serving.reader.find_cut(TEXTS).tolist()
    assert cut.tolist() == [False] * 4 + [True, False]


def test_limits_follow_the_source(serving, config):
    source = np.array([[5, 6, 7, 2], [5, 2, 0, 0], [0, 0, 0, 0]], np.int32)
    assert ops.convert_to_numpy(serving.limits(source)).tolist() == [18, 14, 0]
    serving.config = replace(config, max_output_ratio=0.5)
    assert ops.convert_to_numpy(serving.limits(source)).tolist() == [12, 11, 0]


@pytest.mark.parametrize("length", [7, 33, 40])
def test_a_short_text_is_encoded_at_a_short_length_alike(serving, length):
    source = np.zeros((1, serving.max_tokens), np.int32)
    source[0, :length] = np.arange(3, 3 + length)
    (plain, mask), (fitted, same) = (
        encode(serving.weights, ops.convert_to_tensor(source))
        for encode in (serving.encode, serving.encode_static)
    )
    np.testing.assert_array_equal(ops.convert_to_numpy(mask), same)
    for cache, other in zip(plain, fitted, strict=True):
        for x, y in zip(cache, other, strict=True):
            x, y = (ops.convert_to_numpy(part)[:, :, :length] for part in (x, y))
            np.testing.assert_allclose(x, y, atol=1e-5)


@pytest.mark.parametrize("beam_size", [1, 3])
def test_a_file_decodes_as_python_does(serving, beam_size):
    method = serving.method(beam_size)
    found = serving.generate(TEXTS, method, max_input_bytes=64)
    function = serving.bytes_function(80, beam_size)
    padded, _ = texts_to_bytes(TEXTS, 64)
    read = [row.tobytes().rstrip(b"\0").decode() for row in padded]
    cuts = serving.reader.find_cut(read)
    for row, hypotheses, cut in zip(padded, found, cuts, strict=True):
        outputs = function(serving.weights, serving.tables, row[None])
        outputs = {k: ops.convert_to_numpy(v) for k, v in outputs.items()}
        text, score, full = hypotheses[0]
        wanted, long = texts_to_bytes([text], 80)
        np.testing.assert_array_equal(outputs["text"], wanted)
        np.testing.assert_allclose(outputs["score"], [score], atol=1e-5)
        assert outputs["truncated"].dtype == np.int32
        assert outputs["truncated"].tolist() == [int(cut) + 2 * int(full or long[0])]


@pytest.mark.parametrize("beam_size", [1, 3])
def test_a_score_is_the_log_probability_of_a_piece(serving, beam_size, config):
    """Whatever the search divides by, also for a text of which nothing is read."""
    serving.config = replace(config, length_penalty=0.5)
    for text in ("one two three", "five"):
        best = serving.generate([text], serving.method(beam_size))[0][0]
        source = serving.reader.encode_texts([text])[0][0][None].astype(np.int32)
        ids = np.asarray(serving.compiled(serving.method(beam_size))(source)[0])
        ids = ids.reshape(-1, ids.shape[-1])[:1]
        written = ids[ids > 0]
        given = np.concatenate([[1], written])[None].astype(np.int32)
        with serving.scope(serving.weights):
            logits = ops.convert_to_numpy(serving.model([source, given]))[0]
        log_sums = np.log(np.exp(logits).sum(axis=-1))
        steps = np.concatenate([written, [2]])  # 2 is the end
        chances = logits[np.arange(len(steps)), steps] - log_sums
        assert best.score == pytest.approx(chances.mean(), abs=1e-4)
    assert serving.generate(["  "], serving.method(beam_size))[0][0].score == 0


def test_a_text_of_many_pieces_in_few_bytes_is_said_to_be_cut(serving):
    """Emoji are pieces of one byte each: the model's limit comes before the file's."""
    text = "😀" * 12  # 48 bytes
    padded, by_bytes = texts_to_bytes([text, "one two"], 64)
    assert not by_bytes.any()
    function = serving.bytes_function(200)
    cuts = [
        int(function(serving.weights, serving.tables, row[None])["truncated"][0])
        for row in padded
    ]
    assert [cut & 1 for cut in cuts] == [1, 0]


def test_an_answer_at_the_limit_of_pieces_is_cut(serving, config):
    serving.config = replace(config, max_output_ratio=0.1)
    (row,) = serving.generate(["one two three"])
    count = len(serving.reader.encode_texts(["one two three"])[0][0])
    assert count > 1 and row[0].cut  # an untrained model does not end by itself


@pytest.mark.tensorflow
def test_a_savedmodel_decodes_as_python_does(serving):
    strings = np.array([text.encode() for text in TEXTS], object)
    for beam_size in (1, 2):
        function = serving.strings_function(beam_size)
        outputs = function(serving.weights, serving.tables, strings)
        hypotheses = serving.generate(TEXTS, serving.method(beam_size))
        assert outputs["text"].numpy().tolist() == texts_of(hypotheses)
        scores = [row[0].score for row in hypotheses]
        np.testing.assert_allclose(outputs["score"].numpy(), scores, atol=1e-4)
        cuts = serving.reader.find_cut(TEXTS) + 2 * np.array(
            [r[0].cut for r in hypotheses]
        )
        assert outputs["truncated"].numpy().tolist() == cuts.tolist()


def with_letters(serving, config, carry_case):
    """The same model, whose pieces are small letters, as it is not trained to write."""
    config = replace(config, carry_case=carry_case)
    new = Serving(serving.model, serving.reader.tokenizer, config)
    letters = [bytes([ord("a") + n % 26]) for n in range(len(new.pieces) - 3)]
    new.pieces = [b""] * 3 + letters
    new.tables |= piece_tables(new.pieces)
    return new


def test_case_is_carried_over(serving, config):
    carried, serving = (with_letters(serving, config, on) for on in (True, False))
    written = texts_of(carried.generate(CASED))
    plain = texts_of(serving.generate([text.lower() for text in CASED[:2]]))
    assert written[0] == plain[0].upper() and written[1] == plain[1].title()
    assert written[2:5] == texts_of(serving.generate(CASED[2:5]))
    assert texts_of(serving.generate(CASED))[0] != written[0]
    function = carried.bytes_function(200)
    for row, text in zip(texts_to_bytes(CASED, 32)[0], written, strict=True):
        outputs = function(carried.weights, carried.tables, row[None])
        data = ops.convert_to_numpy(outputs["text"]).astype(np.uint8)
        assert data.tobytes().rstrip(b"\0") == text


@pytest.mark.tensorflow
def test_a_savedmodel_carries_case_over(serving, config):
    carried = with_letters(serving, config, True)
    for texts in (CASED, [""], ["ONE"]):
        strings = np.array([text.encode() for text in texts], object)
        function = carried.strings_function()
        outputs = function(carried.weights, carried.tables, strings)
        assert outputs["text"].numpy().tolist() == texts_of(carried.generate(texts))


@pytest.mark.tensorflow
def test_draws_are_of_each_rows_own_seed():
    draws = np.array(draw_numbers(np.array([3, 4, 3], np.int32), 50))
    assert draws.shape == (3, 50) and draws.dtype == np.float32
    np.testing.assert_array_equal(draws[0], draws[2])
    assert (draws[0] != draws[1]).any()
    assert 0 <= draws.min() and draws.max() < 1


def test_answers_keep_their_places_whatever_the_batches(serving, monkeypatch):
    together = serving.generate(TEXTS, serving.method(2, 2))
    assert [len(row) for row in together] == [2, 1, 1, 2, 2, 2]
    assert together[1] == together[2] == [(b"", 0.0, False)]
    monkeypatch.setattr(module, "BATCH", 2)
    assert texts_of(serving.generate(TEXTS, serving.method(2, 2))) == texts_of(together)


def test_a_draw_of_the_likeliest_alone_is_greedy(serving):
    draws = np.random.default_rng(0).random((2, serving.max_tokens), np.float32)
    method = serving.sampling(top_k=1)
    drawn = serving.generate(["one two", "five"], method, draws=draws)
    assert texts_of(drawn) == texts_of(serving.generate(["one two", "five"]))
    assert serving.method(1) == {"method": greedy}


def test_other_weights_are_taken_over(serving):
    before = serving.generate(["one two three"])
    kept = serving.weights
    # The embedding's rows in another order: other pieces are the likeliest.
    serving.set_weights([np.roll(kept[0], 7, axis=0), *kept[1:]])
    assert serving.generate(["one two three"]) != before
    serving.set_weights(kept)
    assert serving.generate(["one two three"]) == before
    assert len(serving.functions) == 1


def test_a_model_in_half_precision_is_refused(tokenizer, config):
    from polyhead.apps.translation.model import Translator

    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = Translator(len(tokenizer.pieces), 1, 1, 16, 32, 2)
    finally:
        keras.config.set_dtype_policy(policy)
    model.build()
    with pytest.raises(ValueError, match="computes in bfloat16"):
        Serving(model, tokenizer, config)
