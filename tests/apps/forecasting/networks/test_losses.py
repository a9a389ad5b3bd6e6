"""The loss, by hand."""

import numpy as np
import pytest

from polyhead.apps.forecasting.networks.losses import ForecastLoss
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
