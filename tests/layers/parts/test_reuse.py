"""Layers in models of other people's: other types, shared parts, other orders."""

import keras
import numpy as np
import pytest
from keras import ops
from layer_tools import array, flat, gradients, lengths_mask, to_numpy

from polyhead.layers import (
    Decoder,
    DecoderBlock,
    Encoder,
    EncoderBlock,
    FeedForward,
    LinearBias,
    MaskedPooling,
    MultiHeadAttention,
    RelativeBias,
    Residual,
    RotaryPositions,
    TokenEmbedding,
)

X = array(2, 6, 8)
MASK = lengths_mask([4, 6], 6)
IDS = np.array([[3, 257, 0, 0], [256, 5, 6, 7]])


# Ids.


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("ids_dtype", ["int32", "int64", "float32"])
def test_ids_of_any_type_have_their_mask(dtype, ids_dtype):
    parts = [
        TokenEmbedding(300, 8, mask_zero=True, dtype=dtype),
        Encoder(1, 2, 16, dtype=dtype),
        MaskedPooling(dtype=dtype),
    ]
    ids = IDS.astype(ids_dtype)
    for first in ([], [keras.Input((None,))]):
        model = keras.Sequential(first + parts)
        whole, short = to_numpy(model(ids))[0], to_numpy(model(ids[:1, :2]))[0]
        tolerance = 1e-2 if "mixed" in dtype else 1e-6
        np.testing.assert_allclose(whole, short, atol=tolerance)
        swapped = to_numpy(model(np.where(ids == 257, 256, ids).astype(ids_dtype)))[0]
        assert np.abs(swapped - whole).max() > 1e-3, "id 257 is read as 256"


def test_vectors_to_logits_make_no_mask():
    layer = TokenEmbedding(6, 4, mask_zero=True)
    ids = np.array([[1, 2, 3, 0]])
    vectors = layer(ids)
    mask = to_numpy(vectors._keras_mask)
    logits = layer(vectors, reverse=True)
    np.testing.assert_array_equal(to_numpy(logits._keras_mask), mask)
    plain = layer(ops.convert_to_tensor(to_numpy(vectors)), reverse=True)
    assert getattr(plain, "_keras_mask", None) is None
    np.testing.assert_array_equal(to_numpy(layer.compute_mask(ids)), mask)


def test_a_quantized_tied_table_is_refused():
    class Tied(keras.Model):
        def __init__(self):
            super().__init__()
            self.table = TokenEmbedding(30, 8)

        def call(self, ids, reverse=True):
            vectors = self.table(ids)
            return self.table(vectors, reverse=True) if reverse else vectors

    model, ids = Tied(), np.array([[1, 2, 3]])
    before = to_numpy(model(ids, reverse=False))
    model.quantize("int8")
    np.testing.assert_allclose(to_numpy(model(ids, reverse=False)), before, atol=2e-3)
    with pytest.raises(ValueError, match="is quantized by Keras.*TFLite export"):
        model(ids)


# Parts that layers share.


def shared(make_part, make_block):
    part = make_part()
    inputs = keras.Input((6, 8))
    outputs = make_block(part)(make_block(part)(inputs))
    return keras.Model(inputs, outputs)


@pytest.mark.parametrize(
    "make_part, make_block",
    [
        (lambda: RelativeBias(2), lambda b: EncoderBlock(2, 16, position_bias=b)),
        (lambda: RelativeBias(2), lambda b: MultiHeadAttention(2, position_bias=b)),
        (
            lambda: LinearBias(2, learned=True),
            lambda b: DecoderBlock(2, 16, cross_attention=False, position_bias=b),
        ),
        (RotaryPositions, lambda r: EncoderBlock(2, 16, rotary=r)),
        (lambda: FeedForward(16), Residual),
        (lambda: MultiHeadAttention(2, position_bias=RelativeBias(2)), Residual),
    ],
)
def test_a_shared_part_is_shared_after_loading(tmp_path, make_part, make_block):
    model = shared(make_part, make_block)
    for i, weight in enumerate(model.trainable_weights):
        weight.assign(to_numpy(weight) + 0.1 * array(*weight.shape, seed=i))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert len(loaded.weights) == len(model.weights)
    np.testing.assert_array_equal(to_numpy(loaded(X)), to_numpy(model(X)))


