"""The examples in the layers' docstrings run."""

import doctest
import importlib
import pkgutil

import keras
import numpy as np
import pytest

import polyhead.layers
from polyhead import layers

MODULES = ["polyhead.layers"] + [
    f"polyhead.layers.{module.name}"
    for module in pkgutil.iter_modules(polyhead.layers.__path__)
]


@pytest.mark.tensorflow  # the examples show tensors by .numpy()
@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    module = importlib.import_module(name)
    public = {key: getattr(layers, key) for key in layers.__all__}
    known = public | vars(module) | {"keras": keras, "np": np, "ops": keras.ops}
    result = doctest.testmod(module, globs=known, verbose=False)
    assert result.failed == 0


@pytest.mark.parametrize("name", layers.__all__)
def test_everything_public_is_documented_with_an_example(name):
    assert ">>>" in (getattr(layers, name).__doc__ or ""), f"{name} has no example"
