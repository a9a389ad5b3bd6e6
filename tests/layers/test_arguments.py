"""Every argument of a public layer is in its signature and in its docstring."""

import ast
import collections
import inspect
import re

import keras
import pytest
from layer_tools import constructor_arguments

from polyhead import layers

PUBLIC = {name: getattr(layers, name) for name in layers.__all__}
LAYERS = {name: value for name, value in PUBLIC.items() if inspect.isclass(value)}
FUNCTIONS = {name: value for name, value in PUBLIC.items() if name not in LAYERS}
# The configuration needs arguments that have no default.
REQUIRED = {
    "num_layers": 1,
    "num_heads": 2,
    "num_segments": 2,
    "feedforward_dim": 8,
    "hidden_dim": 8,
    "horizon": 2,
    "max_length": 4,
    "patch_length": 2,
    "vocabulary_size": 5,
    "rate": 0.5,
}


def described_arguments(docstring):
    """Name -> description of the arguments in a docstring's section "Args"."""
    section = re.search(
        r"^Args:\n(.*?)(\n\n|\Z)", inspect.cleandoc(docstring), re.M | re.S
    )
    entries = re.findall(
        r"^ {4}([*\w]+): (.*(?:\n {8}.*)*)", section.group(1) if section else "", re.M
    )
    return {name: " ".join(text.split()) for name, text in entries}


def required(cls):
    parameters = constructor_arguments(cls)
    empty = inspect.Parameter.empty
    return {n: REQUIRED[n] for n, p in parameters.items() if p.default is empty}


@pytest.mark.parametrize("name", LAYERS)
def test_the_signature_names_every_key_of_the_config(name):
    cls = LAYERS[name]
    base_keys = set(keras.layers.Layer().get_config())
    config_keys = set(cls(**required(cls)).get_config()) - base_keys
    assert config_keys == set(constructor_arguments(cls))


@pytest.mark.parametrize("name", LAYERS)
def test_the_docstring_describes_every_argument_in_order(name):
    described = described_arguments(LAYERS[name].__doc__)
    assert list(described) == [*constructor_arguments(LAYERS[name]), "**kwargs"]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_docstring_of_a_function_describes_every_argument(name):
    parameters = inspect.signature(FUNCTIONS[name]).parameters
    described = described_arguments(FUNCTIONS[name].__doc__)
    assert [argument.strip("*") for argument in described] == list(parameters)


@pytest.mark.parametrize("name", PUBLIC)
def test_the_docstring_gives_every_default(name):
    described = described_arguments(PUBLIC[name].__doc__)
    target = getattr(PUBLIC[name], "__init__", None) if name in LAYERS else PUBLIC[name]
    for argument, parameter in inspect.signature(target).parameters.items():
        text = described.get(argument, "")
        default = re.search(r"Defaults to `([^`]*)`", text)
        if parameter.default is inspect.Parameter.empty:
            assert default is None, f"{argument} has no default"
        else:
            assert default, f"the default of {argument} is not described"
            assert ast.literal_eval(default.group(1)) == parameter.default, argument


def test_blocks_and_stacks_describe_their_common_arguments_in_the_same_words():
    descriptions = collections.defaultdict(set)
    for name in ("EncoderBlock", "DecoderBlock", "Encoder", "Decoder"):
        for argument, text in described_arguments(LAYERS[name].__doc__).items():
            descriptions[argument].add(text)
    different = {name for name, texts in descriptions.items() if len(texts) > 1}
    assert different == {"causal"}  # an argument of encoders, fixed in decoders


@pytest.mark.parametrize("name", PUBLIC)
def test_every_argument_has_a_type(name):
    target = PUBLIC[name].__init__ if name in LAYERS else PUBLIC[name]
    for argument, parameter in inspect.signature(target).parameters.items():
        if argument not in ("self", "kwargs"):
            assert parameter.annotation is not inspect.Parameter.empty, argument
