"""Text classification: from labelled texts to one file that takes raw text.

Example:

    from polyhead.apps import text_classification

    run = text_classification.train(
        text_classification.Config(train="reviews.csv", run="saved_models/reviews")
    )
    run.predict(["what a fine day"])
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
    """Trains a classifier; see `training.train`. TensorFlow loads at the call."""
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
    """What `predict` prints; see `answers.format_predictions`."""
    from ..common.classification.answers import format_predictions

    separator = config.label_separator if config.multi_label else None
    return format_predictions(inputs, answers, style, separator)


def format_export(report):
    """An export's report as a table."""
    from ..common.export.report import format_export_report

    return format_export_report(report)
