"""Forecasts from one origin after the other."""

import numpy as np
import pytest
from wave_tools import make_small, make_waves, write_wide

from polyhead.apps.common.errors import UsageError
from polyhead.apps.forecasting import train


def test_a_backtest_without_an_origin(tmp_path):
    values = make_waves(200, 1)
    values[160:166] = np.nan  # all of the first origin's horizon
    path = write_wide(tmp_path / "a.csv", values)
    changes = {"split": "120,40,40"}
    run = train(make_small(path, tmp_path / "run", **changes), quiet=True)
    with pytest.raises(UsageError, match="--stride 100: no origin has a truth"):
        run.backtest(100)
