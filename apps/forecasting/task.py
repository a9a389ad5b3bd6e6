"""Forecasting as a task. Imports nothing heavy."""

from ..common.flags import DATA_FLAGS, RUN_FLAGS
from ..common.run.folder import name_data
from ..common.task import Task, Verb
from .config import (
    ARCHITECTURE,
    CHOICES,
    OLDER_DEFAULTS,
    RANGES,
    Config,
    fill,
    read_choice,
)
from .page import page_examples, page_facts


def _answering():
    from .answering import ANSWERING

    return ANSWERING


def _steps():
    from .steps import STEPS

    return STEPS


def _format_backtest(report):
    from .scoring.backtest import format_backtest

    return format_backtest(report)


TASK = Task(
    name="forecasting",
    config=Config,
    flags={
        **DATA_FLAGS,
        "split": "rows or shares of train, validation and test, in time order",
        "time_column": "column of the time stamps",
        "series_column": "column of the series' names, if several (default: found)",
        "target": "columns to forecast (default: all without another role)",
        "past_covariates": "columns that help, known up to now",
        "future_covariates": "columns that are known before they happen",
        "categorical": "covariates that are names, not numbers",
        "frequency": "step of time: 15min, h, D, W, B, MS (default: found)",
        "look_back": "steps of history that a forecast is made from",
        "horizon": "steps that are forecast",
        "quantiles": "shares of the truth below each line of the fan",
        "non_negative": "for counts: no forecast is below 0",
        "model": "periodic, patch, encoder-decoder, linear, or auto",
        "loss": "mae, mse or huber",
        **RUN_FLAGS,
    },
    options={
        "evaluate": ("test",),
        "predict": ("engine", "future"),
        "export": ("test", "max_loss", "author", "license"),
        "benchmark": ("test",),
    },
    answering=_answering,
    steps=_steps,
    choices=CHOICES,
    ranges=RANGES,
    architecture=ARCHITECTURE,
    older_defaults=OLDER_DEFAULTS,
    fill=fill,
    older_config=read_choice,
    data_name=name_data,
    input="table",
    files=("columns.json", "backtest.csv"),
    verbs={
        "backtest": Verb(
            help="forecast the past from one origin after the other",
            description="Forecast from one origin after the other, no refit.",
            options={
                "stride": (int, 1, "steps between origins (default: the horizon)"),
                "test": (str, None, "rows after the run's own, instead of its test"),
            },
            function=lambda run, stride=None, test=None: run.backtest(stride, test),
            format=_format_backtest,
        )
    },
    page_facts=page_facts,
    page_examples=page_examples,
)
