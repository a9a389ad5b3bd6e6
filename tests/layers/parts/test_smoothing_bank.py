"""The smoothing bank: one smoother as by hand, and sane forecasts of any series."""

import numpy as np
import pytest
from layer_tools import to_numpy

from polyhead.layers import SmoothingBank


def forecast(x, horizon=4, **settings):
    """The forecast `(H,)` of one series `(T,)`."""
    x = np.asarray(x, "float32").reshape(1, -1, 1)
    return to_numpy(SmoothingBank(horizon, **settings)(x))[0, :, 0]


def smooth_by_hand(x, level_rate, trend_rate, damping, horizon):
    """Holt's method with a damped trend, from a line through the first 12 values."""
    trend, level = np.polyfit(np.arange(min(len(x), 12)), x[:12], 1)
    errors = []
    for value in x:
        base = level + damping * trend
        errors.append(abs(value - base))
        level = base + level_rate * (value - base)
        trend = damping * trend + level_rate * trend_rate * (value - base)
    climbed = np.cumsum(damping ** np.arange(1, horizon + 1))
    return level + climbed * trend, np.array(errors)


def wave(count, length=12, noise=0.1, seed=0):
    rng = np.random.default_rng(seed)
    t = np.arange(count)
    return (
        20
        + 0.1 * t
        + 5 * np.sin(2 * np.pi * t / length)
        + noise * rng.normal(size=count)
    )


@pytest.mark.parametrize("damping", [1.0, 0.9])
def test_one_smoother_is_holts_method(damping):
    x = wave(40, noise=1.0)
    layer = SmoothingBank(6, levels=(0.3,), trends=((0.2, damping),), log=False)
    whole, each, weights, errors = map(
        to_numpy, layer(x.reshape(1, -1, 1).astype("float32"), return_parts=True)
    )
    expected, missed = smooth_by_hand(x, 0.3, 0.2, damping, 6)
    np.testing.assert_allclose(whole[0, :, 0], expected, rtol=1e-4)
    np.testing.assert_allclose(each[0, :, 0, 0], expected, rtol=1e-4)
    np.testing.assert_allclose(errors[0, 0, 0], missed[1:].mean(), rtol=1e-4)
    assert weights.tolist() == [[[1.0]]]


def test_a_line_and_a_season_go_on():
    t = np.arange(60)
    np.testing.assert_allclose(
        forecast(3 + 2 * t), 3 + 2 * np.arange(60, 64), rtol=0.01
    )
    x = wave(120, noise=0.05)
    found = forecast(x[:96], 24, season_length=12)
    assert np.abs(found - x[96:]).mean() < 0.3
    grown = (
        100 * 1.02 ** np.arange(120) * (1 + 0.3 * np.sin(np.arange(120) * np.pi / 6))
    )
    found = forecast(grown[:108], 12, season_length=12)
    assert np.abs(found / grown[108:] - 1).mean() < 0.03


def test_each_season_is_found():
    short, long = wave(96, 4, 0.2), wave(96, 12, 0.2)
    for x, length in ((short, 4), (long, 12)):
        both = forecast(x[:84], 12, season_length=(4, 12))
        own = forecast(x[:84], 12, season_length=length)
        np.testing.assert_allclose(both, own, atol=0.6)


def test_the_weights_are_those_of_the_errors():
    x = np.stack([wave(60, noise=0.2), np.cumsum(np.ones(60))], axis=1)[None]
    layer = SmoothingBank(2, season_length=12)
    _, each, weights, errors = map(
        to_numpy, layer(x.astype("float32"), return_parts=True)
    )
    assert each.shape == (1, 2, 2, 630) and weights.shape == errors.shape == (1, 2, 630)
    np.testing.assert_allclose(weights.sum(-1), 1, rtol=1e-5)
    for channel in (0, 1):
        usual = np.average(errors[0, channel], weights=weights[0, channel])
        assert usual < 1.2 * errors[0, channel].min() + 1e-3
    seasonal = np.tile(np.r_[np.zeros(63), np.ones(252)], 2)
    assert (weights[0, 0] * seasonal).sum() > 0.99


def test_missing_values_at_the_start_are_padding():
    x = wave(40)
    plain = forecast(x, season_length=4)
    np.testing.assert_allclose(
        forecast(np.r_[[np.nan] * 8, x], season_length=4), plain, rtol=1e-4
    )


