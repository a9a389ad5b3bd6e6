"""Plain and packed UTF-8 files, and their errors."""

import gzip

import pytest

from polyhead.apps.common.data.text_files import clear_errors, read_lines, read_text
from polyhead.apps.common.errors import PolyheadError


def test_a_text_and_its_lines_plain_or_packed(tmp_path):
    content = "\ufeffeins\r\nzwei\u2028zwei\n\nlast\n".encode()
    plain, packed = tmp_path / "a.txt", tmp_path / "a.txt.gz"
    plain.write_bytes(content)
    packed.write_bytes(gzip.compress(content))
    for path in (plain, packed):
        assert read_lines(path) == ["eins", "zwei\u2028zwei", "", "last"]
        assert read_text(path) == "eins\r\nzwei\u2028zwei\n\nlast"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("absent.txt", None, "no such file"),
        ("bad.txt", b"ok\nna\xefve\n", "row 2"),
        ("bad.txt.gz", b"no gzip at all", "damaged gzip file"),
        ("cut.txt.gz", gzip.compress(b"x" * 9999)[:-20], "damaged gzip file"),
    ],
)
def test_errors_are_one_line_that_names_the_file(tmp_path, name, content, words):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PolyheadError, match=words) as caught:
        read_lines(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_other_errors_pass():
    with pytest.raises(ZeroDivisionError), clear_errors("a.txt"):
        raise ZeroDivisionError
