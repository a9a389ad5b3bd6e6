"""Translation: from two text files to one file that translates.

Example:

    from polyhead.apps import translation

    run = translation.train(
        translation.Config(
            train_source="train.en", train_target="train.de", run="saved_models/en-de"
        )
    )
    run.predict(["a man rides a bike"])
    run.export()
"""

from .config import Config

__all__ = [
    "Config",
    "format_answers",
    "format_export",
    "format_metrics",
    "format_report",
    "load",
    "train",
]


def train(config, **options):
    """Trains a translator; see `training.train`. TensorFlow loads at the call."""
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


def format_answers(config, inputs, answers, style):
    """What `predict` prints; see `answers.format_translations`."""
    from ..common.generation.answers import format_translations

    return format_translations(inputs, answers, style)


def format_export(report):
    """An export's report as a table."""
    from ..common.export.report import format_export_report

    return format_export_report(report)
