"""What float32 loses of a history, said by the client."""

import doctest
from pathlib import Path

import numpy as np

from polyhead import runtime
from polyhead.runtime import rounding

SAVED = Path(__file__).resolve().parents[2] / "saved_models"


def test_documented_example():
    result = doctest.testmod(rounding)
    assert result.attempted and not result.failed


def test_nothing_is_lost_of_nothing():
    for values in ([], [1.0], [np.nan, np.nan], [1e8, 1e8], [np.nan, 1e8, 1e8 + 96]):
        assert rounding.describe_rounding(values) == ""


def test_the_client_says_it():
    model = runtime.load(SAVED / "co2/export/model_int8.tflite")
    history = 1e8 + np.arange(model.look_back)[:, None]
    (note,) = model.predict(history, "2024-01-06").notes
    assert note == (
        "co2: float32 keeps it to steps of 8, but it changes by 1: subtract 100000000 "
        "first"
    )
    # What float32 has rounded already cannot be told from what was so.
    assert model.predict(300 + history - 1e8, "2024-01-06").notes == ()
