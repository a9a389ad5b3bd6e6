"""The one number that stands for the quantiles."""

import numpy as np
import pytest
from keras import ops

from polyhead.apps.forecasting.networks.quantiles import POINT, central


def forecast(model, inputs):
    found = model.forecast({n: ops.convert_to_tensor(x) for n, x in inputs.items()})
    return {name: ops.convert_to_numpy(value) for name, value in found.items()}


@pytest.mark.parametrize("levels", [[0.1, 0.5, 0.9], [0.05, 0.5, 0.95]])
def test_the_forecast_is_half_way_from_the_median_to_the_mean(levels):
    draws = np.random.default_rng(0).gamma(8.0, size=200_000)
    found = np.quantile(draws, levels).astype("float32")
    found = ops.convert_to_tensor(found[None, :, None, None])
    forecast = float(ops.squeeze(central(found, levels)))
    wanted = (draws.mean() + np.median(draws)) / 2
    assert abs(forecast - wanted) < 0.15 * (draws.mean() - np.median(draws))


@pytest.mark.parametrize(
    "levels, wanted", [([POINT], 1.0), ([0.5, 0.9], 1.0), ([0.1, 0.5, 0.8], 2.0)]
)
def test_the_forecast_is_the_median_where_no_pair_lies_around_it(levels, wanted):
    y = np.arange(1.0, 1 + len(levels), dtype="float32").reshape(1, -1, 1, 1)
    assert float(ops.squeeze(central(ops.convert_to_tensor(y), levels))) == wanted
