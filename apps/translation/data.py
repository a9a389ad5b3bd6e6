"""From files to training, validation and test pairs."""

from dataclasses import dataclass, replace

import numpy as np

from ..common.data.pairs import Pairs, choose
from ..common.data.splits import stratified_split
from ..common.errors import PolyheadError, UsageError
from .config import Config
from .data_report import describe, format_report
from .filters import REASONS, sentence_key, sort_out
from .sources import read_part, read_splits

__all__ = ["Dataset", "Pairs", "format_report", "load_data", "load_pairs"]


@dataclass(frozen=True)
class Dataset:
    """What a run trains and is measured on."""

    train: Pairs
    validation: Pairs
    test: Pairs | None
    report: dict


def load_data(config: Config) -> Dataset:
    """Reads and checks the data that a Config names.

    Of training, pairs of no use are left out (see `filters`), and so is every
    sentence that validation or test holds as a source. A validation part is
    made where none is given; all translations of a sentence are on one side.
    Validation and test that are given are never changed.

    Texts stay as they are, control characters included, except that zero bytes, which
    would end the text in an exported file, and halves of surrogate pairs are removed.

    Returns:
        A `Dataset`. Its report describes the data and has a list of warnings.

    Raises:
        PolyheadError: If the data cannot be used; the message names file, row
            and remedy.
        UsageError: If the Config names no source, or several, or half of one.
    """
    parts = read_splits(config)
    read = len(parts["train"].sources)
    train, removed = _sort_out(parts, config)
    if "validation" not in parts:
        train, parts["validation"] = _split(train, config)
    parts = {"train": train, **{k: v for k, v in parts.items() if k != "train"}}
    return Dataset(
        train=train,
        validation=parts["validation"],
        test=parts.get("test"),
        report=describe(parts, read, removed, config),
    )


def load_pairs(
    config: Config,
    test: str | None = None,
    test_source: str | None = None,
    test_target: str | None = None,
) -> Pairs:
    """Reads other pairs for a model: a table, or two files.

    Raises:
        PolyheadError: If they cannot be read.
        UsageError: If none are named, or a table and files.
    """
    pairs = read_part(
        replace(config, test=test, test_source=test_source, test_target=test_target),
        "test",
    )
    if pairs is None:
        raise UsageError("give --test, or --test-source with --test-target")
    return pairs


def _sort_out(parts: dict[str, Pairs], config: Config) -> tuple[Pairs, dict[str, int]]:
    train = parts["train"]
    held_out = {
        sentence_key(source)
        for split, part in parts.items()
        if split != "train"
        for source in part.sources
    }
    keep, removed = sort_out(
        train, held_out, config.max_tokens, config.max_length_ratio
    )
    if not keep.any():
        reasons = "; ".join(
            f"{count} {REASONS[reason]}" for reason, count in removed.items() if count
        )
        raise PolyheadError(
            f"{train.source}: no pair is left to train on: {reasons}; give other "
            "training data"
        )
    return _take(train, keep), removed


def _split(train: Pairs, config: Config) -> tuple[Pairs, Pairs]:
    keys = [sentence_key(source) for source in train.sources]
    no_labels = np.zeros(len(keys), dtype=np.int32)
    mask = stratified_split(keys, no_labels, config.validation_fraction, config.seed)
    if not mask.any():
        raise PolyheadError(
            f"{train.source}: {len(keys)} pairs of {len(set(keys))} different sources "
            "are too few to take a validation part from; add pairs, or give validation "
            "data"
        )
    return _take(train, ~mask), _take(train, mask)


def _take(pairs: Pairs, keep: np.ndarray) -> Pairs:
    return choose(pairs, np.flatnonzero(keep))
