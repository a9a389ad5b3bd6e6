"""Dropout by bytes: how much it drops, what it leaves, when it is Keras's own."""

import numpy as np
import pytest
from layer_tools import array, to_numpy

from polyhead.layers import ByteDropout


def dropped(rate, shape, dtype="float32", **kwargs):
    layer = ByteDropout(rate, seed=1, dtype=dtype, **kwargs)
    return to_numpy(layer(np.ones(shape, "float32"), training=True))


@pytest.mark.parametrize("rate", [0.1, 0.3, 0.5, 0.999])
@pytest.mark.parametrize("width", [1, 7, 64])
def test_drops_its_share_and_scales_what_is_left(rate, width):
    output = dropped(rate, (200_000 // width, width))
    level = round(256 * rate)
    kept = output > 0
    if level < 256:
        np.testing.assert_allclose(output[kept], 256 / (256 - level), rtol=1e-6)
    spread = 4 * np.sqrt(rate * (1 - rate) / output.size)
    assert abs(np.mean(~kept) - min(level / 256, rate + 1 / 256)) < spread + 1e-3


def test_every_column_and_row_is_drawn_alone():
    kept = (dropped(0.5, (3000, 13)) > 0).astype("float64")
    correlations = np.corrcoef(kept.T) - np.eye(13)
    assert np.abs(correlations).max() < 0.08
    assert len(np.unique(kept, axis=0)) > 2000


def test_each_call_draws_anew_and_a_seed_repeats_the_whole():
    x = array(5, 6, 8)
    layers = [ByteDropout(0.5, seed=3) for _ in range(2)]
    first, second = ([to_numpy(a(x, training=True)) for _ in range(2)] for a in layers)
    assert not np.array_equal(first[0], first[1])
    np.testing.assert_array_equal(first, second)


def test_out_of_training_and_with_a_tiny_rate_nothing_is_dropped():
    x = array(5, 6, 8)
    np.testing.assert_array_equal(to_numpy(ByteDropout(0.5)(x)), x)
    np.testing.assert_array_equal(to_numpy(ByteDropout(0.0)(x, training=True)), x)


def test_a_noise_shape_is_kept():
    output = dropped(0.5, (50, 4, 8), noise_shape=(None, 1, 8))
    assert {0.0, 2.0} == set(output.ravel().tolist())
    np.testing.assert_array_equal(output, np.repeat(output[:, :1], 4, axis=1))
