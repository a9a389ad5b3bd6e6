"""From labelled inputs to training, validation and test examples."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from ..data.kept import BUDGET, Kept, sample_texts
from ..data.known_parts import choose_validation, leave_out_trained
from ..data.known_rows import KnownRows
from ..data.row_hashes import Rows
from ..data.splits import fit_fraction, held_out, stratified_split
from ..errors import PolyheadError
from .labels import encode_labels, sort_labels

_SEPARATOR = "\x1f"  # between the labels of a row, in its hash


@dataclass(frozen=True)
class Labelled:
    """Inputs and their labels, before the labels are numbered."""

    source: str  # the name of the data
    inputs: list  # such as texts
    labels: list  # strings, or with several labels to an input tuples of strings
    rows: np.ndarray  # int64 (rows,), where in the source each comes from
    notes: tuple[str, ...] = ()  # on how the file was read
    key_of: Callable[[Any], Any] | None = None  # see `Examples`
    # Label -> what people call it, where labels are codes and the data say so.
    descriptions: Mapping[str, str] = field(default_factory=dict)

    def take(self, places: np.ndarray) -> "Labelled":
        """The rows at the `places`, in their order."""
        sides = self.inputs, self.labels
        inputs, labels = ([side[i] for i in places] for side in sides)
        rows = self.rows[places]
        return replace(self, inputs=inputs, labels=labels, rows=rows, notes=())

    @cached_property
    def keys(self) -> list:
        """What tells whether a row was trained on."""
        return find_keys(self)

    @property
    def known_as(self) -> Rows:
        """The rows as a run remembers them."""
        sets = (x if isinstance(x, tuple) else (x,) for x in self.labels)
        return Rows(self.keys, [_SEPARATOR.join(sorted(labels)) for labels in sets])


@dataclass(frozen=True)
class Examples:
    """Inputs and their labels as numbers: int32 `(rows,)`, or bool `(rows, labels)`.

    `key_of` makes the key of an input, which is the same for inputs that a model reads
    alike; without it, an input is its own key.
    """

    inputs: list
    labels: np.ndarray
    rows: np.ndarray
    source: str
    key_of: Callable[[Any], Any] | None = None

    @cached_property
    def keys(self) -> list:
        """What tells whether a row was trained on."""
        return find_keys(self)

    def take(self, chosen: np.ndarray) -> "Examples":
        """The examples at the places `chosen`, or where `chosen (rows,)` is True."""
        inputs = [self.inputs[row] for row in np.arange(len(self.inputs))[chosen]]
        labels, rows = self.labels[chosen], self.rows[chosen]
        return Examples(inputs, labels, rows, self.source, self.key_of)


def find_keys(data: Labelled | Examples) -> list:
    """The key of each input."""
    return data.inputs if data.key_of is None else list(map(data.key_of, data.inputs))


@dataclass(frozen=True)
class Dataset:
    """The examples on which a classifier is trained and measured."""

    train: Examples
    validation: Examples
    test: Examples | None
    label_names: tuple[str, ...]
    multi_label: bool
    report: dict
    read: Labelled | None = None  # the training data, with the rows of no part
    differences: tuple[str, ...] = ()  # from the data that the run was trained on
    is_whole: bool = True  # whether all rows of the run are there, as they were
    descriptions: Mapping[str, str] = field(default_factory=dict)  # as in `Labelled`


def only_test(labelled: Labelled, names: Sequence[str], multi_label: bool) -> Dataset:
    """A data set of test examples alone, with the labels `names` that a model knows.

    Its other parts are empty.
    """
    test = encode_examples(labelled, names, multi_label)
    none = replace(test, inputs=[], labels=test.labels[:0], rows=test.rows[:0])
    return Dataset(none, none, test, tuple(names), multi_label, {})


def keep_texts(config: Any, dataset: Dataset, count: int, training: int = 0) -> Kept:
    """Held-out texts with their labels, and up to `training` texts of training."""
    split, part = held_out(dataset)
    rows = sample_texts([part.inputs], count, config.seed)
    texts = {"text": [part.inputs[row] for row in rows]}
    if training:
        others = dataset.train.inputs
        chosen = sample_texts([others], training, config.seed, BUDGET // 2)
        texts["training_text"] = [others[row] for row in chosen]
    total, arrays = len(part.inputs), {"labels": part.labels[rows]}
    return Kept(split, len(rows), total, config.seed, texts, arrays)


def make_dataset(
    config: Any,
    labelled: Mapping[str, Labelled],
    describe: Callable[[Mapping[str, Examples], Sequence[str], int, list[str]], dict],
    unit: str = "text",
    label_names: Sequence[str] | None = None,
) -> Dataset:
    """Numbers the labels, keeps the splits apart, and makes validation data.

    Inputs that validation or test has too are removed from training. Validation data
    are taken from training where none are given. Test data are never changed, but for
    rows on which the run that `config.init_from` names was trained.

    Args:
        config: has `label_column`, `multi_label`, `validation_fraction` and `seed`.
        labelled: "train" and, where given, "validation" and "test".
        describe: `(splits, label_names, removed, warnings)` to the report, where
            `removed` counts the rows that were removed from training.
        unit: what an input is called.
        label_names: the labels that the model knows. None: those of the training data.
    """
    multi_label, warnings = config.multi_label, list_notes(labelled)
    names = tuple(label_names or name_labels(labelled["train"], config))
    older = KnownRows.load(config.init_from) if config.init_from else None
    if config.init_from:
        labelled, notes = leave_out_trained(labelled, older, config.init_from)
        warnings += notes
    held = {k: encode_examples(v, names, multi_label) for k, v in labelled.items()}
    train, removed = remove_held_out(held.pop("train"), held, unit)
    if "validation" not in held:
        train, held["validation"] = split_validation(train, config, older)
    splits = {"train": train, "validation": held["validation"], **held}
    validation, test = splits["validation"], splits.get("test")
    if test is not None:
        tested = set(test.keys)
        shared = sum(key in tested for key in validation.keys)
        if shared:
            warnings.append(f"{shared} validation {unit}s are in test too")
    if removed:
        warnings.append(
            f"{removed} training rows removed: validation or test has the same {unit}"
        )
    report = describe(splits, names, removed, warnings)
    read = labelled["train"]
    data = Dataset(train, validation, test, names, multi_label, report, read)
    return replace(data, descriptions=read.descriptions)


def list_notes(labelled: Mapping[str, Labelled]) -> list[str]:
    """How the files of the splits were read."""
    return [note for part in labelled.values() for note in part.notes]


def name_labels(train: Labelled, config: Any) -> tuple[str, ...]:
    """The labels of the training data, in the order of the model's outputs."""
    distinct = set(train.labels)
    names = sort_labels(
        label
        for labels in distinct
        for label in (labels if config.multi_label else (labels,))
    )
    if len(distinct) < 2:
        everywhere = f"'{', '.join(names)}'" if names else "no label at all"
        raise PolyheadError(
            f"{train.source}: every row of column '{config.label_column}' has "
            f"{everywhere}; a classifier needs examples of at least two classes"
        )
    return names


