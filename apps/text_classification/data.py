"""From files to training, validation and test examples."""

from collections.abc import Sequence

from ..common.classification.data import (
    Dataset,
    Examples,
    encode_examples,
    make_dataset,
)
from .config import Config
from .data_report import describe, format_report
from .sources import read_path, read_splits

__all__ = ["Dataset", "Examples", "format_report", "load_data", "load_examples"]


def load_data(config: Config) -> Dataset:
    """Reads and checks the data that a configuration names.

    Raises:
        PolyheadError: the data cannot be used; the message names file, row and
            remedy.
        UsageError: the configuration names no source, or several.
    """
    return make_dataset(config, read_splits(config), describe)


def load_examples(config: Config, path: str, label_names: Sequence[str]) -> Examples:
    """Reads one more file, or folder, with the labels that a model knows.

    Raises:
        PolyheadError: it cannot be read, or holds a label that the model lacks.
    """
    return encode_examples(read_path(config, path), label_names, config.multi_label)
