"""Tables of text: what is read, and how faults are told."""

import gzip
import json
import random
import subprocess

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from polyhead.apps.common.data.tables import list_rows, read_table
from polyhead.apps.common.data.text_files import read_lines
from polyhead.apps.common.errors import PolyheadError, UsageError

TEXTS = ["plain", "Grüße, 世界 🎉", "a\u2028b\x85c", '"', " spaces ", ""]
LABELS = ["x", "y", "x", "y", "x", "y"]


def write(path, content):
    if isinstance(content, str):
        content = content.encode("utf-8")
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return str(path)


def quote(field):
    return '"' + field.replace('"', '""') + '"'


def encoded(suffix):
    rows = list(zip(TEXTS, LABELS, strict=True))
    if suffix == ".csv":
        lines = [f"{quote(text)},{label}" for text, label in rows]
        return "\n".join([" text , label", *lines])
    if suffix in (".tsv", ".txt"):
        return "\n".join(["text\tlabel", *("\t".join(row) for row in rows)]) + "\n"
    if suffix == ".jsonl":
        records = [{"text": text, "label": label} for text, label in rows]
        return "\n".join(json.dumps(record) for record in records)
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"text": TEXTS, "label": LABELS}), sink)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize("packed", ["", ".gz"])
@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".txt", ".jsonl", ".parquet"])
def test_every_format_gives_the_same_columns(tmp_path, suffix, packed):
    path = write(tmp_path / f"data{suffix}{packed}", encoded(suffix))
    table = read_table(path, ["label", "text"])
    assert table.columns == {"label": LABELS, "text": TEXTS}
    assert table.source == path
    has_header = suffix in (".csv", ".tsv", ".txt")
    assert table.rows.tolist() == list(range(1 + has_header, 7 + has_header))


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".txt", ".jsonl"])
def test_byte_order_mark_and_windows_newlines(tmp_path, suffix):
    content = encoded(suffix).replace("\n", "\r\n").encode("utf-8-sig")
    table = read_table(write(tmp_path / f"a{suffix}", content), ["text", "label"])
    assert table.columns == {"text": TEXTS, "label": LABELS}


@pytest.mark.parametrize("suffix, separator", [(".csv", ","), (".tsv", "\t")])
def test_columns_by_number(tmp_path, suffix, separator):
    content = f"good{separator}1{separator}id\nbad{separator}0{separator}id\n"
    table = read_table(write(tmp_path / f"a{suffix}", content), ["0", "1"])
    assert table.columns == {"0": ["good", "bad"], "1": ["1", "0"]}
    assert table.rows.tolist() == [1, 2]


def test_a_header_of_numbers_is_a_header(tmp_path):
    table = read_table(write(tmp_path / "a.csv", "1,0\na,b\n"), ["0", "1"])
    assert table.columns == {"0": ["b"], "1": ["a"]}


def test_keep_all_keeps_the_order_of_the_file(tmp_path):
    path = write(tmp_path / "a.csv", "id,text,when\n7,hello,now\n")
    table = read_table(path, ["text"], keep_all=True)
    assert list(table.columns.items()) == [
        ("id", ["7"]),
        ("text", ["hello"]),
        ("when", ["now"]),
    ]


def test_rows_are_the_lines_that_they_begin_on(tmp_path):
    path = write(tmp_path / "a.csv", 'text,label\n"two\nlines",a\n\nnext,b\n')
    table = read_table(path, ["text"])
    assert table.columns["text"] == ["two\nlines", "next"]
    assert table.rows.tolist() == [2, 5]


def test_tsv_quotes_are_text(tmp_path):
    content = 'text\tlabel\n"a lone quote\tx\nnext\ty\n"quoted"\tz\n'
    table = read_table(write(tmp_path / "a.tsv", content), ["text", "label"])
    assert table.columns["text"] == ['"a lone quote', "next", '"quoted"']


def test_txt_is_one_text_a_line(tmp_path):
    path = write(tmp_path / "a.txt", "first\n\nthird\twith a tab\r\n")
    table = read_table(path, ["text"])
    assert table.columns == {"text": ["first", "", "third\twith a tab"]}
    assert table.rows.tolist() == [1, 2, 3]


def test_json_values_stay_as_they_are(tmp_path):
    path = write(
        tmp_path / "a.jsonl", '{"text": null, "label": ["a", "b"], "n": 3}\n\n'
    )
    table = read_table(path, ["text", "label", "n"])
    assert table.columns == {"text": [None], "label": [["a", "b"]], "n": [3]}


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".txt", ".jsonl"])
def test_a_line_of_ten_megabytes(tmp_path, suffix):
    text = "0123456789" * 1_000_000
    content = {
        ".csv": f"text,label\n{text},a\n",
        ".tsv": f"text\tlabel\n{text}\ta\n",
        ".txt": f"text\tlabel\n{text}\ta\n",
        ".jsonl": json.dumps({"text": text, "label": "a"}),
    }[suffix]
    table = read_table(write(tmp_path / f"a{suffix}", content), ["text", "label"])
    assert table.columns == {"text": [text], "label": ["a"]}


