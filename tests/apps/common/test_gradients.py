"""Gradients are those of calculus, on every backend."""

import os
import subprocess
import sys

import pytest

CODE = """
import doctest
import numpy as np
from keras import ops
from polyhead.apps.common import gradients as module
x, y = ops.convert_to_tensor([2.0, 3.0]), ops.convert_to_tensor([5.0, -1.0])
slopes = module.gradients(lambda x, y: ops.sum(x * x * y), [x, y])
np.testing.assert_allclose(slopes, [[20.0, -6.0], [4.0, 9.0]])
result = doctest.testmod(module)
assert result.attempted and not result.failed
"""


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_gradients_of_several_arguments(backend):
    pytest.importorskip(backend)
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        capture_output=True,
        text=True,
        env=os.environ | {"KERAS_BACKEND": backend},
    )
    assert done.returncode == 0, done.stderr
