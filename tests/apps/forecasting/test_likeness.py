"""Damaged files of a forecaster are refused whatever their error is."""

import numpy as np
import pytest

from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.export.verification import Form, compare
from polyhead.apps.forecasting.exporting import make_metric

RNG = np.random.default_rng(0)
TRUTH = RNG.normal(size=(60, 5, 1)).astype(np.float32)
KERAS = TRUTH + RNG.normal(scale=0.3, size=TRUTH.shape).astype(np.float32)
FAN = np.float32([-0.4, 0, 0.4])


def outputs_of(forecast, fan=FAN):
    return {"forecast": forecast, "quantiles": forecast[..., None] + fan}


def check(outputs):
    spread = np.ones((60, 1, 1), np.float32)
    scales = {"forecast": spread, "quantiles": spread[..., None]}
    form = Form(None, {}, outputs_of(KERAS), scales=scales)
    metric = make_metric(TRUTH, spread)
    return compare("model_int8.tflite", outputs, form, metric, False, 0.3)


def test_rounding_is_let_pass():
    noise = RNG.normal(scale=0.002, size=KERAS.shape).astype(np.float32)
    assert check(outputs_of(KERAS + noise))["likeness"] > 99
    assert check(outputs_of(KERAS))["likeness"] == 100


@pytest.mark.parametrize(
    "damaged",
    [
        outputs_of(2 * TRUTH - KERAS),  # mirrored round the truth: the same error
        outputs_of(KERAS, 0 * FAN),
        outputs_of(KERAS, 1e6 * FAN),
        outputs_of(KERAS, FAN * np.nan),
        outputs_of(np.where(np.arange(5)[:, None] > 0, np.nan, KERAS)),
    ],
    ids=["mirrored", "no fan", "wide fan", "NaN fan", "NaN steps"],
)
def test_damage_is_refused(damaged):
    with pytest.raises(PolyheadError, match="nothing was exported"):
        check(damaged)
