"""Grids of time of each kind of step."""

import pandas as pd

from polyhead.apps.forecasting.series.frequency import Frequency

GRIDS = [
    ("15min", "2024-02-28 23:00", Frequency("second", 900)),
    ("h", "2023-12-31 05:30", Frequency("second", 3600)),
    ("D", "2024-02-27", Frequency("second", 86400)),
    ("W-SAT", "1999-12-25", Frequency("second", 7 * 86400)),
    ("B", "2024-02-28", Frequency("business", 1)),
    ("MS", "2023-11-01", Frequency("month", 1)),
    ("ME", "2023-11-30", Frequency("month", 1)),
    ("QS", "2023-10-01", Frequency("month", 3)),
    ("YS", "1960-01-01", Frequency("month", 12)),
]


def grid(code, first, count=40):
    return pd.date_range(first, periods=count, freq=code).to_numpy("datetime64[s]")
