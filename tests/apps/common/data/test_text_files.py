"""UTF-8 files, whose faults come out as one clear line."""

import gzip

import pytest

from polyhead.apps.common.data.text_files import (
    clear_errors,
    open_bytes,
    read_lines,
    read_text,
)
from polyhead.apps.common.errors import PolyheadError


@pytest.mark.parametrize("ending", [".txt", ".txt.gz"])
def test_only_a_newline_ends_a_line(tmp_path, ending):
    path = tmp_path / f"a{ending}"
    data = "\ufeffone\r\n\ntwo\u2028still two\x0b\nthree".encode()
    path.write_bytes(gzip.compress(data, mtime=0) if ending.endswith("gz") else data)
    assert read_lines(path) == ["one", "", "two\u2028still two\x0b", "three"]
    assert read_text(path).startswith("one\r\n\ntwo")
    with open_bytes(path) as file:
        assert file.read() == data


def test_the_newline_at_the_end_is_no_text(tmp_path):
    for content in ("a\nb\n", "a\nb\r\n", "a\nb"):
        (tmp_path / "a.txt").write_bytes(content.encode())
        assert read_text(tmp_path / "a.txt") == "a\nb"


@pytest.mark.parametrize(
    "name, content, message",
    [
        ("a.txt", None, "a.txt: no such file; check the path"),
        ("a.txt", b"ok\nok\ncaf\xe9\n", "a.txt: row 3: byte 0xe9 at offset 9"),
        ("a.txt", b"caf\xe9", r"iconv -f cp1252 -t utf-8 .*a.txt > .*a-utf8.txt"),
        ("a.txt", b"caf\xe9 \x81", "iconv -f latin1 -t utf-8"),
        ("a.txt", "é".encode("utf-16")[:-1], "a.txt: damaged UTF-16 text"),
        ("a.txt.gz", b"no gzip", "a.txt.gz: damaged gzip file"),
        (
            "a.txt.gz",
            gzip.compress(b"x" * 9999, mtime=0)[:-9],
            "a.txt.gz: damaged gzip file",
        ),
        ("a.txt.gz", gzip.compress(b"caf\xe9", mtime=0), "a.txt.gz: row 1: byte 0xe9"),
    ],
)
@pytest.mark.parametrize("read", [read_text, read_lines])
def test_a_fault_is_one_line_with_its_remedy(tmp_path, read, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(PolyheadError, match=message) as caught:
        read(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(PolyheadError, match="Is a directory"):
        read_text(tmp_path)


def test_other_errors_pass():
    with pytest.raises(ZeroDivisionError), clear_errors("a.txt"):
        raise ZeroDivisionError
