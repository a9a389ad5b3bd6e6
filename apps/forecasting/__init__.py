"""Forecasting: from a table of numbers to one file that forecasts them.

Example:

    from polyhead.apps import forecasting

    run = forecasting.train(
        forecasting.Config(train="sales.csv", horizon=28, run="saved_models/sales")
    )
    run.predict("sales.csv")
    run.export()
"""

from .config import Config

__all__ = [
    "Config",
    "format_answers",
    "format_backtest",
    "format_export",
    "format_metrics",
    "format_report",
    "load",
    "train",
]


def train(config, **options):
    """Trains a forecaster; see `training.train`. TensorFlow loads at the call."""
    from . import training

    return training.train(config, **options)


def load(path):
    """Reads a finished run's folder."""
    from .run import Run

    return Run(path)


def format_metrics(metrics):
    """A run's metrics as a table beside the baselines."""
    from .comparison import format_table

    return format_table(metrics)


def format_report(report):
    """What `--dry-run` found out about the data, as plain text."""
    from .data_report import format_report

    return format_report(report)


def format_answers(run, forecasts, style):
    """What `predict` prints; see `answers.format_forecasts`."""
    from .answers import format_forecasts

    return format_forecasts(run.columns, forecasts, style)


def format_backtest(report):
    """What `backtest` prints: a table of the origins."""
    from .backtest import format_backtest

    return format_backtest(report)


def format_export(report):
    """An export's report as a table."""
    from ..common.export.report import format_export_report

    return format_export_report(report)
