"""Pure functions compiled for the backend in use."""

import numpy as np
from keras import ops

from polyhead.apps.common.run.compiled import CompiledFunction


def test_it_takes_arrays_of_any_length_and_new_weights():
    def multiply(weights, ids):
        return {"sums": ops.sum(ops.take(weights[0], ids, axis=0), axis=1)}

    table = np.arange(10, dtype="float32")
    function = CompiledFunction(multiply, [table])
    for shape in ((2, 3), (1, 7)):
        ids = np.full(shape, 4, np.int32)
        np.testing.assert_allclose(function(ids)["sums"], 4.0 * shape[1])
    function.set_weights([2 * table])
    np.testing.assert_allclose(function(np.full((2, 3), 4, np.int32))["sums"], 24.0)


def test_shapes_and_types_of_the_inputs():
    function = CompiledFunction(
        lambda weights, x, n: x * ops.cast(n, "float32") + weights[0],
        [np.ones(3, "float32")],
        [((None, 3), "float32"), ((None, 1), "int32")],
    )
    outputs = function(np.full((2, 3), 2.0, "float32"), np.array([[1], [3]], "int32"))
    np.testing.assert_allclose(outputs, [[3.0] * 3, [7.0] * 3])
