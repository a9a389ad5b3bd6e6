"""What the oldest LiteRT would compute wrongly is rewritten, and nothing else."""

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from export_tools import INPUTS, TABLES, WEIGHTS, linear

from polyhead.apps.common.devices.rewriting import KEPT, pack, rewrite
from polyhead.apps.common.devices.runtimes import find_oldest
from polyhead.apps.common.export import tflite
from polyhead.apps.common.export.inspection import read_operators
from polyhead.apps.common.export.litert import TFLitePredictor

pytestmark = pytest.mark.tensorflow

DRAW = np.random.default_rng(2)
MATRIX = DRAW.normal(size=(8, 8)).astype("float32")
SHIFT = DRAW.normal(size=8).astype("float32")
NAMES = {v: k for k, v in vars(schema.BuiltinOperator).items() if isinstance(v, int)}


def branched(weights, tables, x):
    """Products and sums in a branch and around it; `SHIFT` is in all three graphs."""
    import tensorflow as tf

    def product():
        return tf.nn.relu(x @ MATRIX) * SHIFT

    y = tf.cond(tf.reduce_sum(x) > 0, product, lambda: tf.nn.relu(x + SHIFT))
    return {"y": y + SHIFT}


def shares(weights, tables, x):
    import tensorflow as tf

    positive = tf.nn.relu(x) + 0.1
    return {"y": positive / tf.reduce_sum(positive, axis=1, keepdims=True)}


def write(path, function, variant, monkeypatch, is_rewritten=True):
    """The predictor of an exported file, with or without the rewriting."""
    with monkeypatch.context() as patch:
        if not is_rewritten:
            patch.setattr(tflite, "rewrite", lambda content: content)
            patch.setattr(tflite, "custom_operators", lambda content: [])
        tflite.export_tflite(function, [], {}, INPUTS, path, variant)
    return TFLitePredictor(path)


def users_of_halves(content):
    """The operators that read float32 made of float16 constants."""
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    users = set()
    for graph in model.subgraphs:
        names = [
            NAMES[model.operatorCodes[each.opcodeIndex].builtinCode]
            for each in graph.operators
        ]
        for name, operator in zip(names, graph.operators, strict=True):
            if name == "DEQUANTIZE":
                made = operator.outputs[0]
                users |= {
                    other
                    for other, each in zip(names, graph.operators, strict=True)
                    if made in each.inputs
                }
    return users


def test_constants_of_sums_are_float32_where_there_are_branches(tmp_path, monkeypatch):
    plain = write(tmp_path / "a", branched, "float16", monkeypatch, is_rewritten=False)
    ours = write(tmp_path / "b", branched, "float16", monkeypatch)
    assert {"ADD", "MUL"} <= users_of_halves(plain.path.read_bytes())
    content = ours.path.read_bytes()
    assert users_of_halves(content) == {"FULLY_CONNECTED"} <= KEPT
    np.testing.assert_array_equal(ours(**INPUTS)["y"], plain(**INPUTS)["y"])
    # In float16 they are not in the file any more; the matrix is, and in nothing else.
    halves = SHIFT.astype("float16")
    assert halves.astype("float32").tobytes() in content
    assert halves.tobytes() not in content
    assert MATRIX.T.astype("float16").tobytes() in content
    assert rewrite(content) is content


def test_a_file_of_one_graph_stays_as_it_is(tmp_path, monkeypatch):
    def product(weights, tables, x):
        import tensorflow as tf

        return {"y": tf.nn.relu(x @ MATRIX) + SHIFT}

    for variant in ("float32", "float16", "int8"):
        write(tmp_path / variant, product, variant, monkeypatch, is_rewritten=False)
        content = (tmp_path / variant).read_bytes()
        assert rewrite(content) is content
    assert "ADD" in users_of_halves((tmp_path / "float16").read_bytes())


def test_int8_is_divided_as_float32(tmp_path, monkeypatch):
    plain = write(tmp_path / "a", shares, "full_int8", monkeypatch, is_rewritten=False)
    ours = write(tmp_path / "b", shares, "full_int8", monkeypatch)
    found = find_oldest(read_operators(plain.path.read_bytes()))
    assert found["litert"] == "1.4.0" and found["because"] == "DIV of version 1"
    operators = read_operators(ours.path.read_bytes())
    (division,) = [each for each in operators if each.name == "DIV"]
    assert division.types == {"float32"}
    expected = np.maximum(INPUTS["x"], 0) + 0.1
    expected /= expected.sum(axis=1, keepdims=True)
    errors = [np.abs(each(**INPUTS)["y"] - expected).mean() for each in (ours, plain)]
    assert errors[0] < min(0.01, 1.1 * errors[1])


def test_buffers_stay_aligned(tmp_path):
    path = tmp_path / "model.tflite"
    tflite.export_tflite(linear, WEIGHTS, TABLES, INPUTS, path)
    model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    content = pack(model)
    assert content[4:8] == b"TFL3"
    for array in (WEIGHTS[0].T, TABLES["shift"].astype("float32")):
        assert content.index(np.ascontiguousarray(array).tobytes()) % 16 == 0
    path.write_bytes(content)
    expected = INPUTS["x"] @ WEIGHTS[0] + TABLES["shift"]
    np.testing.assert_allclose(
        TFLitePredictor(path)(**INPUTS)["y"], expected, atol=1e-5
    )
