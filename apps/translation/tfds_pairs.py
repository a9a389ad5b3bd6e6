"""Pairs of sentences from TensorFlow Datasets, and from its TranslateFolder form."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..common.data.pairs import Pairs, make_pairs
from ..common.data.tfds import open_tfds
from ..common.errors import PolyheadError, UsageError
from .config import Config
from .parallel_files import read_files

# What a split may be called in TFDS and in file names; the first that exists is read.
_SPLIT_NAMES = {
    "train": ("train",),
    "validation": ("validation", "valid", "val", "dev"),
    "test": ("test",),
}


def read_tfds(config: Config) -> dict[str, Pairs]:
    """Reads every split of a TFDS data set, or of a TranslateFolder."""
    name = str(config.tfds)
    if config.source_language is None or config.target_language is None:
        raise UsageError(
            f"--tfds {name}: give --source-language and --target-language; the data "
            "set alone does not say which way to translate"
        )
    for folder in (Path(name), Path(config.tfds_dir or "") / name):
        files = _find_translations(folder)
        if files:
            return _read_folder(config, folder, files)
    builder = open_tfds(name, config.tfds_dir)
    languages = _languages(config, builder)
    parts = {}
    for split, names in _SPLIT_NAMES.items():
        stored = next((name for name in names if name in builder.info.splits), None)
        if stored is not None:
            examples = list(_read_examples(builder, stored, languages))
            parts[split] = make_pairs(
                f"{name}/{stored}",
                [source for _, source, _ in examples],
                [target for _, _, target in examples],
                np.array([row for row, _, _ in examples], dtype=np.int64),
            )
    if not len(parts["train"].rows):
        raise PolyheadError(f"{name}: no pair of {' and '.join(languages)} in 'train'")
    return parts


def _find_translations(folder: Path) -> dict[tuple[str, str], Path]:
    """The files of TFDS's TranslateFolder form, "en.train.txt", also with .gz."""
    files = {}
    for file in sorted(folder.glob("*.txt*")):
        match = re.fullmatch(r"([^.]+)\.([^.]+)\.txt(\.gz)?", file.name)
        if match:
            files[match[2], match[1]] = file
    return files


def _read_folder(
    config: Config, folder: Path, files: dict[tuple[str, str], Path]
) -> dict[str, Pairs]:
    wanted = _wanted(config)
    languages = sorted({language for _, language in files})
    _check_languages(str(folder), wanted, languages)
    parts = {}
    for split, names in _SPLIT_NAMES.items():
        for name in names:
            paths = [folder / f"{language}.{name}.txt" for language in wanted]
            sides = [files.get((name, language)) for language in wanted]
            if any(sides):
                # Reading a missing file raises the error that names it.
                both = zip(sides, paths, strict=True)
                parts[split] = read_files(*(str(side or path) for side, path in both))
                break
    if "train" not in parts:
        raise PolyheadError(
            f"{folder}: no training pairs; it needs {wanted[0]}.train.txt and "
            f"{wanted[1]}.train.txt"
        )
    return parts


def _wanted(config: Config) -> tuple[str, str]:
    return str(config.source_language), str(config.target_language)


def _check_languages(name: str, wanted: Sequence, languages: Sequence[str]) -> None:
    for language in wanted:
        if language not in languages:
            raise PolyheadError(
                f"{name}: no language '{language}'; it has: {', '.join(languages)}"
            )
    if wanted[0] == wanted[1]:
        raise UsageError(
            f"--source-language and --target-language are both '{wanted[0]}'; "
            f"{name} has: {', '.join(languages)}"
        )


def _languages(config: Config, builder: Any) -> tuple[str, str]:
    import tensorflow_datasets as tfds

    wanted = _wanted(config)
    features = _translations(builder.info.features)
    if isinstance(features, tfds.features.TranslationVariableLanguages):
        known = features.languages
    else:
        known = [
            name
            for name, feature in features.items()
            if isinstance(feature, tfds.features.Text)
        ]
    if known is not None:  # some data sets do not list their languages
        _check_languages(str(config.tfds), wanted, sorted(known))
    return wanted


def _translations(features: Any) -> Any:
    """The feature that has the languages, or all features where they are languages."""
    import tensorflow_datasets as tfds

    kinds = (tfds.features.Translation, tfds.features.TranslationVariableLanguages)
    nested = [feature for feature in features.values() if isinstance(feature, kinds)]
    return nested[0] if nested else features


def _read_examples(
    builder: Any, split: str, languages: tuple[str, str]
) -> Iterator[tuple[int, Any, Any]]:
    """Row, source and target of all pairs; an example may have none, or several."""
    import tensorflow_datasets as tfds

    features = builder.info.features
    translations = _translations(features)
    place = next((name for name in features if features[name] is translations), None)
    varies = isinstance(translations, tfds.features.TranslationVariableLanguages)
    for row, example in enumerate(tfds.as_numpy(builder.as_dataset(split=split)), 1):
        texts = example if place is None else example[place]
        if not varies:
            yield row, texts[languages[0]], texts[languages[1]]
            continue
        names = [language.decode() for language in texts["language"]]
        sources, targets = (
            [
                text
                for text, name in zip(texts["translation"], names, strict=True)
                if name == language
            ]
            for language in languages
        )
        for source in sources:
            for target in targets:
                yield row, source, target
