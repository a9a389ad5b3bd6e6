"""Defects that a user met in models of their own, one test for each kind."""

import keras
import numpy as np
import pytest
from keras import ops
from layer_tools import BACKEND, array, lengths_mask, to_numpy

from polyhead.layers import (
    Decoder,
    DecoderBlock,
    Encoder,
    EncoderBlock,
    FeedForward,
    LearnedPositions,
    LinearBias,
    MaskedPooling,
    MultiHeadAttention,
    PatchEmbedding,
    PointerHead,
    RelativeBias,
    Residual,
    ReversibleNormalization,
    RotaryPositions,
    SinusoidalPositions,
    TokenEmbedding,
    attention,
    combine_masks,
    draw_symbols,
    has_stopped,
    keep_probable,
    masked_softmax,
)

X = array(2, 7, 8)
MASK = lengths_mask([5, 7], 7)


def poisoned(x, mask):
    return np.where(mask[..., None], x, np.nan).astype("float32")


# What is no number, under a mask.


def test_hidden_slots_of_a_cache_may_hold_nan():
    encoder = Encoder(2, 2, 16, causal=True)
    want = to_numpy(encoder(X))
    y = ops.convert_to_tensor(poisoned(X, MASK))
    got, _ = encoder.prefill(y, encoder.make_cache(2, 7), padding_mask=MASK)
    np.testing.assert_allclose(to_numpy(got)[MASK], want[MASK], atol=1e-5)
    first = poisoned(X, np.arange(7) != [[0], [9]])  # the first of the first row
    hidden, cache = np.ones((2, 7), bool), encoder.make_cache(2, 7)
    hidden[0, 0] = False
    for position in range(3):
        x = ops.convert_to_tensor(first[:, position : position + 1])
        got, cache = encoder.step(x, cache, position, padding_mask=hidden)
    assert np.isfinite(to_numpy(got)).all()


def test_a_memory_may_be_hidden_when_it_is_projected_or_in_each_step():
    decoder = Decoder(1, 2, 16)
    want = to_numpy(decoder(X, X, memory_padding_mask=MASK))
    memory = ops.convert_to_tensor(poisoned(X, MASK))
    x, cache = ops.convert_to_tensor(X[:, :1]), decoder.make_cache(2, 7)
    for given, named in (
        (decoder.project_memory(memory), {"memory_padding_mask": MASK}),
        (decoder.project_memory(memory, MASK), {}),
    ):
        got, _ = decoder.step(x, cache, 0, given, **named)
        np.testing.assert_allclose(to_numpy(got), want[:, :1], atol=1e-5)


def test_scores_patches_and_series_hide_it_too():
    scores = np.full((2, 3, 7), 1 / 7, "float32")
    hidden = np.where(MASK[:, None], scores, np.nan).astype("float32")
    head, logits = PointerHead(), array(2, 3, 9)
    ids = np.arange(14).reshape(2, 7) % 9
    got, want = (
        to_numpy(head(X[:, :3], logits, s, ids, memory_padding_mask=MASK))
        for s in (hidden, scores)
    )
    np.testing.assert_allclose(got, want, atol=1e-6)
    patches, series = PatchEmbedding(3, 4), array(2, 7, 2)
    zeros = keras.layers.Masking()(np.where(MASK[..., None], series, 0))
    got = patches(poisoned(series, MASK), mask=MASK)
    np.testing.assert_allclose(to_numpy(got), to_numpy(patches(zeros)), atol=1e-6)


# Masks.


def test_one_mask_for_all_rows():
    mask = np.arange(7)[None] < 5
    rows = np.repeat(mask, 2, axis=0)
    for layer in (
        MultiHeadAttention(2, sliding_window=2),
        Encoder(2, 2, 16, sliding_window=2),
        Encoder(1, 2, 16),
        MaskedPooling("attention"),
    ):
        got, want = (to_numpy(layer(X, padding_mask=m)) for m in (mask, rows))
        np.testing.assert_allclose(got, want, atol=1e-6)


def test_a_mask_may_be_a_list():
    for layer in (MaskedPooling(), EncoderBlock(2, 16)):
        got = to_numpy(layer(X, padding_mask=MASK.tolist()))
        np.testing.assert_array_equal(got, to_numpy(layer(X, padding_mask=MASK)))