FAULTS = [
    ("a.csv", "", "empty file"),
    ("a.csv", "text,label\n", "empty file"),
    ("a.tsv", "", "empty file"),
    ("a.txt", "", "empty file"),
    ("a.jsonl", "\n\n", "empty file"),
    ("a.csv", "body,label\nx,y\n", "no column 'text'; it has: body, label"),
    ("a.csv", "body;label\nx;y\n", "no column 'text'; it has: body, label"),
    ("a.csv", "body;kind|n\nx;y|z\n", "kind|n; separate its columns by ','"),
    ("a.csv", "text,text,label\nx,y,z\n", "2 columns are named 'text'; rename"),
    ("a.csv", "text,label\nx,y\nz\n", "row 3: 1 fields where the first row has 2"),
    ("a.csv", "text,label\nx, y,z\n", "row 2: 3 fields where the first row has 2"),
    ("a.tsv", "text\tlabel\nx\n", "row 2: 1 fields where the first row has 2"),
    ("a.csv", 'text,label\nx,y\n"z,y\nz,y\n', "row 3: a quoted field does not end"),
    ("a.csv", 'text,label\n"a "b" c",y\n', "row 2: a quoted field does not end"),
    ("a.jsonl", '{"text": "x"}\n', "no column 'label'; it has: text"),
    ("a.jsonl", '{"text":"","label":1}\n{"label":1}\n', "row 2: no field 'text'"),
    ("a.jsonl", '{"text":"","label":1}\n[1]\n', "row 2: not a JSON object"),
    ("a.jsonl", "{'text': 1}\n", "row 1: not a JSON object"),
    ("a.parquet", "text,label\n", "damaged parquet file"),
    ("a.parquet", "", "damaged parquet file"),
]


@pytest.mark.parametrize("name, content, message", FAULTS)
def test_faults_name_the_file_and_the_row(tmp_path, name, content, message):
    path = write(tmp_path / name, content)
    with pytest.raises(PolyheadError) as caught:
        read_table(path, ["text", "label"])
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_status == 1


def test_numbered_column_that_is_not_there(tmp_path):
    path = write(tmp_path / "a.csv", "x,y\n")
    with pytest.raises(PolyheadError, match="no column '2'; it has: 0, 1"):
        read_table(path, ["0", "2"])


@pytest.mark.parametrize("packed", ["", ".gz"])
@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".txt", ".jsonl"])
def test_bytes_that_are_not_utf8(tmp_path, suffix, packed):
    start = encoded(suffix).encode("ascii", "ignore").rstrip(b"\n") + b"\n"
    path = write(tmp_path / f"a{suffix}{packed}", start + b"caf\xe9 \x80\n")
    with pytest.raises(PolyheadError) as caught:
        read_table(path, ["text", "label"])
    row = start.count(b"\n") + 1
    where, _, remedy = str(caught.value).partition("; convert the file: ")
    assert where == (
        f"{path}: row {row}: byte 0xe9 at offset {len(start) + 3} is not UTF-8"
    )
    subprocess.run(remedy, shell=True, check=True)  # as the user would
    assert read_lines(tmp_path / f"a-utf8{suffix}")[-1] == "café €"


def test_bad_bytes_far_inside_a_file(tmp_path):
    path = write(
        tmp_path / "a.tsv", b"text\tlabel\n" + b"a\tb\n" * 100_000 + b"\xff\tb"
    )
    with pytest.raises(PolyheadError, match="row 100002: byte 0xff at offset 400011"):
        read_table(path, ["text", "label"])


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".txt", ".jsonl", ".csv.gz"])
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf16_is_read(tmp_path, suffix, encoding):
    content = encoded(suffix.removesuffix(".gz")).replace("\n", "\r\n")
    path = write(tmp_path / f"a{suffix}", content.encode(encoding))
    table = read_table(path, ["text", "label"])
    assert table.columns == {"text": TEXTS, "label": LABELS}


def test_damaged_utf16(tmp_path):
    path = write(tmp_path / "a.csv", "text\nxy\n".encode("utf-16")[:-1])
    with pytest.raises(PolyheadError, match="damaged UTF-16 text; write it again"):
        read_table(path, ["text"])


def test_one_damaged_byte_in_utf8_is_no_other_encoding(tmp_path):
    path = write(tmp_path / "a.csv", "text\nGrüße\n".encode() + b"caf\xe9\n")
    with pytest.raises(PolyheadError, match="rows before it are; correct this row"):
        read_table(path, ["text"])


