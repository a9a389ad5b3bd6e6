"""The public data sets of the benchmarks, as plain files for the command line.

None of them is part of the project. `--data` names a folder that holds them as
their authors publish them (sources and licences: benchmarks/RESULTS.md).
"""

import csv
import gzip
import json
from pathlib import Path


def _lines(path: Path, encoding="utf-8") -> list[str]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding=encoding) as file:
        return [line.rstrip("\n") for line in file if line.strip()]


def _sst2(data: Path) -> dict:
    """Sentences and phrases to train on; the sentence splits to measure on."""
    splits = {}
    for split, name in (("train", "train"), ("validation", "dev"), ("test", "test")):
        lines = _lines(data / "sst2_sentence" / f"{name}.tsv")
        splits[split] = [line.rsplit("\t", 1) for line in lines]
    phrases = _lines(data / "sst2_glue" / "train.tsv.gz")[1:]
    splits["train"] += [line.split("\t", 1)[::-1] for line in phrases]
    # The two releases differ in spaces at the ends.
    return {k: [(t.strip(), y.strip()) for t, y in rows] for k, rows in splits.items()}


def _trec6(data: Path) -> dict:
    splits = {}
    for split in ("train", "test"):
        lines = _lines(data / "trec6" / f"{split}.txt", "latin-1")
        splits[split] = [line.split(" ", 1)[::-1] for line in lines]
    return splits


def _clinc150(data: Path) -> dict:
    with gzip.open(data / "clinc150" / "data_full.json.gz", "rt") as file:
        published = json.load(file)
    names = {"train": "train", "validation": "val", "test": "test"}
    return {split: published[name] for split, name in names.items()}


def _goemotions(data: Path) -> dict:
    folder = data / "goemotions"
    names = _lines(folder / "labels.txt")
    splits = {}
    for split, name in (("train", "train"), ("validation", "dev"), ("test", "test")):
        rows = (line.split("\t") for line in _lines(folder / f"{name}.tsv.gz"))
        splits[split] = [
            (text, ",".join(names[int(i)] for i in ids.split(",")))
            for text, ids, _ in rows
        ]
    return splits


READERS = {
    "sst2": _sst2,
    "trec6": _trec6,
    "clinc150": _clinc150,
    "goemotions": _goemotions,
}


def prepare(name: str, data: Path, folder: Path) -> dict[str, str]:
    """Writes a data set's splits as CSV files; returns the Config's data fields."""
    folder.mkdir(parents=True, exist_ok=True)
    fields = {}
    for split, rows in READERS[name](data).items():
        path = folder / f"{name}_{split}.csv"
        with open(path, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["text", "label"])
            writer.writerows(rows)
        fields[split] = str(path)
    return fields
