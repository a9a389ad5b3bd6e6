"""From files to training, validation and test examples, and what is said of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..common.classification import data_report
from ..common.classification.data import (
    Dataset,
    Examples,
    Labelled,
    encode_examples,
    make_dataset,
)
from ..common.classification.labels import clean_labels
from ..common.data.class_folders import find_split_folders, list_class_files
from ..common.data.report import finish_report
from ..common.data.sources import SPLITS, read_sources
from ..common.data.tables import read_table
from ..common.data.text_files import read_text
from ..common.data.tfds import check_columns, name_labels
from ..common.errors import UsageError
from ..common.text.cleaning import clean_texts
from ..datasets.languages import read_languages
from .config import Config

CUT_BYTES = 256  # what an exported file reads unless told otherwise
_PERCENTILES = (50, 90, 95, 99, 100)


def load_data(config: Config) -> Dataset:
    """Reads and checks the data that a configuration names."""
    return make_dataset(config, read_splits(config), describe)


def load_examples(config: Config, path: str, label_names: Sequence[str]) -> Examples:
    """Reads one more file, or folder, with the labels that a model knows."""
    return encode_examples(read_path(config, path), label_names, config.multi_label)


def read_splits(config: Config) -> dict[str, Labelled]:
    """Reads every split that the configuration names."""
    splits = read_sources(
        config,
        files=lambda path: _read_train(config, path),
        tfds=lambda builder, split: _read_tfds_split(config, builder, split),
        embedded={
            "languages": lambda: {
                split: _clean(config, f"languages/{split}", texts, labels)
                for split, (texts, labels) in read_languages().items()
            }
        },
    )
    for split in SPLITS[1:]:
        path = getattr(config, split)
        if path is not None:
            splits[split] = read_path(config, path)
    return splits


def read_path(config: Config, path: str) -> Labelled:
    """Reads a file, or a folder of class folders."""
    if Path(path).is_dir():
        return _read_folder(config, Path(path))
    names = [config.text_column.strip(), config.label_column.strip()]
    table = read_table(path, names)
    texts, labels = (table.columns[name] for name in names)
    return _clean(config, table.source, texts, labels, table.rows)


def _clean(config: Config, source: str, texts, labels, rows=None) -> Labelled:
    rows = np.arange(1, len(texts) + 1) if rows is None else rows
    texts = clean_texts(source, texts, rows)
    separator = config.label_separator if config.multi_label else None
    labels = clean_labels(source, labels, rows, config.label_column, separator)
    return Labelled(source, texts, labels, rows)


def _read_train(config: Config, path: str) -> dict[str, Labelled]:
    folders = find_split_folders(Path(path))
    if folders:
        return {split: _read_folder(config, part) for split, part in folders.items()}
    return {"train": read_path(config, path)}


def _read_folder(config: Config, path: Path) -> Labelled:
    if config.multi_label:
        raise UsageError(f"{path}: a folder has one label a text; drop --multi-label")
    files, labels = list_class_files(path, (".txt", ".txt.gz"))
    return _clean(config, str(path), [read_text(file) for file in files], labels)


def _read_tfds_split(config: Config, builder: Any, split: str) -> Labelled | None:
    import tensorflow_datasets as tfds

    features, name = builder.info.features, str(config.tfds)
    check_columns(name, features, (config.text_column, config.label_column))
    texts, labels = [], []
    for example in tfds.as_numpy(builder.as_dataset(split=split)):
        texts.append(example[config.text_column])
        label = example[config.label_column]
        labels.append(name_labels(features[config.label_column], label))
    if split != "train" and all(label is None for label in labels):
        return None  # the test labels of GLUE, say, are not public
    return _clean(config, f"{name}/{split}", texts, labels)


def describe(
    splits: Mapping[str, Examples], label_names, removed: int, warnings: list[str]
) -> dict:
    """Counts rows, classes and lengths of every split; warns of what looks wrong."""
    empty = sum(not text.strip() for part in splits.values() for text in part.inputs)
    if empty:
        warnings = [*warnings, f"{empty} texts are empty"]
    lengths = np.array([len(text.encode()) for text in splits["train"].inputs])
    return {
        **data_report.describe_labels(splits, label_names, removed, warnings),
        "length_bytes": {
            str(percentile): int(np.percentile(lengths, percentile, method="higher"))
            for percentile in _PERCENTILES
        },
        f"share_over_{CUT_BYTES}_bytes": float(np.mean(lengths > CUT_BYTES)),
    }


def format_report(report: dict) -> str:
    """The report as plain text for `--dry-run`."""
    lengths = "  ".join(
        f"{'max' if percentile == '100' else percentile + '%'} {count:,}"
        for percentile, count in report["length_bytes"].items()
    )
    share = report[f"share_over_{CUT_BYTES}_bytes"]
    line = f"bytes       {lengths}  (longer than {CUT_BYTES}: {share:.1%})"
    rows, classes = data_report.format_rows(report), data_report.format_classes(report)
    return finish_report([*rows, line, "", *classes], report["warnings"])
