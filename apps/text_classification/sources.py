"""Where labelled texts come from: a table, a folder, TFDS, or the embedded set."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..common.classification.labels import clean_label, split_labels
from ..common.data.sources import read_sources
from ..common.data.tables import list_rows, read_table
from ..common.data.text_files import read_text
from ..common.errors import PolyheadError, UsageError
from ..common.text.cleaning import clean_texts
from ..datasets.languages import read_languages
from .config import Config


@dataclass(frozen=True)
class Labelled:
    """Texts beside their labels, before the labels are numbered."""

    source: str
    texts: list[str]
    labels: list  # str, or if multi-label a tuple of str
    rows: np.ndarray  # int64, where in the source each comes from


def read_splits(config: Config) -> dict[str, Labelled]:
    """Reads every part that the Config names: "train", "validation", "test"."""
    parts = read_sources(
        config,
        files=lambda path: _read_train(config, path),
        tfds=lambda builder, split: _read_tfds_split(config, builder, split),
        embedded={"languages": lambda: _read_languages(config)},
    )
    for split in ("validation", "test"):
        path = getattr(config, split)
        if path is not None:
            parts[split] = read_path(config, path)
    return parts


def read_path(config: Config, path: str) -> Labelled:
    """Reads a file, or a folder of class folders."""
    if Path(path).is_dir():
        return _read_folder(config, Path(path))
    names = [config.text_column.strip(), config.label_column.strip()]
    table = read_table(path, names)
    texts, labels = (table.columns[name] for name in names)
    return _labelled(config, table.source, texts, labels, table.rows)


def _labelled(
    config: Config, source: str, texts: list, labels: list, rows: np.ndarray
) -> Labelled:
    texts = clean_texts(source, texts, rows)
    if config.multi_label:
        separator = config.label_separator
        labels = [split_labels(label, separator) for label in labels]
        return Labelled(source, texts, labels, rows)
    lists = [
        row for row, label in zip(rows, labels, strict=True) if isinstance(label, list)
    ]
    if lists:
        raise PolyheadError(
            f"{source}: {list_rows(lists)}: a list of labels; add --multi-label"
        )
    labels = [clean_label(label) for label in labels]
    missing = [row for row, label in zip(rows, labels, strict=True) if not label]
    if missing:
        raise PolyheadError(
            f"{source}: {list_rows(missing)}: no label in column "
            f"'{config.label_column}'; fill it in or remove the row"
        )
    return Labelled(source, texts, labels, rows)


def _count(texts: Sequence) -> np.ndarray:
    return np.arange(1, len(texts) + 1)


def _read_train(config: Config, path: str) -> dict[str, Labelled]:
    # A class may be called "train" too, but then it holds files, not folders.
    if _has_folders(Path(path) / "train"):
        return {
            split: _read_folder(config, Path(path) / split)
            for split in ("train", "validation", "test")
            if _has_folders(Path(path) / split)
        }
    return {"train": read_path(config, path)}


def _has_folders(path: Path) -> bool:
    return path.is_dir() and any(child.is_dir() for child in path.iterdir())


def _read_folder(config: Config, path: Path) -> Labelled:
    if config.multi_label:
        raise UsageError(f"{path}: a folder has one label a text; drop --multi-label")
    files = sorted(
        file
        for pattern in ("*/*.txt", "*/*.txt.gz")
        for file in path.glob(pattern)
        if file.is_file()
    )
    if not files:
        raise PolyheadError(
            f"{path}: no texts; a folder needs a folder a class, with .txt files in it"
        )
    texts = [read_text(file) for file in files]
    labels = [file.parent.name for file in files]
    return _labelled(config, str(path), texts, labels, _count(files))


def _read_languages(config: Config) -> dict[str, Labelled]:
    return {
        split: _labelled(config, f"languages/{split}", texts, labels, _count(texts))
        for split, (texts, labels) in read_languages().items()
    }


def _read_tfds_split(config: Config, builder: Any, split: str) -> Labelled | None:
    import tensorflow_datasets as tfds

    features = builder.info.features
    for column in (config.text_column, config.label_column):
        if column not in features:
            raise PolyheadError(
                f"{config.tfds}: no column '{column}'; it has: {', '.join(features)}"
            )
    feature = features[config.label_column]
    feature = getattr(feature, "feature", feature)  # what a sequence is made of
    name_of = getattr(feature, "int2str", lambda value: value)

    def named(label: Any) -> Any:
        if np.ndim(label):
            return [named(item) for item in label]
        if not isinstance(label, np.integer):
            return label
        return name_of(label) if label >= 0 else None  # -1 is a hidden label

    texts, labels = [], []
    for example in tfds.as_numpy(builder.as_dataset(split=split)):
        texts.append(example[config.text_column])
        labels.append(named(example[config.label_column]))
    if split != "train" and all(label is None for label in labels):
        return None  # the test labels of GLUE, say, are not public
    source = f"{config.tfds}/{split}"
    return _labelled(config, source, texts, labels, _count(texts))
