"""Positions against the papers' formulas in float64."""

import keras
import numpy as np
import pytest
from keras import ops
from layer_tools import array, by_steps, call, to_numpy

from polyhead.layers import (
    Encoder,
    LearnedPositions,
    LinearBias,
    RelativeBias,
    RotaryPositions,
    SinusoidalPositions,
)


def angles(positions, width, base=10000.0):
    return np.asarray(positions, "float64")[:, None] * base ** (
        -np.arange(0, width, 2, dtype="float64") / width
    )


def sinusoidal(positions, width, base=10000.0):
    """Vaswani et al.: column 2i the sine, column 2i + 1 the cosine."""
    encoding = np.zeros((len(positions), width))
    position_angles = angles(positions, width, base)
    encoding[:, 0::2] = np.sin(position_angles)
    encoding[:, 1::2] = np.cos(position_angles)[:, : width // 2]
    return encoding


def rotary(x, positions, base=10000.0):
    """Turns the pair (x[i], x[i + D/2]) by the angle p * base^(-2i/D)."""
    x = x.astype("float64")
    half = x.shape[-1] // 2
    pairs = x[..., :half] + 1j * x[..., half:]
    turned = pairs * np.exp(1j * angles(positions, 2 * half, base))
    return np.concatenate([turned.real, turned.imag], axis=-1)


def test_sinusoidal_by_hand():
    got = to_numpy(SinusoidalPositions()(np.zeros((1, 2, 4), "float32")))[0]
    np.testing.assert_allclose(got[0], [0, 1, 0, 1], atol=1e-6)
    np.testing.assert_allclose(
        got[1], [0.841471, 0.540302, 0.00999983, 0.99995], atol=1e-6
    )


@pytest.mark.parametrize("width", [8, 7])
@pytest.mark.parametrize("base, offset", [(10000.0, 0), (500.0, 3)])
def test_sinusoidal_formula(width, base, offset):
    x = array(2, 50, width)
    got = to_numpy(SinusoidalPositions(base=base)(x, offset=offset))
    want = x + sinusoidal(np.arange(50) + offset, width, base)
    np.testing.assert_allclose(got, want, atol=2e-5)


def test_long_positions_stay_exact():
    got = to_numpy(SinusoidalPositions()(np.zeros((1, 4096, 16), "float32")))[0]
    np.testing.assert_allclose(got, sinusoidal(np.arange(4096), 16), atol=1e-3)


def test_rotary_by_hand():
    x = np.array([1.0, 0.0, 0.0, 1.0], "float32").reshape(1, 1, 1, 4)
    got = to_numpy(RotaryPositions()(x, offset=1))[0, 0, 0]
    # (1, 0) turned by 1, and (0, 1) turned by 1/100
    want = [np.cos(1), -np.sin(0.01), np.sin(1), np.cos(0.01)]
    np.testing.assert_allclose(got, want, atol=1e-6)


@pytest.mark.parametrize("base, offset", [(10000.0, 0), (500.0, 7)])
def test_rotary_formula(base, offset):
    x = array(2, 3, 40, 8)
    got = to_numpy(RotaryPositions(base=base)(x, offset=offset))
    want = rotary(x, np.arange(40) + offset, base)
    np.testing.assert_allclose(got, want, atol=2e-5)


def test_rotary_scale_stretches_positions():
    x = array(1, 1, 12, 8)
    got = to_numpy(RotaryPositions(scale=4.0)(x))
    np.testing.assert_allclose(got, rotary(x, np.arange(12) / 4), atol=1e-5)


def test_rotary_products_depend_on_the_distance_only():
    query, key = array(1, 1, 1, 8), array(1, 1, 1, 8, seed=1)
    layer = RotaryPositions()

    def product(a, b):
        turned = to_numpy(layer(query, offset=a)) * to_numpy(layer(key, offset=b))
        return turned.sum()

    assert product(5, 2) == pytest.approx(product(103, 100), abs=1e-4)
    assert product(5, 2) == pytest.approx(product(3, 0), abs=1e-4)
    assert product(5, 2) != pytest.approx(product(2, 5), abs=1e-3)


@pytest.mark.parametrize("dtype, tolerance", [("bfloat16", 0.02), ("float16", 0.003)])
def test_rotary_in_half_precision(dtype, tolerance):
    x = array(1, 1, 3000, 8)
    low = ops.cast(ops.convert_to_tensor(x), dtype)
    got = RotaryPositions(dtype=f"mixed_{dtype}")(low)
    assert dtype in str(got.dtype)
    want = rotary(to_numpy(low), np.arange(3000))
    np.testing.assert_allclose(to_numpy(got), want, atol=tolerance)


def test_odd_head_size_names_the_number():
    with pytest.raises(ValueError, match="7"):
        RotaryPositions()(array(1, 1, 2, 7))


@pytest.mark.parametrize("make", [RotaryPositions, SinusoidalPositions])
def test_offset_may_be_a_tensor(make):
    x = array(1, 2, 5, 4) if make is RotaryPositions else array(1, 5, 4)
    want = to_numpy(make()(x, offset=9))
    got = to_numpy(make()(x, offset=ops.convert_to_tensor(9, dtype="int32")))
    np.testing.assert_allclose(got, want, atol=1e-6)


def test_learned_positions_are_rows_of_the_table():
    layer = LearnedPositions(9)
    x = array(2, 4, 3)
    call(layer, {"x": x})
    (table,) = layer.trainable_variables
    table.assign(array(9, 3, seed=1))
    got = to_numpy(layer(ops.convert_to_tensor(x), offset=5))
    np.testing.assert_allclose(got, x + array(9, 3, seed=1)[5:9], atol=1e-6)
    # A decoding step has a tensor for its offset.
    offset = ops.convert_to_tensor(8, dtype="int32")
    got = to_numpy(layer(ops.convert_to_tensor(x[:, :1]), offset=offset))
    np.testing.assert_allclose(got, x[:, :1] + array(9, 3, seed=1)[8:], atol=1e-6)


def test_learned_positions_that_run_out_name_both_numbers():
    layer = LearnedPositions(4)
    with pytest.raises(ValueError, match=r"(?s)6.*4|4.*6|5.*4|4.*5"):
        layer(ops.convert_to_tensor(array(1, 6, 3)))
    layer(ops.convert_to_tensor(array(1, 4, 3)))
    with pytest.raises(ValueError, match="4"):
        layer(ops.convert_to_tensor(array(1, 1, 3)), offset=4)


@pytest.mark.tensorflow
def test_learned_positions_never_clamp_at_run_time():
    """Of open length nobody can say so early; the lookup itself must refuse."""
    import tensorflow as tf

    layer = LearnedPositions(4)
    layer(array(1, 4, 3))
    run = tf.function(layer, input_signature=[tf.TensorSpec((1, None, 3))])
    assert run(array(1, 3, 3)).shape == (1, 3, 3)
    with pytest.raises(tf.errors.InvalidArgumentError):
        run(array(1, 5, 3))


def test_part_of_the_coordinates_is_rotated():
    x = array(2, 2, 6, 8)
    got = to_numpy(RotaryPositions(fraction=0.5)(x))
    np.testing.assert_array_equal(got[..., 4:], x[..., 4:])
    want = to_numpy(RotaryPositions()(x[..., :4]))
    np.testing.assert_allclose(got[..., :4], want, atol=1e-6)
    with pytest.raises(ValueError, match="fraction=0.4 rotates 3, which must be even"):
        RotaryPositions(fraction=0.4)(x)


def test_positions_are_learned_on_short_inputs_and_stretched_over_long_ones():
    layer = LearnedPositions(4, interpolate=True)
    table = to_numpy(layer(np.zeros((1, 4, 3), "float32")))[0]
    same = to_numpy(layer(np.zeros((1, 3, 3), "float32")))[0]
    np.testing.assert_array_equal(same, table[:3])
    twice = to_numpy(layer(np.zeros((1, 8, 3), "float32")))[0]
    np.testing.assert_array_equal(twice[[0, -1]], table[[0, -1]])
    np.testing.assert_allclose(twice[1], 0.75 * table[0] + 0.25 * table[1], atol=1e-7)
    np.testing.assert_allclose(twice[4], 0.25 * table[1] + 0.75 * table[2], atol=1e-7)
    with pytest.raises(ValueError, match="cannot with an offset"):
        layer(np.zeros((1, 1, 3), "float32"), offset=2)


@pytest.mark.parametrize(
    "make",
    [
        lambda: RotaryPositions(base=100.0),
        lambda: LinearBias(2, learned=True),
        lambda: RelativeBias(2, num_buckets=8, max_distance=9),
        lambda: SinusoidalPositions(base=50.0),
        lambda: LearnedPositions(9),
    ],
)
@pytest.mark.parametrize("sliding_window", [None, 2])
def test_a_stack_takes_positions_with_other_arguments(make, sliding_window, tmp_path):
    x = array(2, 6, 8)
    arguments = {"causal": True, "sliding_window": sliding_window, "seed": 0}
    encoder = Encoder(2, 2, 16, positions=make(), **arguments)
    inputs = keras.Input((None, 8))
    model = keras.Model(inputs, encoder(inputs))
    want = to_numpy(model(x))
    plain = Encoder(2, 2, 16, **arguments)(x)
    assert np.abs(to_numpy(plain) - want).max() > 1e-3
    np.testing.assert_allclose(by_steps(encoder, x), want, atol=2e-5)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(to_numpy(loaded(x)), want)
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    np.testing.assert_array_equal(to_numpy(copy(x)), want)
