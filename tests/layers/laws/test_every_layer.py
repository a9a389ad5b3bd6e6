"""Every public layer keeps every law of layer_laws."""

import inspect

import keras
import pytest
from layer_cases import CASES
from layer_laws import LAWS, applies, check_layer

from polyhead import layers

PAIRS = [
    pytest.param(
        case,
        law,
        id=f"{name}-{law}",
        marks=[pytest.mark.tensorflow] if law.startswith("tflite") else [],
    )
    for name, case in CASES.items()
    for law in LAWS
    if applies(case, law)
]


@pytest.mark.parametrize("case, law", PAIRS)
def test_layer_keeps_the_law(case, law):
    check_layer(case, law)


def public_layers():
    public = {name: getattr(layers, name) for name in layers.__all__}
    return {
        name: value
        for name, value in public.items()
        if inspect.isclass(value) and issubclass(value, keras.layers.Layer)
    }


def test_no_public_layer_is_left_out():
    seen = set()
    for case in CASES.values():
        layer = case.make()
        seen |= {type(layer), type(getattr(layer, "inner", layer))}
    assert set(public_layers().values()) <= seen


@pytest.mark.parametrize("name", sorted(public_layers()))
def test_layer_is_registered_under_the_package(name):
    registered = keras.saving.get_registered_name(public_layers()[name])
    assert registered == f"polyhead>{name}"