# Masks.


@pytest.mark.parametrize("norm", ["layer_norm", "rms_norm"])
@pytest.mark.parametrize("norm_position", ["pre", "post"])
@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_the_layer_in_a_residual_sees_the_mask(norm, norm_position, dtype):
    for inner in (
        MultiHeadAttention(2, dtype=dtype),
        EncoderBlock(2, 16, dtype=dtype),
        keras.layers.LSTM(8, return_sequences=True, dtype=dtype),
    ):
        layer = Residual(inner, norm=norm, norm_position=norm_position, dtype=dtype)
        x = np.where(MASK[..., None], X, 0)
        layer(x)
        masked = keras.layers.Masking(dtype="float32")(x)
        short = to_numpy(layer(x[:1, :4]))[0]
        tolerance = 1e-5 if dtype == "float32" else 0.05
        got = layer(masked)
        np.testing.assert_allclose(to_numpy(got)[0, :4], short, atol=tolerance)
        np.testing.assert_array_equal(to_numpy(got._keras_mask), MASK)


@pytest.mark.parametrize(
    "make",
    [
        lambda: EncoderBlock(2, 16),
        lambda: Encoder(2, 2, 16, positions="rotary"),
        lambda: Encoder(2, 2, 16, sliding_window=2),
        lambda: Decoder(2, 2, 16, cross_attention=False),
    ],
)
def test_gradients_do_not_see_what_is_no_number_under_the_mask(make):
    class Pooled(keras.layers.Layer):
        def __init__(self, inner):
            super().__init__()
            self.inner, self.pool = inner, MaskedPooling("mean")

        def build(self, x_shape, padding_mask_shape=None):
            self.inner.build(x_shape)

        def call(self, x, padding_mask=None):
            x = self.inner(x, padding_mask=padding_mask)
            return self.pool(x, padding_mask=padding_mask)

    layer = Pooled(make())
    padded = np.where(MASK[..., None], X, np.nan).astype("float32")
    clean = np.where(MASK[..., None], X, 0).astype("float32")
    layer(clean)
    got = gradients(layer, {"x": padded, "padding_mask": MASK})
    want = gradients(layer, {"x": clean, "padding_mask": MASK})
    for a, b in zip(got, want, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_the_mask_of_a_memory_travels_with_its_cache():
    decoder = Decoder(2, 2, 16)
    memory, mask = array(2, 5, 8, seed=1), lengths_mask([3, 5], 5)
    want = decoder(X, memory, memory_padding_mask=mask)
    masked = keras.layers.Masking()(np.where(mask[..., None], memory, 0))
    for memory_cache in (
        decoder.project_memory(ops.convert_to_tensor(memory), mask),
        decoder.project_memory(masked),
    ):
        got, _ = decoder.prefill(X, decoder.make_cache(2, 6), 0, memory_cache)
        np.testing.assert_allclose(to_numpy(got), to_numpy(want), atol=1e-5)
    plain = decoder.project_memory(ops.convert_to_tensor(memory))
    assert [len(cache) for cache in plain] == [2, 2]


# Arguments.


@pytest.mark.parametrize(
    "make, words",
    [
        (
            lambda: EncoderBlock(2048, 8),
            r"EncoderBlock\(num_heads=8, feedforward_dim=20",
        ),
        (lambda: DecoderBlock(64, 4), "in KerasHub it is"),
        (lambda: Encoder(2, 2048, 8), "in KerasHub it is"),
        (lambda: MultiHeadAttention(0), "num_heads must be an int of 1 or more, not 0"),
        (lambda: MultiHeadAttention(2.0), "num_heads must be an int"),
        (lambda: MultiHeadAttention(True), "num_heads must be an int"),
        (lambda: MultiHeadAttention(4, num_kv_heads=0), "num_kv_heads must be an int"),
        (lambda: MultiHeadAttention(4, head_dim=-1), "head_dim must be an int"),
        (lambda: EncoderBlock(0, 8), "num_heads must be an int"),
        (lambda: EncoderBlock(2, 0), "feedforward_dim must be an int"),
        (lambda: EncoderBlock(2, 8, rotary=True), r"RotaryPositions\(...\), not True"),
        (lambda: EncoderBlock(2, 8, rotary="rotary"), "rotary must be a layer"),
        (
            lambda: MultiHeadAttention(2, position_bias=RelativeBias),
            r"LinearBias\(...\) or RelativeBias\(...\), not <class",
        ),
    ],
)
def test_wrong_arguments_are_refused_in_words(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_scores_of_a_decoder_without_cross_attention():
    decoder = Decoder(2, 2, 16, cross_attention=False)
    output, scores = decoder(X, return_scores=True)
    inputs = keras.Input((6, 8))
    model = keras.Model(inputs, decoder(inputs, return_scores=True))
    for got, want in zip(flat(model(X)), flat((output, scores)), strict=True):
        np.testing.assert_allclose(got, want, atol=1e-6)
    assert [tuple(s.shape) for s in scores] == [(2, 2, 6, 6)] * 2


# Weights and scores of a stack.


@pytest.mark.parametrize("cls", [Encoder, Decoder])
def test_shared_weights_are_saved_and_cloned(cls, tmp_path):
    arguments = {} if cls is Encoder else {"cross_attention": False}
    layer = cls(4, 2, 16, share_weights=True, positions="rotary", **arguments)
    inputs = keras.Input((6, 8))
    model = keras.Model(inputs, layer(inputs))
    single = cls(1, 2, 16, positions="rotary", **arguments)
    single(X)
    assert len(layer.weights) == len(single.weights)
    want = to_numpy(model(X))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(to_numpy(loaded(X)), want)
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    np.testing.assert_array_equal(to_numpy(copy(X)), want)
    x = X  # four passes through the one block
    for _ in range(4):
        x = layer.blocks[0](x)
    np.testing.assert_allclose(to_numpy(layer.finish(x)), want, atol=1e-6)


def test_scores_of_chosen_blocks():
    encoder = Encoder(3, 2, 16)
    _, every = encoder(X, return_scores=True)
    output, some = encoder(X, return_scores=[-1, 0])
    for got, want in zip(some, (every[2], every[0]), strict=True):
        np.testing.assert_allclose(to_numpy(got), to_numpy(want), atol=1e-6)
    inputs = keras.Input((6, 8))
    model = keras.Model(inputs, encoder(inputs, return_scores=[-1, 0]))
    for got, want in zip(flat(model(X)), flat((output, some)), strict=True):
        np.testing.assert_allclose(got, want, atol=1e-6)
    with pytest.raises(ValueError, match="numbers of blocks from -3 to 2"):
        encoder(X, return_scores=[3])
    with pytest.raises(ValueError, match="num_layers must be an int of 1 or more"):
        Encoder(0, 2, 16)


@pytest.mark.parametrize("tie_weights", [True, False])
def test_logits_may_have_a_type_of_their_own(tie_weights):
    layer = TokenEmbedding(
        30,
        8,
        tie_weights=tie_weights,
        reverse_dtype="float32",
        dtype="mixed_bfloat16",
    )
    vectors = layer(np.array([[1, 2, 3]]))
    logits = layer(vectors, reverse=True)
    dtypes = [keras.backend.standardize_dtype(x.dtype) for x in (vectors, logits)]
    assert dtypes == ["bfloat16", "float32"]
    assert len(layer.weights) == 2 - tie_weights
    inputs = keras.Input((None, 8), dtype="bfloat16")
    assert layer(inputs, reverse=True).dtype == "float32"
