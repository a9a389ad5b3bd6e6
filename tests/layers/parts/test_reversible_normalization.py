"""Reversible instance normalisation, with missing values."""

import numpy as np
import pytest
from keras import ops
from layer_tools import array, to_numpy

from polyhead.layers import ReversibleNormalization

SERIES = 50 + 20 * array(2, 9, 3)


def normalize(layer, x, mask=None):
    mask = None if mask is None else ops.convert_to_tensor(mask)
    normal, statistics = layer.normalize(ops.convert_to_tensor(x), mask=mask)
    return normal, statistics


def test_mean_and_deviation_by_hand():
    x = np.array([[[1.0], [2.0], [3.0], [6.0]]], "float32")
    # mean 3, variance (4 + 1 + 0 + 9) / 4 = 3.5
    normal, statistics = normalize(ReversibleNormalization(epsilon=0.0), x)
    want = np.array([-2, -1, 0, 3]) / np.sqrt(3.5)
    np.testing.assert_allclose(to_numpy(normal)[0, :, 0], want, rtol=1e-5)


def test_subtracting_the_last_value_by_hand():
    x = np.array([[[1.0], [2.0], [3.0], [6.0]]], "float32")
    layer = ReversibleNormalization(epsilon=0.0, subtract="last")
    normal, _ = normalize(layer, x)
    want = np.array([-5, -4, -3, 0]) / np.sqrt(3.5)
    np.testing.assert_allclose(to_numpy(normal)[0, :, 0], want, rtol=1e-5)


@pytest.mark.parametrize("subtract", ["mean", "last"])
@pytest.mark.parametrize("affine", [False, True])
def test_denormalize_undoes_normalize(affine, subtract):
    layer = ReversibleNormalization(affine=affine, subtract=subtract)
    normal, statistics = normalize(layer, SERIES)
    for i, variable in enumerate(layer.trainable_variables):
        variable.assign(to_numpy(variable) + 0.3 * array(*variable.shape, seed=i))
    assert bool(layer.trainable_variables) == affine
    normal, statistics = normalize(layer, SERIES)
    assert np.abs(to_numpy(normal)).max() < 10
    back = to_numpy(layer.denormalize(normal, statistics))
    np.testing.assert_allclose(back, SERIES, rtol=1e-4, atol=1e-3)
    # A forecast has another length than the history.
    future = to_numpy(layer.denormalize(normal[:, :2], statistics))
    np.testing.assert_allclose(future, SERIES[:, :2], rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("subtract", ["mean", "last"])
def test_missing_values_are_left_out(subtract):
    x = SERIES.copy()
    missing = np.random.default_rng(0).random(x.shape) < 0.3
    missing[:, -1, 0] = True  # the last value itself
    missing[:, 0] = False
    x[missing] = np.nan
    layer = ReversibleNormalization(subtract=subtract)
    normal, statistics = normalize(layer, x)
    got = to_numpy(normal)
    assert np.isfinite(got).all()
    assert np.isfinite(to_numpy(layer.denormalize(normal, statistics))).all()
    for b in range(2):
        for c in range(3):
            known = x[b, ~missing[b, :, c], c].astype("float64")
            centre = known.mean() if subtract == "mean" else known[-1]
            want = (known - centre) / np.sqrt(known.var() + 1e-5)
            np.testing.assert_allclose(
                got[b, ~missing[b, :, c], c], want, rtol=1e-3, atol=1e-4
            )
    assert (got[missing] == 0).all()


def test_mask_and_nan_are_the_same():
    mask = np.random.default_rng(1).random(SERIES.shape[:2]) < 0.7
    mask[:, 0] = True
    layer = ReversibleNormalization()
    nan = np.where(mask[..., None], SERIES, np.nan).astype("float32")
    a, _ = normalize(layer, nan)
    b, _ = normalize(layer, SERIES, mask)
    np.testing.assert_allclose(to_numpy(a), to_numpy(b), atol=1e-5)


def test_a_series_of_nothing_but_nan_stays_finite():
    x = SERIES.copy()
    x[0, :, 1] = np.nan
    layer = ReversibleNormalization()
    normal, statistics = normalize(layer, x)
    assert np.isfinite(to_numpy(normal)).all()
    assert np.isfinite(to_numpy(layer.denormalize(normal, statistics))).all()


def test_a_constant_series_comes_back():
    x = np.full((1, 8, 1), 7.5, "float32")
    layer = ReversibleNormalization()
    normal, statistics = normalize(layer, x)
    np.testing.assert_allclose(to_numpy(normal), 0, atol=1e-3)
    np.testing.assert_allclose(
        to_numpy(layer.denormalize(normal, statistics)), x, atol=1e-4
    )


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_statistics_are_float32_under_any_policy(policy):
    """In half precision 70,000 is infinite, or loses everything after 70,1xx."""
    x = (70_000 + array(1, 64, 1)).astype("float32")
    layer = ReversibleNormalization(dtype=policy)
    normal, statistics = normalize(layer, x)
    want = (x - x.mean()) / x.std()
    np.testing.assert_allclose(to_numpy(normal), want, atol=0.02)
    back = layer.denormalize(normal, statistics)
    assert "float32" in str(back.dtype)
    np.testing.assert_allclose(to_numpy(back), x, atol=0.05)
