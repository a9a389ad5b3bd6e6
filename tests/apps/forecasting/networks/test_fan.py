"""The fan that training rows call for."""

import numpy as np
import pytest
from wave_tools import make_config, make_waves, write_long

from polyhead.apps.forecasting.data import load_data
from polyhead.apps.forecasting.networks.fan import measure_fan
from polyhead.apps.forecasting.series.statistics import standardisation


def fan_of(path, series):
    dataset = load_data(make_config(write_long(path, series)))
    return measure_fan(dataset, 48, *standardisation(dataset))


@pytest.mark.parametrize("level", [21.3, 0.1, 1e6 / 3, -7.7, 0.0])
def test_a_series_that_never_changes_does_not_decide_that_of_the_others(
    tmp_path, level
):
    series = {str(n): make_waves(400, 1, n) for n in range(3)}
    wanted = fan_of(tmp_path / "a.csv", series)
    broken = {"broken": np.full((400, 1), level)}
    found = fan_of(tmp_path / "b.csv", series | broken)
    # Their shared scale is the same, for a constant series has the median spread.
    assert found == {k: pytest.approx(v, rel=1e-3) for k, v in wanted.items()}
