"""Data files that are damaged: one line that names the file, for every reader."""

import gzip
import json
import random

import pytest

from polyhead.apps.cli.inputs import read_texts
from polyhead.apps.common.data.pairs import read_columns
from polyhead.apps.common.data.tables import read_table
from polyhead.apps.common.data.text_files import read_lines, read_text
from polyhead.apps.common.errors import PolyheadError

ROWS = [{"text": f"número {i} " + "añb" * (i % 7), "label": i % 3} for i in range(400)]


def write(path, name):
    """A table of the kind that its name says."""
    if name.startswith("a.csv"):
        lines = ["text,label", *(f"{r['text']},{r['label']}" for r in ROWS)]
    elif name.startswith("a.tsv"):
        lines = ["text\tlabel", *(f"{r['text']}\t{r['label']}" for r in ROWS)]
    elif name.startswith("a.jsonl"):
        lines = [json.dumps(row, ensure_ascii=False) for row in ROWS]
    else:
        lines = [row["text"] for row in ROWS]
    content = ("\n".join(lines) + "\n").encode()
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)


def damaged(content, count):
    """A file cut short, with flipped bits, with other sums, and with more after it."""
    draw = random.Random(0)
    for part in range(12):
        yield content[: len(content) * part // 12]
    for place in (*range(10), *(-1 - i for i in range(8))):
        altered = bytearray(content)
        altered[place] ^= 1 << draw.randrange(8)
        yield bytes(altered)
    for _ in range(count):
        altered = bytearray(content)
        altered[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
        yield bytes(altered)
    yield content + b"more"
    yield b"\x1f\x8b" + bytes(30)


READERS = {
    "table": lambda path: read_table(path, ["text"]),
    "whole table": lambda path: read_table(path, ["text"], keep_all=True),
    "inputs": lambda path: read_texts([], path, "text", reads_lines=True),
    "lines": read_lines,
    "text": read_text,
}


@pytest.mark.parametrize("name", ["a.csv.gz", "a.tsv.gz", "a.jsonl.gz", "a.txt.gz"])
@pytest.mark.parametrize("reader", READERS)
def test_a_damaged_gzip_file(tmp_path, name, reader):
    path = tmp_path / name
    write(path, name)
    whole, refused = path.read_bytes(), 0
    READERS[reader](str(path))
    for content in damaged(whole, 60):
        path.write_bytes(content)
        try:
            READERS[reader](str(path))
        except PolyheadError as error:
            refused += 1
            assert str(path) in str(error) and "\n" not in str(error)
    assert refused > 70


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl", "a.txt"])
def test_a_damaged_plain_file(tmp_path, name):
    path = tmp_path / name
    write(path, name)
    for content in damaged(path.read_bytes(), 60):
        path.write_bytes(content)
        for read in READERS.values():
            try:
                read(str(path))
            except PolyheadError as error:
                assert str(path) in str(error) and "\n" not in str(error)


@pytest.mark.parametrize("name", ["a.parquet", "a.parquet.gz"])
def test_a_damaged_parquet_file(tmp_path, name):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path = tmp_path / name
    table = pyarrow.Table.from_pylist(ROWS)
    parquet.write_table(table, tmp_path / "plain")
    content = (tmp_path / "plain").read_bytes()
    whole = gzip.compress(content) if name.endswith(".gz") else content
    for altered in damaged(whole, 80):
        path.write_bytes(altered)
        try:
            read_table(path, ["text"], keep_all=True)
        except PolyheadError as error:
            assert str(path) in str(error) and "\n" not in str(error)


@pytest.mark.parametrize("deep", [500, 900, 5000, 100_000])
@pytest.mark.parametrize("column", ["text", "other"])
def test_a_row_of_deep_json(tmp_path, deep, column):
    path = tmp_path / "a.jsonl"
    nested = "[" * deep + "]" * deep
    rows = ['{"text": "a", "other": 1}', '{"text": "a", "other": 1}']
    rows[1] = rows[1].replace('"a"' if column == "text" else "1", nested)
    path.write_text("\n".join(rows))
    for read in (READERS["inputs"], READERS["whole table"]):
        try:
            read(str(path))
        except PolyheadError as error:
            assert f"{path}: row 2" in str(error)


@pytest.mark.parametrize("content", ["[1]", "5", "null", '"text"', "NaN", "{", "{}"])
def test_a_row_that_is_no_object(tmp_path, content):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "a"}\n' + content)
    with pytest.raises(PolyheadError, match=f"{path}: row 2: "):
        read_table(path, ["text"])


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("folder", "Is a directory"),
        ("file/a.csv", "Not a directory"),
        ("loop.csv", "Too many levels of symbolic links"),
        ("n" * 300 + ".csv", "File name too long"),
        ("memory.csv", "Input/output error"),
        ("gone.csv", "no such file"),
        ("a\0.csv", "no file can have this name"),
        ("a\ud800.csv", "no file can have this name"),
    ],
)
@pytest.mark.parametrize("packed", ["", ".gz"])
def test_a_file_that_cannot_be_read(tmp_path, name, reason, packed):
    (tmp_path / "folder.csv.gz").mkdir()
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "file").write_text("text\n")
    for end in ("", ".gz"):
        (tmp_path / f"loop.csv{end}").symlink_to(f"loop.csv{end}")
        (tmp_path / f"memory.csv{end}").symlink_to("/proc/self/mem")
    path = tmp_path / (name + (".csv" if name == "folder" else "") + packed)
    for read in (
        lambda: read_table(path, ["text"]),
        lambda: read_lines(path),
        lambda: read_columns(str(path), "text", "label"),
    ):
        with pytest.raises(PolyheadError, match=reason) as caught:
            read()
        assert "\n" not in str(caught.value)
