"""JSON as pandas, Hugging Face and people write it, and parquet with structs."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from polyhead.apps.common.data.formats.parquet import read_parquet
from polyhead.apps.common.data.formats.records import read_records
from polyhead.apps.common.data.formats.table import Table, take_columns
from polyhead.apps.common.data.tables import MissingColumn, read_table
from polyhead.apps.common.errors import PolyheadError

RECORDS = [{"text": "x", "label": 1}, {"text": "Grüße", "label": 0}]
COLUMNS = {"text": ["x", "Grüße"], "label": [1, 0]}
NESTED = [
    {"id": 1, "translation": {"en": "one", "de": "eins"}},
    {"id": 2, "translation": {"en": "two", "de": "zwei"}},
]


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("suffix", [".json", ".jsonl", ".ndjson"])
@pytest.mark.parametrize("form", ["list", "indented", "lines"])
def test_a_list_and_lines_of_objects(tmp_path, suffix, form):
    text = {
        "list": pd.DataFrame(RECORDS).to_json(orient="records"),
        "indented": "\n" + json.dumps(RECORDS, indent=2),
        "lines": "\r\n".join(json.dumps(record) for record in RECORDS) + "\r\n\r\n",
    }[form]
    read = read_table(write(tmp_path / f"a{suffix}", text), ["text", "LABEL"])
    assert read.columns == {"text": COLUMNS["text"], "LABEL": COLUMNS["label"]}
    assert len(read.rows) == 2


@pytest.mark.parametrize(
    "text, message",
    [
        (pd.DataFrame(RECORDS).to_json(), "an object of columns, .*orient='rec"),
        (json.dumps(RECORDS[0], indent=1), "row 1: not a JSON object; .*orient='rec"),
        ('[{"text": "x", "label": 1},\n{"text"]', "row 2: not JSON .*correct it"),
        ('[{"text": "x", "label": 1}, 7]', "row 2: not a JSON object; write a list"),
        ("[]", "empty file"),
        ("[" * 100_000, "JSON lists too deep"),
    ],
)
def test_faults(tmp_path, text, message):
    path = write(tmp_path / "a.json", text)
    with pytest.raises(PolyheadError, match=message) as caught:
        read_table(path, ["text", "label"])
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def write_nested(path):
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(NESTED), path)
        return str(path)
    return write(path, "\n".join(json.dumps(record) for record in NESTED))


@pytest.mark.parametrize("names", [("en", "de"), ("translation.en", "translation.DE")])
@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_fields_inside_objects(tmp_path, suffix, names):
    path = write_nested(tmp_path / f"a{suffix}")
    read = read_table(path, list(names))
    assert list(read.columns.values()) == [["one", "two"], ["eins", "zwei"]]
    kept = read_table(path, [names[0]], keep_all=True).columns
    assert kept["id"] == [1, 2] and kept[names[0]] == ["one", "two"]
    with pytest.raises(MissingColumn) as caught:
        read_table(path, ["fr"])
    assert caught.value.header == ["id", "translation.en", "translation.de"]


def test_deep_and_several_fields(tmp_path):
    line = '{"a": {"b": {"c": "x"}, "text": "1"}, "d": {"text": "2"}}'
    path = write(tmp_path / "a.jsonl", line)
    assert read_table(path, ["a.b.c"]).columns == {"a.b.c": ["x"]}
    assert read_table(path, ["d.text"]).columns == {"d.text": ["2"]}
    with pytest.raises(PolyheadError, match=r"it has: a.b.c, a.text, d.text"):
        read_table(path, ["text"])  # which of the two?


def test_a_later_row_without_the_inner_field(tmp_path):
    path = write(tmp_path / "a.jsonl", '{"t": {"en": "x"}}\n{"t": {"de": "y"}}\n')
    with pytest.raises(PolyheadError, match=r"row 2: no field 't.en'; add it"):
        read_table(path, ["en"])


def test_every_reader_gives_the_one_kind_of_table(tmp_path):
    path = write_nested(tmp_path / "a.parquet")
    with open(write_nested(tmp_path / "a.jsonl"), encoding="utf-8") as file:
        lines = read_records(file, "a", ["de"], False)
    stored = read_parquet(path, ["de"], False)
    assert isinstance(lines, Table) and isinstance(stored, Table)
    assert lines.columns == stored.columns == {"de": ["eins", "zwei"]}


def test_columns_of_a_table_in_memory(tmp_path):
    pairs = [None, *(record["translation"] for record in NESTED)]
    whole = Table("the table", {"Text": ["a", "b", "c"], "t": pairs}, np.arange(1, 4))
    found = take_columns(whole, ["text", "t.de"])
    assert found.columns == {"text": ["a", "b", "c"], "t.de": [None, "eins", "zwei"]}
    assert list(take_columns(whole, ["en"], keep_all=True).columns) == [
        "Text",
        "t",
        "en",
    ]
    with pytest.raises(MissingColumn, match="no column 'fr'; it has: Text, t.en, t.de"):
        take_columns(whole, ["fr"])
