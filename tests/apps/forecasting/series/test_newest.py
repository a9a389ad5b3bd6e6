"""Tables of new rows."""

import pandas as pd
import pytest
from wave_tools import hours

from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.forecasting.series.newest import to_table


def test_tables_of_pandas():
    table = pd.DataFrame({"date": hours(3), "y": pd.array([1, None, 3], "Int64")})
    assert to_table(table).columns["y"] == [1, None, 3]
    table.columns = ["y", "y"]
    with pytest.raises(PolyheadError, match="two columns are named 'y'"):
        to_table(table)
