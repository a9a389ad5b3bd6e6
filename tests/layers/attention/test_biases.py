"""ALiBi slopes and T5 buckets, from the papers' rules."""

from fractions import Fraction

import numpy as np
import pytest
from layer_tools import to_numpy

from polyhead.layers import LinearBias, RelativeBias


def paper_slopes(num_heads):
    """Press et al. 2022: a geometric row from 2^(-8/n), n a power of two."""
    power = 1
    while power * 2 <= num_heads:
        power *= 2
    slopes = [2.0 ** (-8 * (i + 1) / power) for i in range(power)]
    between = [2.0 ** (-8 * (i + 1) / (2 * power)) for i in range(0, 2 * power, 2)]
    return np.array(slopes + between[: num_heads - power])


@pytest.mark.parametrize("num_heads", [1, 2, 8, 12])
def test_linear_bias_is_slope_times_distance(num_heads):
    bias = to_numpy(LinearBias(num_heads)(5, 7))
    assert bias.shape == (1, num_heads, 5, 7)
    distance = np.abs(np.arange(5)[:, None] - np.arange(7)[None, :])
    want = -paper_slopes(num_heads)[:, None, None] * distance
    np.testing.assert_allclose(bias[0], want, rtol=1e-6)


def test_slopes_of_eight_heads_by_hand():
    bias = to_numpy(LinearBias(8)(1, 2))[0, :, 0, 1]
    np.testing.assert_allclose(
        bias, -1 / np.array([2, 4, 8, 16, 32, 64, 128, 256]), rtol=1e-6
    )


def paper_bucket(relative_position, bidirectional, num_buckets, max_distance):
    """Raffel et al. 2020, in exact arithmetic; relative_position = key - query.

    Half of the buckets hold one distance each, the others grow logarithmically up
    to max_distance; beyond it everything shares the last one.
    """
    first = 0
    distance = -relative_position
    if bidirectional:
        num_buckets //= 2
        first = num_buckets if distance < 0 else 0
        distance = abs(distance)
    else:
        distance = max(distance, 0)
    exact = num_buckets // 2
    if distance < exact:
        return first + distance
    steps = num_buckets - exact
    ratio, base = Fraction(distance, exact), Fraction(max_distance, exact)
    # floor(log(ratio) / log(base) * steps) without a logarithm
    step = 0
    while step < steps - 1 and ratio**steps >= base ** (step + 1):
        step += 1
    return first + exact + step


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("num_buckets, max_distance", [(32, 128), (16, 50), (8, 20)])
def test_relative_bias_buckets(num_buckets, max_distance, bidirectional):
    layer = RelativeBias(
        2,
        num_buckets=num_buckets,
        max_distance=max_distance,
        bidirectional=bidirectional,
    )
    layer(2, 2)
    (table,) = layer.trainable_variables
    assert tuple(table.shape) == (num_buckets, 2)
    rows = np.arange(num_buckets, dtype="float32")
    table.assign(np.stack([rows, -rows], axis=1))
    got = to_numpy(layer(150, 170))
    want = [
        [
            paper_bucket(key - query, bidirectional, num_buckets, max_distance)
            for key in range(170)
        ]
        for query in range(150)
    ]
    assert got.shape == (1, 2, 150, 170)
    np.testing.assert_array_equal(got[0, 0], want)
    np.testing.assert_array_equal(got[0, 1], -np.array(want))


@pytest.mark.parametrize("make", [LinearBias, RelativeBias])
def test_offset_moves_the_queries(make):
    layer = make(2)
    whole = to_numpy(layer(9, 9))
    for offset in range(9):
        row = to_numpy(layer(1, 9, offset=offset))
        np.testing.assert_allclose(row, whole[:, :, offset : offset + 1], rtol=1e-6)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("make", [LinearBias, RelativeBias])
def test_biases_are_float32_under_any_policy(make, policy):
    layer, full = make(2, dtype=policy), make(2)
    full(1, 4)
    got = layer(1, 4000, offset=3999)
    assert "float32" in str(got.dtype)
    layer.set_weights(full.get_weights())
    np.testing.assert_allclose(
        to_numpy(layer(1, 4000, offset=3999)),
        to_numpy(full(1, 4000, offset=3999)),
        rtol=1e-6,
    )


def test_learned_slopes_start_at_the_papers_and_train():
    layer = LinearBias(4, learned=True)
    np.testing.assert_allclose(
        to_numpy(layer(3, 3)), to_numpy(LinearBias(4)(3, 3)), rtol=1e-5
    )
    assert len(layer.trainable_variables) == 1
    assert not LinearBias(4).trainable_variables
