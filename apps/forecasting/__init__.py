"""Forecasting: from a table of numbers to one file that forecasts them.

Example:

    from polyhead.apps import forecasting

    run = forecasting.train(
        forecasting.Config(train="sales.csv", horizon=28, run="saved_models/sales")
    )
    run.predict("sales.csv")
    run.export()
"""

from ..common.api import make_api
from .config import Config
from .task import TASK

__all__ = ["TASK", "Config", "load", "train"]

train, load = make_api(TASK)
