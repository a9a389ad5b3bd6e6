"""From files to training, validation and test examples."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..common.classification.labels import encode_labels, sort_labels
from ..common.data.splits import stratified_split
from ..common.errors import PolyheadError
from .config import Config
from .data_report import describe, format_report
from .sources import Labelled, read_path, read_splits

__all__ = ["Dataset", "Examples", "format_report", "load_data", "load_examples"]


@dataclass(frozen=True)
class Examples:
    """Texts and their labels as numbers."""

    texts: list[str]
    labels: np.ndarray  # int32 (rows,), or bool (rows, labels) if multi-label
    rows: np.ndarray  # int64 (rows,), where in the source each comes from
    source: str

    @property
    def inputs(self) -> list[str]:
        """What predictions.csv says of each example."""
        return self.texts


@dataclass(frozen=True)
class Dataset:
    """What a run trains and is measured on."""

    train: Examples
    validation: Examples
    test: Examples | None
    label_names: tuple[str, ...]
    multi_label: bool
    report: dict


def load_data(config: Config) -> Dataset:
    """Reads and checks the data that a Config names.

    Texts that validation or test holds are removed from training; a validation
    part is made where none is given. Test is never changed.

    Returns:
        A `Dataset`. Its report says what was found, with one line a warning.

    Raises:
        PolyheadError: If the data cannot be used; the message names file, row
            and remedy.
        UsageError: If the Config names no source, or several.
    """
    read = read_splits(config)
    names = _label_names(read["train"], config)
    parts = {split: _encode(part, names, config) for split, part in read.items()}
    train, removed = _without(parts["train"], parts)
    if "validation" not in parts:
        train, parts["validation"] = _split(train, config)
    parts["train"] = train
    parts = {
        split: parts[split]
        for split in ("train", "validation", "test")
        if split in parts
    }
    shared = _shared(parts)
    warnings = [f"{shared} validation texts are in test too"] if shared else []
    return Dataset(
        train=train,
        validation=parts["validation"],
        test=parts.get("test"),
        label_names=names,
        multi_label=config.multi_label,
        report=describe(parts, names, removed, warnings),
    )


def load_examples(config: Config, path: str, label_names: Sequence[str]) -> Examples:
    """Reads one more file, or folder, with the labels that a model knows.

    Raises:
        PolyheadError: If it cannot be read, or holds a label the model lacks.
    """
    return _encode(read_path(config, path), label_names, config)


def _label_names(train: Labelled, config: Config) -> tuple[str, ...]:
    cells = set(train.labels)
    names = sort_labels(
        label for cell in cells for label in (cell if config.multi_label else (cell,))
    )
    if len(cells) < 2:
        found = f"'{', '.join(names)}'" if names else "no label at all"
        raise PolyheadError(
            f"{train.source}: every row of column '{config.label_column}' has "
            f"{found}; a classifier needs examples of at least two classes"
        )
    return names


def _encode(part: Labelled, names: Sequence[str], config: Config) -> Examples:
    labels = encode_labels(
        part.labels, part.rows, part.source, names, config.multi_label
    )
    return Examples(part.texts, labels, part.rows, part.source)


def _without(train: Examples, parts: dict[str, Examples]) -> tuple[Examples, int]:
    """Training rows whose text is in no other split, and the number removed."""
    held_out = {
        text for split, part in parts.items() if split != "train" for text in part.texts
    }
    keep = np.array([text not in held_out for text in train.texts])
    if not keep.any():
        raise PolyheadError(
            f"{train.source}: validation or test has the text of every row; "
            "give a training file of its own"
        )
    return _take(train, keep), int(np.sum(~keep))


def _split(train: Examples, config: Config) -> tuple[Examples, Examples]:
    mask = stratified_split(
        train.texts, train.labels, config.validation_fraction, config.seed
    )
    if not mask.any():
        raise PolyheadError(
            f"{train.source}: {len(train.texts)} rows are too few to take a validation "
            "part from; add examples, or give --validation"
        )
    return _take(train, ~mask), _take(train, mask)


def _take(part: Examples, keep: np.ndarray) -> Examples:
    if keep.all():
        return part
    texts = [text for text, kept in zip(part.texts, keep, strict=True) if kept]
    return Examples(texts, part.labels[keep], part.rows[keep], part.source)


def _shared(parts: dict[str, Examples]) -> int:
    if "test" not in parts:
        return 0
    test = set(parts["test"].texts)
    return sum(text in test for text in parts["validation"].texts)