def test_functions_and_series_refuse_masks_that_are_added():
    added = np.array([[0, 0, -1e9]], "float32")
    query = np.ones((1, 1, 3, 4), "float32")
    for run in (
        lambda: masked_softmax(np.zeros((1, 3), "float32"), added),
        lambda: attention(query, query, query, mask=added),
        lambda: combine_masks(np.array([[True, True, False]]), added),
        lambda: ReversibleNormalization()(array(1, 3, 2), mask=added),
    ):
        with pytest.raises(ValueError, match="must be boolean"):
            run()
    with pytest.raises(ValueError, match="mask must be"):
        ReversibleNormalization()(array(2, 3, 1), mask=np.array([[True], [False]]))


def test_a_normalised_series_keeps_its_mask():
    masked = keras.layers.Masking()(np.where(MASK[..., None], X, 0))
    normalized, _ = ReversibleNormalization()(masked)
    np.testing.assert_array_equal(to_numpy(normalized._keras_mask), MASK)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_ids_are_exact_where_all_is_narrow(dtype):
    layer = TokenEmbedding(3000, 8, dtype=dtype)
    model = keras.Sequential([layer])
    ids = np.array([[257, 2049, 2999]])
    got = to_numpy(model(ids))[0]
    np.testing.assert_array_equal(got, to_numpy(layer.embedding.embeddings)[ids[0]])


# Samplers.


def test_improbable_symbols_are_kept_too():
    logits = np.array([[0.0, -20.0, -21.0, -300.0]], "float32")
    every = np.isfinite(to_numpy(keep_probable(logits, top_k=3)))
    assert every.tolist() == [[True, True, True, False]]
    whole = keep_probable(logits[:, :3], top_p=ops.convert_to_tensor(1.0))
    assert np.isfinite(to_numpy(whole)).all()


def test_numbers_of_rows_may_be_arrays_and_stops_single_symbols():
    logits = array(2, 9)
    drawn = draw_symbols(logits, 0, temperature=np.array([0.0, 1.0], "float32"))
    assert to_numpy(drawn)[0] == logits[0].argmax()
    one = keep_probable(logits, top_k=np.array([1, 2]))
    assert np.isfinite(to_numpy(one)).sum(axis=1).tolist() == [1, 2]
    ids = np.array([[5, 2], [5, 6]], "int32")
    got = to_numpy(has_stopped(ids, [2, [1, 2, 3]])).astype(bool)
    assert got.tolist() == [True, False]


@pytest.mark.tensorflow
def test_stops_in_a_graph_of_unknown_length():
    import tensorflow as tf

    spec = tf.TensorSpec((None, None), tf.int32)
    run = tf.function(lambda ids: has_stopped(ids, [[6, 7]]), input_signature=[spec])
    assert run(np.array([[5, 6, 7]], "int32")).numpy().tolist() == [True]
    assert run(np.array([[7]], "int32")).numpy().tolist() == [False]


# Parts and arguments.


def test_a_residual_learns_the_shapes_of_further_inputs():
    memory = array(2, 5, 12)
    layer = Residual(MultiHeadAttention(2))
    assert tuple(layer(X, memory).shape) == (2, 7, 8)
    assert tuple(Residual(DecoderBlock(2, 16))(X, memory).shape) == (2, 7, 8)
    theirs = Residual(keras.layers.MultiHeadAttention(2, 4))
    assert tuple(theirs(X, memory).shape) == (2, 7, 8)


