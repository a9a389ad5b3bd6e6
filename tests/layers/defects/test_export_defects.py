"""Defects of other libraries in conversion to TFLite, one test each."""

import collections

import numpy as np
import pytest
import tflite_tools
from keras import ops
from layer_tools import array, call, to_numpy

from polyhead.layers import (
    Encoder,
    EncoderBlock,
    FeedForward,
    MultiHeadAttention,
    RotaryPositions,
)

X = array(2, 5, 8)


def convert_dynamic(layer):
    specs = tflite_tools.specs_of({"x": X[:1]}, {"x": (1,)})
    return tflite_tools.convert(lambda x: layer(x), layer.variables, specs)


@pytest.mark.tensorflow
@pytest.mark.parametrize("dropout", [0.0, 0.1])
def test_d14_causal_attention_of_open_length_has_builtin_operators_only(dropout):
    layer = MultiHeadAttention(2, causal=True, dropout=dropout)
    call(layer, {"x": X})
    content = convert_dynamic(layer)
    assert not [name for name in tflite_tools.operators(content) if "Flex" in name]


@pytest.mark.tensorflow
def test_d15_positions_follow_a_resize():
    encoder = Encoder(1, 2, 16, positions="sinusoidal")
    call(encoder, {"x": X})
    content = convert_dynamic(encoder)
    for length in (1, 12, 5):
        x = array(1, length, 8, seed=length)
        (got,) = tflite_tools.run(content, {"x": x})
        np.testing.assert_allclose(got, to_numpy(encoder(x)), atol=1e-4)


@pytest.mark.tensorflow
def test_d16_the_weights_are_in_the_file():
    layer = FeedForward(256)
    x = array(1, 2, 64)
    call(layer, {"x": x})
    specs = tflite_tools.specs_of({"x": x})
    content = tflite_tools.convert(lambda x: layer(x), layer.variables, specs)
    assert len(content) > 4 * sum(w.size for w in map(to_numpy, layer.weights))
    (got,) = tflite_tools.run(content, {"x": x})
    np.testing.assert_allclose(got, to_numpy(layer(x)), atol=1e-4)


@pytest.mark.tensorflow
def test_d17_a_cached_step_never_rearranges_the_cache():
    tflite_tools.skip_older_converters()
    length, layer = (
        64,
        MultiHeadAttention(4, num_kv_heads=2, causal=True, rotary=RotaryPositions()),
    )
    call(layer, {"x": X})
    key, value = (to_numpy(part) for part in layer.make_cache(1, length))
    inputs = {
        "query": X[:1, :1],
        "key": key,
        "value": value,
        "position": np.array(3, "int32"),
    }
    specs = tflite_tools.specs_of(inputs)
    content = tflite_tools.convert(
        lambda query, key, value, position: layer.step(query, (key, value), position),
        layer.variables,
        specs,
    )
    interpreter = tflite_tools.interpreter_for(content)
    sizes = {d["index"]: np.prod(d["shape"]) for d in interpreter.get_tensor_details()}
    moved = [
        op["op_name"]
        for op in interpreter._get_ops_details()
        if op["op_name"] in ("TRANSPOSE", "CONCATENATION", "PACK", "STRIDED_SLICE")
        and max(sizes[i] for i in op["outputs"]) >= key.size
    ]
    assert not moved
    assert "DYNAMIC_UPDATE_SLICE" in tflite_tools.operators(content)
    wanted, (wanted_key, wanted_value) = layer.step(
        ops.convert_to_tensor(X[:1, :1]), (key, value), 3
    )
    got = tflite_tools.run(content, inputs)
    for a, b in zip(got, (wanted, wanted_key, wanted_value), strict=True):
        np.testing.assert_allclose(a, to_numpy(b), atol=1e-5)
    # Past the end the file leaves its cache as it was, too.
    _, *cache = tflite_tools.run(content, inputs | {"position": np.int32(length)})
    assert (cache[0] == key).all() and (cache[1] == value).all()


@pytest.mark.tensorflow
def test_d20_a_static_signature_computes_no_shapes():
    tflite_tools.skip_older_converters()
    layer = EncoderBlock(2, 16, causal=True, rotary=RotaryPositions())
    call(layer, {"x": X})
    specs = tflite_tools.specs_of({"x": X[:1]})
    content = tflite_tools.convert(lambda x: layer(x), layer.variables, specs)
    operators = collections.Counter(tflite_tools.operators(content))
    assert not set(operators) & {
        "SHAPE",
        "REDUCE_PROD",
        "PACK",
        "RANGE",
        "FILL",
        "GATHER",
    }
    # query, key, value, output, up, down; and the two products of attention
    assert operators["FULLY_CONNECTED"] == 6 and operators["BATCH_MATMUL"] == 2
    assert operators["TRANSPOSE"] <= 4 and operators["RESHAPE"] <= 4
