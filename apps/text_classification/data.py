"""From files to training, validation and test examples, and what is said of them."""

from collections.abc import Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from ..common.classification import data_report
from ..common.classification.data import (
    Dataset,
    Examples,
    Labelled,
)
from ..common.classification.known import load_dataset
from ..common.classification.labels import clean_labels
from ..common.data.class_folders import find_split_folders, list_class_files, list_empty
from ..common.data.known_rows import Known
from ..common.data.label_forms import USUAL, find_separator, read_labelled
from ..common.data.report import finish_report
from ..common.data.sources import SPLITS, read_sources
from ..common.data.text_files import read_text
from ..common.data.tfds import check_columns, name_labels
from ..common.errors import UsageError
from ..common.text.cleaning import clean_texts
from ..common.text.limits import describe_fit, fit_bytes
from ..common.text.normalization.normalizer import Normalizer
from ..datasets.languages import describe_languages, read_languages
from .config import Config

_PERCENTILES = (50, 90, 95, 99, 100)


def load_data(config: Config, known: Known | None = None) -> Dataset:
    """Reads and checks the data that a configuration names.

    `known` is what is known of the run if it was trained before.
    """
    return load_dataset(config, read_splits(config), describe, known=known)


def read_splits(config: Config) -> dict[str, Labelled]:
    """Reads every split that the configuration names."""
    splits = read_sources(
        config,
        files=lambda path: _read_train(config, path),
        table=lambda rows: read_path(config, rows, trains=True),
        tfds=lambda builder, split: _read_tfds_split(config, builder, split),
        embedded={
            "languages": lambda: {
                split: replace(
                    _clean(config, f"languages/{split}", texts, labels),
                    descriptions=describe_languages(),
                )
                for split, (texts, labels) in read_languages().items()
            }
        },
    )
    for split in SPLITS[1:]:
        path = getattr(config, split)
        if path is not None:
            splits[split] = read_path(config, path)
    return splits


def read_path(config: Config, path: Any, trains: bool = False) -> Labelled:
    """Reads a file, a folder of class folders, or rows from Python.

    What does not train may have the labels in another form than that which does.
    """
    if isinstance(path, str | PathLike) and Path(path).is_dir():
        return _read_folder(config, Path(path))
    names = config.text_column.strip(), config.label_column.strip()
    guess = not trains or names[1] == USUAL
    table, labels, notes = read_labelled(path, *names, config.multi_label, guess)
    texts = table.columns[names[0]]
    cleaned = _clean(config, table.source, texts, labels, table.rows)
    return replace(cleaned, notes=(*table.notes, *notes, *cleaned.notes))


def _clean(config: Config, source: str, texts, labels, rows=None) -> Labelled:
    rows = np.arange(1, len(texts) + 1) if rows is None else rows
    texts = clean_texts(source, texts, rows)
    separator, notes = config.label_separator if config.multi_label else None, []
    other = find_separator(labels, separator) if separator else None
    if other:
        notes.append(
            f"{source}: no label has {separator!r} between it and the next, but some "
            f"have {other!r}: see --label-separator"
        )
    labels = clean_labels(source, labels, rows, config.label_column, separator)
    key_of = Normalizer(config.normalization, config.case_fold)
    return Labelled(source, texts, labels, rows, tuple(notes), key_of)


def _read_train(config: Config, path: str) -> dict[str, Labelled]:
    folders, splits = find_split_folders(Path(path)), dict[str, Labelled]()
    for split, folder in folders.items():
        if split == "train" or getattr(config, split) is None:
            note = f"{folder} is used as {split}"
            notes = () if split == "train" else (note,)
            read = _read_folder(config, folder)
            splits[split] = replace(read, notes=(*notes, *read.notes))
    return splits or {"train": read_path(config, path, trains=True)}


def _read_folder(config: Config, path: Path) -> Labelled:
    if config.multi_label:
        raise UsageError(f"{path}: a folder has one label a text; drop --multi-label")
    files, labels = list_class_files(path, (".txt", ".txt.gz"))
    read = _clean(config, str(path), [read_text(file) for file in files], labels)
    empty = list_empty(path, set(labels))
    note = f"{path}: no texts are in {', '.join(empty)}: no class"
    return replace(read, notes=(note,)) if empty else read


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
        "fitting_bytes": fit_bytes(splits["train"].inputs),
    }


def format_report(report: dict) -> str:
    """The report as plain text for `--dry-run`."""
    lengths = "  ".join(
        f"{'max' if percentile == '100' else percentile + '%'} {count:,}"
        for percentile, count in report["length_bytes"].items()
    )
    line = f"bytes       {lengths}  ({describe_fit(report['fitting_bytes'])})"
    rows, classes = data_report.format_rows(report), data_report.format_classes(report)
    return finish_report([*rows, line, "", *classes], report["warnings"])
