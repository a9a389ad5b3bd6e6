"""The loss, by hand."""

import numpy as np
import pytest

from polyhead.apps.forecasting.networks.losses import ForecastError, ForecastLoss
from polyhead.apps.forecasting.networks.quantiles import POINT

LEVELS = [0.1, 0.5, 0.9]


def test_loss_by_hand():
    truth = np.array([[[2.0], [np.nan], [2.0]]], "float32")  # the last is the spread
    found = np.array([[[[1.0, 1.5, 4.0]], [[9.0, 9.0, 9.0]]]], "float32")
    loss = ForecastLoss("mae", LEVELS)
    wanted = 2 * (0.1 * 0.5 + 0.5 * 0.25 + 0.1 * 1.0)
    assert float(loss(truth, found)) == pytest.approx(wanted)
    point = found[..., :1]
    for kind, spread, wanted in (
        ("mae", 2, 0.5),
        ("mse", 2, 0.25),
        ("huber", 0.5, 1.5),
    ):
        truth[0, 2] = spread
        assert float(ForecastLoss(kind, [POINT])(truth, point)) == pytest.approx(wanted)


def test_windows_weigh_alike_however_much_is_missing():
    truth = np.array([[[1.0], [1.0], [1.0]], [[3.0], [np.nan], [1.0]]], "float32")
    found = np.zeros((2, 2, 1, 1), "float32")
    assert float(ForecastLoss("mae", [POINT])(truth, found)) == pytest.approx(2.0)
    truth[1, 2] = 3.0  # in units of its own spread
    assert float(ForecastLoss("mae", [POINT])(truth, found)) == pytest.approx(1.0)


def test_the_error_of_training_is_that_of_the_median_over_known_values():
    truth = np.array([[[1.0], [np.nan], [2.0]], [[3.0], [1.0], [1.0]]], "float32")
    rng = np.random.default_rng(0)
    found = rng.normal(size=(2, 2, 1, 6)).astype("float32")  # of two heads
    middle = found[..., [1, 4]].mean(axis=3)
    error = ((truth[:, :2] - middle) / truth[:, 2:])[~np.isnan(truth[:, :2])]
    metrics = [ForecastError(name, 1, 3) for name in ("mae", "mse")]
    for metric in metrics:
        for row in range(2):  # batches
            metric.update_state(truth[row : row + 1], found[row : row + 1])
    mae, mse = (float(metric.result()) for metric in metrics)
    assert mae == pytest.approx(np.abs(error).mean(), rel=1e-5)
    assert mse == pytest.approx((error**2).mean(), rel=1e-5)