@pytest.mark.skipif(BACKEND != "jax", reason="see rematerialized_is_the_same")
@pytest.mark.parametrize("positions", ["relative_bias", "rotary", None])
@pytest.mark.parametrize(
    "scope",
    [
        {"mode": "full"},
        {"mode": "larger_than", "output_size_threshold": 10},
        {"mode": "list_of_layers", "layer_names": ["encoder"]},
    ],
)
def test_every_scope_and_scores_under_jax(positions, scope):
    with keras.RematScope(**scope):
        encoder = Encoder(2, 2, 16, positions=positions, name="encoder")
    _, scores = encoder(X, return_scores=[-1])
    assert len(scores) == 1
    inputs = keras.Input((None, 8))
    model = keras.Model(inputs, encoder(inputs))
    model.compile("sgd", "mse")
    model.fit(X, X, verbose=0)


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: LinearBias(0), "num_heads must be an int of 1 or more"),
        (lambda: PatchEmbedding(0, 8), "patch_length must be an int of 1 or more"),
        (lambda: PatchEmbedding(2.5, 8), "patch_length must be an int"),
        (lambda: PatchEmbedding(2, 8, stride=-1), "stride must be an int"),
        (lambda: PatchEmbedding((2, 2, 2), 8), "must be an int, or two for an image"),
        (
            lambda: MultiHeadAttention(2, sliding_window=2.5),
            "sliding_window must be an",
        ),
        (lambda: MultiHeadAttention(2, rotary=LinearBias(2)), "rotary must be a layer"),
        (
            lambda: EncoderBlock(2, 8, position_bias=RotaryPositions()),
            "must be a layer",
        ),
        (
            lambda: Encoder(1, 2, 8, positions=keras.layers.Dense(8)),
            "positions must be",
        ),
        (lambda: EncoderBlock(4, 8, position_bias=RelativeBias(1)), "num_heads=1, but"),
        (lambda: RotaryPositions(base=0), "base must be above 0"),
        (lambda: RotaryPositions(scale=0), "scale must be above 0"),
        (lambda: SinusoidalPositions(base=-1), "base must be above 0"),
        (lambda: LearnedPositions(0), "max_length must be an int"),
        (lambda: FeedForward(True), "hidden_dim must be an int"),
        (
            lambda: Encoder(1, 2, 8, stochastic_depth=2.5),
            "stochastic_depth must",
        ),
        (lambda: Residual("layer"), "layer must be a layer, not 'layer'"),
        (lambda: Encoder(1, 2, 8)(X, return_scores=1), "must be a bool or a list"),
        (lambda: Encoder(1, 2, 8)(X, return_scores="all"), "must be a bool or a list"),
    ],
)
def test_arguments_are_refused_in_words(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_the_nearest_number_of_coordinates_is_rotated():
    x = array(1, 1, 3, 100)
    got = to_numpy(RotaryPositions(fraction=0.58)(x))
    assert (got[0, 0, 1, 57] != x[0, 0, 1, 57]) and (got[..., 58:] == x[..., 58:]).all()


# Caches.


def test_a_decoder_goes_on_with_padding_on_the_left():
    decoder = Decoder(2, 2, 16, cross_attention=False, positions="rotary")
    want = to_numpy(decoder(X))
    padded = np.concatenate([np.full((2, 1, 8), 9, "float32"), X], axis=1)
    mask = np.ones((2, 8), bool)
    mask[:, 0] = False
    first = ops.convert_to_tensor(padded[:, :4])
    _, cache = decoder.prefill(first, decoder.make_cache(2, 8), padding_mask=mask)
    for position in range(4, 8):
        x = ops.convert_to_tensor(padded[:, position : position + 1])
        got, cache = decoder.step(x, cache, position, padding_mask=mask)
    np.testing.assert_allclose(to_numpy(got), want[:, -1:], atol=2e-5)


@pytest.mark.parametrize("positions", [-1, np.array(-1), np.array([-1, -1])])
def test_learned_positions_with_padding_on_the_left(positions):
    encoder = Encoder(1, 2, 16, causal=True, positions="learned", max_length=7)
    want = to_numpy(encoder(X))
    padded = np.concatenate([np.full((2, 1, 8), 9, "float32"), X], axis=1)
    got, _ = encoder.prefill(
        ops.convert_to_tensor(padded), encoder.make_cache(2, 7), positions
    )
    np.testing.assert_allclose(to_numpy(got)[:, 1:], want, atol=2e-5)


@pytest.mark.tensorflow
def test_a_cache_of_unknown_size_in_a_graph():
    import tensorflow as tf

    layer = MultiHeadAttention(2, causal=True)
    want = to_numpy(layer(X))
    spec = tf.TensorSpec((2, 2, None, 4))

    @tf.function(input_signature=[spec, spec])
    def run(key, value):
        output, cache = layer.prefill(ops.convert_to_tensor(X[:, :6]), (key, value))
        last, _ = layer.step(ops.convert_to_tensor(X[:, 6:]), cache, 6)
        return tf.concat([output, last], axis=1)

    np.testing.assert_allclose(run(*layer.make_cache(2, 9)), want, atol=2e-5)
