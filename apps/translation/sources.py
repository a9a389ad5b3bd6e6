"""Where pairs of sentences come from: two files, a table, TFDS, or the embedded set."""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..common.data.given import given_tables
from ..common.data.pairs import Pairs, make_pairs, read_columns
from ..common.data.sources import SPLIT_NAMES, SPLITS, check_one_source, read_embedded
from ..common.data.text_files import read_lines
from ..common.data.tfds import open_tfds
from ..common.errors import PolyheadError, UsageError
from ..datasets.dates import read_dates
from ..datasets.interface import read_interface
from .config import Config


def read_splits(config: Config) -> dict[str, Pairs]:
    """Reads every split that the Config names: "train", "validation", "test"."""
    given = given_tables(config)
    if given is not None:
        splits = {split: _read_table(config, rows) for split, rows in given.items()}
    else:
        splits = _read_source(config)
    for split in SPLITS:
        pairs = read_split(config, split)
        if pairs is not None:
            splits[split] = pairs
    table = config.normalization
    return {x: replace(pairs, normalization=table) for x, pairs in splits.items()}


def _read_source(config: Config) -> dict[str, Pairs]:
    """The splits of TFDS or of the embedded set; none where there are files."""
    files = config.train_source, config.train_target
    check_one_source(
        {
            "--train": config.train is not None,
            "--train-source with --train-target": files != (None, None),
            "--tfds": config.tfds is not None,
            "--dataset": config.dataset is not None,
        }
    )
    if config.dataset is not None:
        languages = config.source_language, config.target_language
        embedded = {
            "dates": read_dates,
            "interface": lambda: read_interface(*languages),
        }
        texts = read_embedded(config.dataset, embedded)
        names = {split: f"{config.dataset}/{split}" for split in texts}
        return {split: make_pairs(names[split], *texts[split]) for split in texts}
    return {} if config.tfds is None else _read_tfds(config)


def read_split(config: Config, split: str) -> Pairs | None:
    """Reads the files that the Config names for a split; None where it names none."""
    table, source, target = (
        getattr(config, split + side) for side in ("", "_source", "_target")
    )
    if source is None and target is None:
        if table is None:
            return None
        return _read_table(config, table)
    if source is None or target is None:
        has, lacks = ("source", "target") if target is None else ("target", "source")
        raise UsageError(
            f"--{split}-{has} without --{split}-{lacks}: give both files, one "
            "sentence a line"
        )
    if table is not None:
        raise UsageError(
            f"give --{split}, or --{split}-source with --{split}-target, not both"
        )
    return _read_files(source, target)


def _read_table(config: Config, table: Any) -> Pairs:
    """Reads a file, or rows from Python."""
    columns = config.source_column, config.target_column
    return read_columns(table, *columns, *_name_languages(config))


def _name_languages(config: Config) -> list[tuple[str, str]]:
    """Columns called as the two languages are, where nobody named the columns."""
    columns = config.source_column, config.target_column
    source, target = config.source_language, config.target_language
    usual = columns == (Config.source_column, Config.target_column)
    return (
        [(source, target)] if usual and source and target and source != target else []
    )


def _read_files(source: str, target: str) -> Pairs:
    """Reads two files line by line, empty lines too."""
    sources, targets = read_lines(source), read_lines(target)
    for path, lines in ((source, sources), (target, targets)):
        if not lines:
            raise PolyheadError(f"{path}: empty file; it needs at least one line")
    shared = min(len(sources), len(targets))
    for lines in (sources, targets):
        if not "".join(lines[shared:]).strip():  # empty lines at the end of one file
            del lines[shared:]
    if len(sources) != len(targets):
        row = min(len(sources), len(targets)) + 1
        longer = source if len(sources) > len(targets) else target
        raise PolyheadError(
            f"{source} has {len(sources)} lines and {target} {len(targets)}: row {row} "
            f"of {longer} has no partner; line n of one file must translate line n of "
            "the other"
        )
    return make_pairs(f"{source} + {target}", sources, targets)


