"""Pairs as Hugging Face writes them, and columns called as the languages are."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.translation.config import Config
from polyhead.apps.translation.data import load_data, load_pairs

MANY = [(f"sentence number {n}", f"Satz Nummer {n}") for n in range(40)]
NESTED = [{"id": n, "translation": {"en": s, "de": t}} for n, (s, t) in enumerate(MANY)]


def write(path):
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(NESTED), path)
    elif path.suffix == ".csv":
        lines = ["de;EN", *(f"{target};{source}" for source, target in MANY)]
        path.write_text("\n".join(lines), encoding="utf-8")
    elif path.suffix == ".json":
        path.write_text(json.dumps(NESTED, indent=1), encoding="utf-8")
    else:
        lines = "\n".join(map(json.dumps, NESTED))
        path.write_text(lines, encoding="utf-8")
    return str(path)


COLUMNS = {"source_column": "en", "target_column": "de"}
INNER = {"source_column": "translation.en", "target_column": "translation.de"}
LANGUAGES = {"source_language": "en", "target_language": "de"}


@pytest.mark.parametrize("suffix", ["jsonl", "json", "parquet", "csv"])
@pytest.mark.parametrize("fields", [COLUMNS, INNER, LANGUAGES])
def test_pairs_of_two_languages(tmp_path, suffix, fields):
    if suffix == "csv" and fields is INNER:
        pytest.skip("a text file has no inner fields")
    path = write(tmp_path / f"a.{suffix}")
    data = load_data(Config(train=path, **fields))
    parts = data.train, data.validation
    found = [p for x in parts for p in zip(x.sources, x.targets, strict=True)]
    assert sorted(found) == sorted(MANY)
    pairs = load_pairs(Config(train="gone.csv", **fields), test=path)
    assert pairs.sources == [source for source, _ in MANY]
    chosen = f"{path}: the pairs are the columns 'en' and 'de'"
    assert (chosen in data.report["warnings"]) == (fields is LANGUAGES)
    separated = f"{path}: read with ';' between columns"
    assert (separated in data.report["warnings"]) == (suffix == "csv")


def test_a_language_that_is_not_there(tmp_path):
    path = write(tmp_path / "a.jsonl")
    message = "no column '{}'; it has: id, translation.en, translation.de"
    with pytest.raises(PolyheadError, match=message.format("fr")):
        load_data(Config(train=path, source_column="en", target_column="fr"))
    with pytest.raises(PolyheadError, match=message.format("source")):
        load_data(Config(train=path, source_language="en", target_language="fr"))
    with pytest.raises(PolyheadError, match="'translation' holds lists or objects"):
        load_data(Config(train=path, source_column="en", target_column="translation"))
