"""The tasks that the command line knows. Their modules are imported when needed."""

import importlib
from dataclasses import dataclass

from .common.errors import UsageError


@dataclass(frozen=True)
class Task:
    """A task's folder, and what the command line has for it.

    Args:
        module: its package.
        flags: fields of its `Config` that have a flag of their own, with the help.
        options: verb to the arguments of the run's method that have one.
        reads_lines: whether a file of no known kind is one text a line.
        reads_tables: whether what it answers for is a whole file, not a text a row.
        keras_options: of `predict`, that an exported file does not know.
    """

    module: str
    flags: dict[str, str]
    options: dict[str, tuple[str, ...]]
    reads_lines: bool = False
    reads_tables: bool = False
    keras_options: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.module.rsplit(".", 1)[-1].replace("_", "-")


_DATA_FLAGS = {
    "train": "training data: a file",
    "validation": "validation data; a part of the training data where absent",
    "test": "test data",
    "dataset": "an embedded data set instead of files",
    "tfds": "a TensorFlow Datasets name instead of files",
    "tfds_dir": "where that data set is prepared",
}
_RUN_FLAGS = {
    "run": "folder of the run (default: saved_models/<task>-<data>)",
    "preset": "size of the model",
    "init_from": "an older run whose weights to begin with",
    "epochs": "passes over the training data, at most",
    "seed": "of everything random",
    "deterministic": "bit-equal results for the same seed; slower",
}

TASKS = {
    "text-classification": Task(
        "polyhead.apps.text_classification",
        _DATA_FLAGS
        | {
            "text_column": "column of the texts; a number where there is no header",
            "label_column": "column of the labels",
            "multi_label": "several labels a text, or none",
            "label_separator": "between the labels of a text",
        }
        | _RUN_FLAGS
        | {
            "train": "training data: a file, or a folder of class folders",
            "preset": "size of the model, or what to fine-tune",
        },
        {
            "evaluate": ("test", "threshold"),
            "predict": ("engine", "top_k", "threshold"),
            "export": ("max_input_bytes", "max_loss", "author", "license"),
        },
    ),
    "translation": Task(
        "polyhead.apps.translation",
        _DATA_FLAGS
        | {
            f"{split}_{side}": f"{split} data: one {side} sentence a line"
            for split in ("train", "validation", "test")
            for side in ("source", "target")
        }
        | {
            f"{side}_{what}": f"{text} of the {side} sentences"
            for what, text in (("column", "column"), ("language", "language"))
            for side in ("source", "target")
        }
        | _RUN_FLAGS,
        {
            "evaluate": (
                "test",
                "test_source",
                "test_target",
                "tokenize",
                "lowercase",
                "beam_size",
            ),
            "predict": (
                "engine",
                "beam_size",
                "n_best",
                "temperature",
                "top_k",
                "top_p",
                "seed",
            ),
            "export": (
                "max_input_bytes",
                "max_output_bytes",
                "beam_size",
                "max_loss",
                "author",
                "license",
            ),
        },
        reads_lines=True,
        keras_options=("beam_size", "n_best", "temperature", "top_k", "top_p", "seed"),
    ),
    "forecasting": Task(
        "polyhead.apps.forecasting",
        _DATA_FLAGS
        | {
            "split": "rows or shares of train, validation and test, in time order",
            "time_column": "column of the time stamps",
            "series_column": "column of the series' names, in a long table",
            "target": "columns to forecast (default: all without another part)",
            "past_covariates": "columns that help, known up to now",
            "future_covariates": "columns that are known before they happen",
            "categorical": "covariates that are names, not numbers",
            "frequency": "step of time: 15min, h, D, W, B, MS (default: found)",
            "look_back": "steps of history that a forecast is made from",
            "horizon": "steps that are forecast",
            "quantiles": "shares of the truth below each line of the fan",
            "model": "periodic, patch, encoder-decoder, linear, or auto",
            "loss": "mae, mse or huber",
        }
        | _RUN_FLAGS,
        {
            "evaluate": ("test",),
            "predict": ("engine", "future"),
            "backtest": ("stride",),
            "export": ("max_loss", "author", "license"),
        },
        reads_tables=True,
    ),
}


def find_task(name):
    """Returns the `Task`, or raises a UsageError that lists them."""
    if name not in TASKS:
        raise UsageError(f"unknown task {name!r}: one of {', '.join(TASKS)}")
    return TASKS[name]


def config_class(name):
    """Returns the task's `Config` without importing TensorFlow."""
    return importlib.import_module(f"{find_task(name).module}.config").Config


def load_app(name):
    """Imports the task's package."""
    return importlib.import_module(find_task(name).module)
