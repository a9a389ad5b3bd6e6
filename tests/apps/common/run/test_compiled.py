"""A pure function compiled for the backend in use."""

import os
import subprocess
import sys

import numpy as np
import pytest
from keras import ops

from polyhead.apps.common.run.compiled import CompiledFunction


def weigh(weights, ids):
    return {"sum": ops.sum(ops.cast(ids, "float32") * weights[0], axis=1), "ids": ids}


def test_any_batch_and_length_and_other_weights():
    compiled = CompiledFunction(weigh, [np.float32([2.0])])
    for shape in ((1, 3), (4, 7)):
        ids = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
        outputs = compiled(ids)
        assert isinstance(outputs["sum"], np.ndarray)
        np.testing.assert_allclose(outputs["sum"], 2.0 * ids.sum(axis=1))
        np.testing.assert_array_equal(outputs["ids"], ids)
    compiled.set_weights([np.float32([-1.0])])
    np.testing.assert_allclose(compiled(ids)["sum"], -ids.sum(axis=1))


def test_it_is_traced_once():
    traces = []

    def count(weights, x, y):
        traces.append(x.shape)
        return ops.sum(x) + ops.sum(ops.cast(y, "float32")) + weights[0][0]

    inputs = [((None, None, 2), "float32"), "int32"]
    compiled = CompiledFunction(count, [np.float32([1.0])], inputs)
    for rows in (1, 5):
        x, y = np.ones((rows, 3, 2), np.float32), np.ones((rows, 4), np.int32)
        assert compiled(x, y) == 10 * rows + 1
    assert len(traces) == 1


ELSEWHERE = """
import numpy as np
from keras import ops
from polyhead.apps.common.run.compiled import CompiledFunction
compiled = CompiledFunction(lambda w, x: ops.sum(x * w[0]), [np.float32([3.0])])
assert compiled(np.float32([1.0, 2.0])) == 9.0
"""


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_the_same_on_other_backends(backend):
    pytest.importorskip(backend)
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE],
        capture_output=True,
        text=True,
        env=os.environ | {"KERAS_BACKEND": backend},
    )
    assert done.returncode == 0, done.stderr


def test_shapes_and_types_of_the_inputs():
    function = CompiledFunction(
        lambda weights, x, n: x * ops.cast(n, "float32") + weights[0],
        [np.ones(3, "float32")],
        [((None, 3), "float32"), ((None, 1), "int32")],
    )
    outputs = function(np.full((2, 3), 2.0, "float32"), np.array([[1], [3]], "int32"))
    np.testing.assert_allclose(outputs, [[3.0] * 3, [7.0] * 3])