def test_missing_values_change_little():
    x = wave(96)
    holes = x.copy()
    holes[[5, 30, 31, 32, 70]] = np.nan
    plain, found = (forecast(each, 12, season_length=12) for each in (x, holes))
    np.testing.assert_allclose(found, plain, atol=0.5)
    half = x.copy()
    half[::2] = np.nan
    assert np.abs(forecast(half, 12, season_length=4) - plain).max() < 12


def test_a_series_is_alone_in_its_batch():
    rows = np.stack([wave(50), 1e6 * wave(50, seed=1), np.full(50, 3.0)])[:, :, None]
    layer = SmoothingBank(5, season_length=12)
    together = to_numpy(layer(rows.astype("float32")))
    for row, found in zip(rows, together, strict=True):
        alone = to_numpy(layer(row[None].astype("float32")))[0]
        np.testing.assert_allclose(found, alone, rtol=1e-4)
    integers = np.round(rows[:1]).astype("int32")
    np.testing.assert_array_equal(
        to_numpy(layer(integers)), to_numpy(layer(integers.astype("float32")))
    )


ODD = {
    "nothing": [np.nan, np.nan, np.nan],
    "one": [5.0],
    "two": [5.0, 6.0],
    "three": [5.0, np.nan, 6.0],
    "constant": [7.0] * 30,
    "zeros": [0.0] * 30,
    "zeros and negatives": [0.0, -1.0, 2.0, -3.0, 0.0] * 6,
    "counts": [0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 4, 0] * 2,
    "shorter than a season": [3.0, 5.0, 4.0, 6.0, 5.0],
    "tiny": 1e-9 * wave(40),
    "huge": 1e12 * wave(40),
    "a fall towards zero": 100 * 0.9 ** np.arange(60),
    "strong growth": 2.0 ** np.arange(30),
    "a wild last value": np.r_[wave(40), 1000.0],
    "a long gap": np.r_[wave(30), [np.nan] * 20, wave(5)],
}


@pytest.fixture(scope="module")
def odd_forecasts():
    """Of all at once: a series is alone in its batch, and starts with padding."""
    longest = max(len(x) for x in ODD.values())
    rows = [np.r_[[np.nan] * (longest - len(x)), x] for x in ODD.values()]
    x = np.array(rows, "float32")[:, :, None]
    found = to_numpy(SmoothingBank(6, season_length=12)(x))[:, :, 0]
    return dict(zip(ODD, found, strict=True))


@pytest.mark.parametrize("name", ODD)
def test_odd_series_have_sane_forecasts(name, odd_forecasts):
    x, found = np.asarray(ODD[name], float), odd_forecasts[name]
    assert np.isfinite(found).all()
    known = x[np.isfinite(x)] if np.isfinite(x).any() else np.zeros(1)
    spread = known.max() - known.min()
    around = 1.5 * spread + 1e-6 * np.abs(known).max()
    assert (found <= known.max() + around).all()
    assert (found >= known.min() - around).all()
    if known.min() >= 0:
        assert (found >= 0).all()
    if spread == 0:
        np.testing.assert_allclose(found, known[0], rtol=1e-5)


def test_growth_goes_on_and_does_not_stop_flat():
    found = forecast(2.0 ** np.arange(30), 3)
    assert found[0] > 1.3 * 2.0**29 and found[2] > 1.3 * found[0]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"horizon": 0}, "horizon"),
        ({"season_length": 0}, "season_length"),
        ({"levels": (1.5,)}, "between 0 and 1"),
        ({"trends": ("steep",)}, "trend"),
    ],
)
def test_wrong_settings(settings, message):
    with pytest.raises(ValueError, match=message):
        SmoothingBank(**{"horizon": 2, **settings})


def test_a_step_of_training_keeps_shares_between_0_and_1():
    import keras

    layer = SmoothingBank(3, season_length=4)
    model = keras.Sequential([keras.layers.Input((24, 1)), layer])
    model.compile(keras.optimizers.SGD(5.0), "mae")
    x = np.stack([wave(27, 4, 1.0, seed) for seed in range(8)])[:, :, None]
    model.fit(x[:, :24], x[:, 24:], epochs=3, verbose=0)
    shares = [w for w in layer.weights if "rate" in w.path or "damping" in w.path]
    assert shares
    for share in map(to_numpy, shares):
        assert share.min() >= 0 and share.max() <= 1
