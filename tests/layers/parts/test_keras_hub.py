"""The page "From keras_hub.layers": its tables are true, and weights carry over."""

import inspect
import re
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops
from layer_tools import array, constructor_arguments, lengths_mask, to_numpy

from polyhead import layers
from polyhead.layers import (
    DecoderBlock,
    EncoderBlock,
    LearnedPositions,
    RotaryPositions,
    SinusoidalPositions,
    TokenEmbedding,
)

hub = pytest.importorskip("keras_hub")
PAGE = Path(__file__).resolve().parents[3] / "docs/keras_hub.md"
TEXT = PAGE.read_text(encoding="utf-8")
X, MEMORY = array(3, 5, 16), array(3, 7, 16, seed=1)
MASK, MEMORY_MASK = lengths_mask([3, 5, 2], 5), lengths_mask([7, 4, 5], 7)
EXACT = 2e-6  # other orders of the same sums


def parse_version(version):
    return tuple(map(int, version.split(".")[:2]))


def copy_attention(theirs, ours):
    for name in ("query", "key", "value", "output"):
        kernel, bias = map(to_numpy, getattr(theirs, f"{name}_dense").weights)
        width = ours.num_heads * ours.head_size
        shapes = (16, width), (width,)
        if name == "output":
            shapes = (width, 16), (16,)
        weights = kernel.reshape(shapes[0]), bias.reshape(shapes[1])
        getattr(ours, f"{name}_dense").set_weights(weights)


def copy_norm(theirs, residual):
    residual.norm_layer.set_weights(theirs.get_weights())


def copy_block(theirs, ours):
    for i, weight in enumerate(theirs.trainable_weights):
        weight.assign(to_numpy(weight) + 0.1 * array(*weight.shape, seed=i))
    copy_attention(theirs._self_attention_layer, ours.attention)
    copy_norm(theirs._self_attention_layer_norm, ours.attention_residual)
    if getattr(ours, "cross_attention", False):
        copy_attention(theirs._cross_attention_layer, ours.cross)
        copy_norm(theirs._cross_attention_layer_norm, ours.cross_residual)
    up, down = theirs._feedforward_intermediate_dense, theirs._feedforward_output_dense
    ours.feedforward.up.set_weights(up.get_weights())
    ours.feedforward.down.set_weights(down.get_weights())
    copy_norm(theirs._feedforward_layer_norm, ours.feedforward_residual)


@pytest.mark.parametrize("normalize_first", [True, False])
def test_an_encoder_is_the_same(normalize_first):
    theirs = hub.layers.TransformerEncoder(32, 2, normalize_first=normalize_first)
    position = "pre" if normalize_first else "post"
    ours = EncoderBlock(2, 32, norm_position=position, activation="relu")
    theirs(X), ours(X)
    copy_block(theirs, ours)
    want = to_numpy(theirs(X, padding_mask=MASK))
    got = to_numpy(ours(X, padding_mask=MASK))
    np.testing.assert_allclose(got[MASK], want[MASK], atol=EXACT)


@pytest.mark.parametrize("normalize_first", [True, False])
@pytest.mark.parametrize("with_memory", [True, False])
def test_a_decoder_is_the_same(normalize_first, with_memory):
    theirs = hub.layers.TransformerDecoder(32, 2, normalize_first=normalize_first)
    position = "pre" if normalize_first else "post"
    ours = DecoderBlock(
        2, 32, cross_attention=with_memory, norm_position=position, activation="relu"
    )
    memory = (MEMORY,) if with_memory else ()
    theirs(X, *memory), ours(X, *memory)
    copy_block(theirs, ours)
    masks, named = {"padding_mask": MASK}, {"decoder_padding_mask": MASK}
    if with_memory:
        masks["memory_padding_mask"] = MEMORY_MASK
        named["encoder_padding_mask"] = MEMORY_MASK
    want, got = (
        to_numpy(theirs(X, *memory, **named)),
        to_numpy(ours(X, *memory, **masks)),
    )
    np.testing.assert_allclose(got[MASK], want[MASK], atol=EXACT)


@pytest.mark.parametrize("tie_weights", [True, False])
def test_an_embedding_is_the_same(tie_weights):
    theirs = hub.layers.ReversibleEmbedding(30, 16, tie_weights=tie_weights)
    ours = TokenEmbedding(30, 16, tie_weights=tie_weights)
    ids = np.array([[3, 1, 29]])
    theirs(ids), ours(ids)
    ours.set_weights(theirs.get_weights())
    np.testing.assert_array_equal(to_numpy(ours(ids)), to_numpy(theirs(ids)))
    got, want = (layer(X, reverse=True) for layer in (ours, theirs))
    np.testing.assert_allclose(to_numpy(got), to_numpy(want), atol=EXACT)