def encode_examples(
    labelled: Labelled, names: Sequence[str], multi_label: bool, **where: str
) -> Examples:
    """Labels as numbers; a label that is not among the names is a PolyheadError."""
    rows, source = labelled.rows, labelled.source
    labels = encode_labels(labelled.labels, rows, source, names, multi_label, **where)
    return Examples(labelled.inputs, labels, rows, source, labelled.key_of)


def remove_held_out(
    train: Examples, others: Mapping[str, Examples], unit: str
) -> tuple[Examples, int]:
    """Training rows whose input is in no other split, and the number removed."""
    held_out = {key for split in others.values() for key in split.keys}
    kept = np.array([key not in held_out for key in train.keys])
    if not kept.any():
        raise PolyheadError(
            f"{train.source}: validation or test has the {unit} of every row; "
            "give a training file of its own"
        )
    return train.take(kept), int(np.sum(~kept))


USUAL_FRACTION = 0.1  # of the rows, for validation


def split_validation(
    train: Examples, config: Any, older: KnownRows | None = None
) -> tuple[Examples, Examples]:
    """The training rows that stay, and a validation split; see `choose_validation`."""

    def draw(places: np.ndarray) -> np.ndarray:
        keys, labels = [train.keys[int(i)] for i in places], train.labels[places]
        usual = fit_fraction(len(keys), USUAL_FRACTION)
        fraction = config.validation_fraction or usual
        return stratified_split(keys, labels, fraction, config.seed)

    chosen = choose_validation(train.keys, older, draw)
    if older and not chosen.any():
        raise PolyheadError(
            f"{train.source}: {config.init_from} was trained on every row, so none is "
            "left for validation; add examples, or give --validation"
        )
    if not chosen.any():
        raise PolyheadError(
            f"{train.source}: {len(train.inputs)} rows are too few to take a "
            "validation split from; add examples, or give --validation"
        )
    return train.take(~chosen), train.take(chosen)


def rows_of(examples: Examples, names: Sequence[str]) -> Rows:
    """Examples as a run remembers them."""
    if examples.labels.ndim == 2:
        numbers = [np.flatnonzero(row) for row in examples.labels]
        sets = [sorted(names[int(i)] for i in row) for row in numbers]
        return Rows(examples.keys, [_SEPARATOR.join(labels) for labels in sets])
    return Rows(examples.keys, [names[label] for label in examples.labels])
