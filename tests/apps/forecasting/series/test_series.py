"""Rows on a regular grid."""

import numpy as np
import pytest
from wave_tools import hours, make_config, make_small, make_waves, write_wide

from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.forecasting.data import load_data


def test_months_that_begin_on_the_last_of_february(tmp_path):
    months = np.arange("2023-02", "2026-06", dtype="datetime64[M]")
    stamps = months.astype("datetime64[D]") + np.timedelta64(27, "D")
    path = write_wide(tmp_path / "a.csv", make_waves(len(stamps)), stamps=stamps)
    dataset = load_data(make_config(path))
    assert (dataset.series[0].stamps(dataset.frequency) == stamps).all()
    assert dataset.report["last"] == "2026-05-28T00:00:00"


def test_a_mistyped_year_in_a_later_file_is_no_gap(tmp_path):
    path = write_wide(tmp_path / "a.csv", make_waves(200))
    far = hours(50, "2204-01-10T00")
    test = write_wide(tmp_path / "b.csv", make_waves(50), stamps=far)
    with pytest.raises(PolyheadError, match="b.csv: begins at 2204-01-10.* correct"):
        load_data(make_small(path, test=test))