def test_positions_are_the_same():
    theirs = hub.layers.TokenAndPositionEmbedding(30, 9, 16)
    table, positions = TokenEmbedding(30, 16), LearnedPositions(9)
    ids = np.array([[3, 1, 29]])
    theirs(ids), positions(table(ids))
    tokens, places = theirs.get_weights()
    table.set_weights([tokens]), positions.set_weights([places])
    np.testing.assert_array_equal(
        to_numpy(positions(table(ids))), to_numpy(theirs(ids))
    )
    sine = hub.layers.SinePositionEncoding()(X)
    np.testing.assert_allclose(
        to_numpy(SinusoidalPositions()(X)), X + to_numpy(sine), atol=EXACT
    )


@pytest.mark.parametrize("scaling", ["linear", "yarn"])
@pytest.mark.parametrize("scale", [1.0, 4.0])
def test_rotary_positions_are_the_same(scaling, scale):
    if scaling == "yarn" and parse_version(hub.__version__) < (0, 32):
        pytest.skip("KerasHub's YaRN scales all wavelengths before 0.32")
    heads = array(2, 3, 40, 16)
    theirs = hub.layers.RotaryEmbedding(
        rope_type=scaling,
        scaling_factor=scale,
        original_max_position_embeddings=64,
        sequence_axis=2,
    )
    ours = RotaryPositions(scaling=scaling, scale=scale, trained_length=64)
    got, want = to_numpy(ours(heads, offset=7)), to_numpy(theirs(heads, start_index=7))
    np.testing.assert_allclose(got, want, atol=2e-4)


# The page.


def table(heading):
    section = TEXT.split(heading)[1].split("\n#")[0]
    rows = re.findall(r"^\| (.+) \|$", section, re.MULTILINE)
    return [row.split(" | ") for row in rows][1:]


def names(cell):
    """What a cell has in backticks, without the values."""
    quoted = re.findall(r"`([a-zA-Z_]+)(?:=[^`]*)?(?:\([^`]*\))?`", cell)
    return {name for name in quoted if name not in ("True", "False")}


def test_the_page_has_every_layer_for_sequences():
    rows = table("what takes their place")
    theirs = set().union(*(names(row[0]) for row in rows))
    assert theirs <= set(dir(hub.layers))
    others = {"MultiSegmentPacker", "StartEndPacker", "MaskedLMMaskGenerator"}
    found = {
        name
        for name in dir(hub.layers)
        if inspect.isclass(getattr(hub.layers, name))
        and not re.search("Image|Converter|SAM|Anchor|Box|Suppression|Random", name)
    }
    assert found - others <= theirs, "a layer of KerasHub is not in the page"
    for row in rows:
        for name in names(row[1]):
            assert name in layers.__all__ or hasattr(keras.layers, name), name


def test_the_page_names_arguments_that_exist():
    theirs, ours = set(), set()
    for name in set().union(
        *(names(row[0]) for row in table("what takes their place"))
    ):
        cls = getattr(hub.layers, name)
        for method in (cls.__init__, cls.call):
            theirs |= set(inspect.signature(method).parameters)
    for cls in (keras.layers.GroupQueryAttention, keras.layers.MultiHeadAttention):
        for method in (cls.__init__, cls.call):
            theirs |= set(inspect.signature(method).parameters)
    for name in layers.__all__:
        cls = getattr(layers, name)
        if inspect.isclass(cls):
            ours |= set(constructor_arguments(cls))
            for method in ("call", "step", "prefill", "project_memory"):
                if hasattr(cls, method):
                    ours |= {
                        method,
                        *inspect.signature(getattr(cls, method)).parameters,
                    }
    for left, right in table("## Arguments"):
        assert names(left) <= theirs, names(left) - theirs
        known = ours | set(layers.__all__)
        assert names(right) <= known, names(right) - known


@pytest.mark.parametrize("number", [0, 1])
def test_the_python_of_the_page_runs(number, capsys):
    code = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)[number]
    code = compile(code.replace("np.array(", "_array("), str(PAGE), "exec")
    exec(code, {"_array": as_array})
    assert capsys.readouterr().out == ("True\n", "(1, 8)\n")[number]


def as_array(x):
    """NumPy's array, which PyTorch refuses of what has gradients."""
    return ops.convert_to_numpy(x) if ops.is_tensor(x) else np.array(x)