def test_bad_bytes_in_parquet(tmp_path):
    texts = pa.Array.from_buffers(
        pa.string(), 2, pa.array([b"fine", b"caf\xe9"], pa.binary()).buffers()
    )
    path = str(tmp_path / "a.parquet")
    pq.write_table(pa.table({"text": texts}), path)
    with pytest.raises(PolyheadError, match="row 2: byte 0xe9 in column 'text'"):
        read_table(path, ["text"])


def test_files_that_cannot_be_opened(tmp_path):
    with pytest.raises(PolyheadError, match=r"a\.csv: no such file"):
        read_table(str(tmp_path / "a.csv"), ["text"])
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(PolyheadError, match=r"folder\.csv: "):
        read_table(str(tmp_path / "folder.csv"), ["text"])


@pytest.mark.parametrize("cut", [0.5, None])
def test_damaged_gzip(tmp_path, cut):
    random_text = "".join(chr(97 + n % 26) for n in random.Random(0).randbytes(5000))
    packed = gzip.compress(f"text\n{random_text}\n".encode())
    content = packed[: int(len(packed) * cut)] if cut else b"not gzip at all"
    (tmp_path / "a.csv.gz").write_bytes(content)
    with pytest.raises(PolyheadError, match="damaged gzip file"):
        read_table(str(tmp_path / "a.csv.gz"), ["text"])


def test_unknown_kind_of_file_is_wrong_use(tmp_path):
    with pytest.raises(UsageError, match=r"\.csv \.tsv \.txt \.jsonl \.json"):
        read_table(str(tmp_path / "data.docx"), ["text"])
    for name in ("a.xlsx", "a.XLS", "a.ods"):
        with pytest.raises(UsageError, match="a spreadsheet; save its sheet as CSV"):
            read_table(str(tmp_path / name), ["text"])


def test_list_rows():
    assert list_rows([3]) == "row 3"
    assert list_rows(np.array([3, 5])) == "rows 3, 5"
    assert list_rows(range(1, 8)) == "rows 1, 2, 3, 4, 5, ... (7 in all)"


# What pandas and others write.


@pytest.mark.parametrize("suffix, separator", [(".csv", ","), (".tsv", "\t")])
def test_two_columns_of_one_name_are_refused_where_both_are_wanted(
    tmp_path, suffix, separator
):
    content = "text,n,n\nx,1,2\n".replace(",", separator)
    path = write(tmp_path / f"a{suffix}", content)
    assert read_table(path, ["text"]).columns == {"text": ["x"]}
    with pytest.raises(PolyheadError, match="2 columns are named 'n'; rename"):
        read_table(path, ["text"], keep_all=True)


def test_json_fields_of_all_records_are_kept(tmp_path):
    records = ['{"text": "a"}', '{"n": 1, "text": "b"}', '{"text": "c", "m": 2}']
    path = write(tmp_path / "a.jsonl", "\n".join(records))
    table = read_table(path, ["text"], keep_all=True)
    assert list(table.columns.items()) == [
        ("text", ["a", "b", "c"]),
        ("n", [None, 1, None]),
        ("m", [None, None, 2]),
    ]
    assert read_table(path, ["text"]).columns == {"text": ["a", "b", "c"]}


def test_json_records_that_share_no_fields_are_refused(tmp_path):
    records = "\n".join(f'{{"id{number}": 1}}' for number in range(20_000))
    path = write(tmp_path / "a.jsonl", records)
    with pytest.raises(PolyheadError, match="20,000 fields in all"):
        read_table(path, [], keep_all=True)


@pytest.mark.parametrize("keep_all", [False, True])
@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
def test_an_empty_line_of_a_single_column_is_an_empty_text(tmp_path, suffix, keep_all):
    path = write(tmp_path / f"a{suffix}", "text\r\na\r\n\r\nb\r\n")
    table = read_table(path, ["text"], keep_all=keep_all)
    assert table.columns == {"text": ["a", "", "b"]}
    assert table.rows.tolist() == [2, 3, 4]


def test_a_first_text_like_the_column_is_a_text(tmp_path):
    path = write(tmp_path / "a.txt", "text\n\nmore\n")
    table = read_table(path, ["text"])
    assert table.columns == {"text": ["text", "", "more"]}


@pytest.mark.parametrize(
    ("line", "remedy"),
    [("x\ty\tz", "remove the tab inside a text, or correct"), ("x", "2; correct the")],
)
def test_quotes_are_no_remedy_for_a_tab(tmp_path, line, remedy):
    path = write(tmp_path / "a.tsv", f"text\tlabel\n{line}\n")
    with pytest.raises(PolyheadError, match=remedy) as caught:
        read_table(path, ["text", "label"])
    assert "quote texts" not in str(caught.value)