def _read_tfds(config: Config) -> dict[str, Pairs]:
    """Reads every split of a TFDS data set, or of a TranslateFolder."""
    name = str(config.tfds)
    if config.source_language is None or config.target_language is None:
        raise UsageError(
            f"--tfds {name}: give --source-language and --target-language; the data "
            "set alone does not say which way to translate"
        )
    languages = config.source_language, config.target_language
    for folder in (Path(name), Path(config.tfds_dir or "") / name):
        files = _find_files(folder)
        if files:
            return _read_folder(folder, files, languages)
    builder = open_tfds(name, config.tfds_dir)
    known = _known_languages(builder.info.features)
    if known is not None:  # some data sets do not list their languages
        _check_languages(name, languages, sorted(known))
    splits = {}
    for split, names in SPLIT_NAMES.items():
        stored = next((name for name in names if name in builder.info.splits), None)
        if stored is not None:
            examples = list(_read_examples(builder, stored, languages))
            rows = np.array([row for row, _, _ in examples], dtype=np.int64)
            sources, targets = ([pair[side] for pair in examples] for side in (1, 2))
            splits[split] = make_pairs(f"{name}/{stored}", sources, targets, rows)
    if not len(splits["train"].rows):
        raise PolyheadError(f"{name}: no pair of {' and '.join(languages)} in 'train'")
    return splits


def _find_files(folder: Path) -> dict[tuple[str, str], Path]:
    """The files of TFDS's TranslateFolder form, "en.train.txt", also with .gz."""
    matches = (
        (re.fullmatch(r"([^.]+)\.([^.]+)\.txt(\.gz)?", file.name), file)
        for file in sorted(folder.glob("*.txt*"))
    )
    return {(match[2], match[1]): file for match, file in matches if match}


def _read_folder(
    folder: Path, files: dict[tuple[str, str], Path], languages: Sequence[str]
) -> dict[str, Pairs]:
    _check_languages(str(folder), languages, sorted({known for _, known in files}))
    splits = {}
    for split, names in SPLIT_NAMES.items():
        stored = [name for name in names if any((name, x) in files for x in languages)]
        for name in stored[:1]:
            # Reading a missing file raises the error that names it.
            keys = {(name, x): folder / f"{x}.{name}.txt" for x in languages}
            paths = [files.get(key, path) for key, path in keys.items()]
            splits[split] = _read_files(*map(str, paths))
    if "train" not in splits:
        needed = " and ".join(f"{language}.train.txt" for language in languages)
        raise PolyheadError(f"{folder}: no training pairs; it needs {needed}")
    return splits


def _check_languages(name: str, wanted: Sequence[str], known: Sequence[str]) -> None:
    for language in wanted:
        if language not in known:
            raise PolyheadError(
                f"{name}: no language '{language}'; it has: {', '.join(known)}"
            )
    if wanted[0] == wanted[1]:
        raise UsageError(
            f"--source-language and --target-language are both '{wanted[0]}'; "
            f"{name} has: {', '.join(known)}"
        )


def _find_translations(features: Any) -> tuple[str | None, Any]:
    """The feature that has the languages, and its name; all where they have none."""
    import tensorflow_datasets as tfds

    kinds = (tfds.features.Translation, tfds.features.TranslationVariableLanguages)
    nested = [pair for pair in features.items() if isinstance(pair[1], kinds)]
    return nested[0] if nested else (None, features)


def _known_languages(features: Any) -> Sequence[str] | None:
    import tensorflow_datasets as tfds

    _, features = _find_translations(features)
    if isinstance(features, tfds.features.TranslationVariableLanguages):
        return features.languages
    texts = tfds.features.Text
    return [name for name, kind in features.items() if isinstance(kind, texts)]


def _read_examples(
    builder: Any, split: str, languages: Sequence[str]
) -> Iterator[tuple[int, Any, Any]]:
    """Row, source and target of all pairs; an example may have none, or several."""
    import tensorflow_datasets as tfds

    place, translations = _find_translations(builder.info.features)
    varies = isinstance(translations, tfds.features.TranslationVariableLanguages)
    for row, example in enumerate(tfds.as_numpy(builder.as_dataset(split=split)), 1):
        texts = example if place is None else example[place]
        if not varies:
            yield row, texts[languages[0]], texts[languages[1]]
            continue
        names = [language.decode() for language in texts["language"]]
        both = list(zip(names, texts["translation"], strict=True))
        sides = [[text for name, text in both if name == side] for side in languages]
        for source, target in itertools.product(*sides):
            yield row, source, target
