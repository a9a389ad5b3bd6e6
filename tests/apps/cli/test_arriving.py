"""Answers to standard input as it arrives, and the form that a file's name asks for."""

import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from polyhead.apps import registry
from polyhead.apps.cli.arguments import parse
from polyhead.apps.cli.inputs import ARRIVING, Inputs, read_inputs
from polyhead.apps.cli.main import main
from polyhead.apps.cli.output import choose_style
from polyhead.apps.common.answers import STYLES, write_answers
from polyhead.apps.common.errors import UsageError

GOLDEN = Path(__file__).parents[2] / "golden"
SHIPPED = Path(__file__).resolve().parents[3] / "saved_models"


@pytest.fixture(scope="module")
def reviews(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "reviews"
    return str(shutil.copytree(GOLDEN / "0.1.0" / "reviews", folder))


@pytest.fixture(scope="module")
def wave(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "wave"
    return str(shutil.copytree(GOLDEN / "0.1.0" / "wave", folder))


@pytest.mark.parametrize(
    ("run", "words", "lines"),
    [
        ("language-identifier", "- --engine tflite", ["Königreich", "buenos días"]),
        ("dates", "", ["jeudi 5 mars 1998", "5. März 2001"]),
        ("dates", "- --format jsonl", ["jeudi 5 mars 1998", "5. März 2001"]),
        ("english-spanish", "--file -", ["Hello.", "Good night."]),
    ],
)
def test_a_line_is_answered_before_the_next_one_is_there(run, words, lines):
    command = [sys.executable, "-m", "polyhead.apps", "predict", str(SHIPPED / run)]
    with subprocess.Popen(
        [*command, *words.split()], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin and process.stdout
        for line in lines:
            process.stdin.write(f"{line}\n".encode())
            process.stdin.flush()
            assert process.stdout.readline().strip()
        process.stdin.write(b"the last has no end")
        process.stdin.close()
        assert process.stdout.read().count(b"\n") == 1
    assert process.returncode == 0


def test_a_reader_that_leaves_ends_it_quietly(reviews):
    command = [sys.executable, "-m", "polyhead.apps", "predict", reviews, "-"]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin and process.stdout and process.stderr
        process.stdin.write(b"good\n")
        process.stdin.flush()
        assert process.stdout.readline()
        process.stdout.close()
        process.stdin.write(b"bad\n")
        process.stdin.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


class Slow(io.RawIOBase):
    """Standard input of which each part arrives after the last one was read."""

    def __init__(self, parts):
        self.parts = list(parts)

    def readable(self):
        return True

    def readinto(self, buffer):
        part = self.parts.pop(0) if self.parts else b""
        buffer[: len(part)] = part
        return len(part)


def answer(monkeypatch, capsys, parts, *words):
    stream = io.TextIOWrapper(io.BufferedReader(Slow(parts)), encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", stream)
    status = main(["predict", *words])
    printed = capsys.readouterr()
    return status, printed.out, printed.err


PARTS = [b"\xef\xbb\xbffine", b" film\r", b"\nb", b"ad\n\n caf\xc3", b"\xa9\nlast"]
LINES = ["fine film", "bad", "", " café", "last"]


@pytest.mark.parametrize("style", STYLES)
def test_lines_are_whole_however_they_arrive(reviews, monkeypatch, capsys, style):
    form = "--format", style
    status, out, _ = answer(monkeypatch, capsys, PARTS, reviews, "-", *form)
    assert status == 0
    main(["predict", reviews, *form, "--", *LINES])
    assert out == capsys.readouterr().out


def test_draws_do_not_depend_on_how_texts_arrive(monkeypatch, tmp_path):
    task, run = registry.find_task("translation"), GOLDEN / "0.1.0" / "numbers"
    stream = io.TextIOWrapper(io.BufferedReader(Slow([b"one\n", b"two\n"])))
    monkeypatch.setattr(sys, "stdin", stream)
    words = ["predict", str(run), "-", "--top-k", "3"]
    inputs = read_inputs(task, parse(words), "text")
    assert isinstance(inputs, Inputs) and inputs.given == ["one", "two"]
    assert read_inputs(task, parse(words[:3]), "text") == ARRIVING


def test_nothing_on_standard_input_is_no_answer(reviews, monkeypatch, capsys):
    for style, expected in {"text": "", "jsonl": "", "json": "[]\n"}.items():
        words = reviews, "-", "--format", style
        assert answer(monkeypatch, capsys, [], *words) == (0, expected, "")


def test_lines_are_counted_over_all_parts(reviews, monkeypatch, capsys):
    parts = [b"one\ntwo\n", b"three\nf\xfc\n"]
    status, out, err = answer(monkeypatch, capsys, parts, reviews, "-")
    assert status == 1 and out.count("\n") == 2  # of the first part
    assert "standard input: row 4: byte 0xfc is not UTF-8" in err
    long = b"word " * 500 + b"\n"
    status, out, err = answer(monkeypatch, capsys, [b"one\n", long], reviews, "-")
    assert status == 0 and out.count("\n") == 2
    assert "note: counted from line 2: longer than" in err


def test_a_text_that_is_a_stroke_comes_after_two(reviews, capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    for words in (["--", reviews, "-", "b"], [reviews, "--", "-", "b"]):
        assert main(["predict", *words]) == 0
        assert capsys.readouterr().out.count("\n") == 2
    for words in (["-", "text"], ["text", "-"], ["-", "--file", "a.csv"]):
        assert main(["predict", reviews, *words]) == 2
        assert "- is standard input: give it alone" in capsys.readouterr().err
    assert main(["predict", reviews, "-"]) == 1
    assert "standard input is closed" in capsys.readouterr().err


def test_a_forecaster_reads_a_whole_table(wave, monkeypatch, capsys):
    file = GOLDEN / "data" / "wave.csv"
    assert main(["predict", wave, str(file), "--format", "csv"]) == 0
    expected = capsys.readouterr().out
    content = file.read_bytes()
    rows = [line.split(",") for line in content.decode().splitlines()]
    records = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    for table in (
        content,
        content.replace(b",", b"\t"),
        "\n".join(map(json.dumps, records)).encode(),
    ):
        parts = [table[:1000], table[1000:9000], table[9000:]]
        words = wave, "-", "--format", "csv"
        assert answer(monkeypatch, capsys, parts, *words) == (0, expected, "")
    bad = content.replace(rows[9][1].encode(), b"much", 1)
    status, out, err = answer(monkeypatch, capsys, [bad], wave, "--file", "-")
    assert (status, out) == (1, "")
    assert err.startswith("polyhead: error: standard input: row 10: 'much' in column")
    status, out, err = answer(monkeypatch, capsys, [], wave, "-")
    assert status == 1 and "standard input: empty file" in err


# The form of what is written.


@pytest.mark.parametrize(
    ("asked", "output", "style", "told"),
    [
        (None, None, "text", ""),
        ("csv", None, "csv", ""),
        (None, "a.txt", "text", ""),
        (None, "a.json", "json", ""),
        (None, "folder.csv/a.JSONL", "jsonl", ""),
        (None, "a.csv", "csv", ""),
        (None, "a.tsv", "tsv", ""),
        (None, "translated.de", "text", ""),
        (None, "/dev/stdout", "text", ""),
        ("csv", "a.csv", "csv", ""),
        ("csv", "a.de", "csv", ""),
        ("text", "a.csv", "text", "a.csv is written as text, as --format says"),
        ("json", "a.txt", "json", "a.txt is written as json, as --format says"),
        ("json", "a.gz", "json", ""),
    ],
)
def test_the_name_of_a_file_decides_unless_a_form_is_asked_for(
    asked, output, style, told
):
    assert choose_style(asked, output) == (style, told)


@pytest.mark.parametrize("name", ["a.parquet", "a.xlsx", "a.csv.gz"])
def test_a_file_that_is_no_text_is_refused(name):
    with pytest.raises(
        UsageError, match=f"--output {name}: answers are written as .tx"
    ):
        choose_style(None, name)


def test_answers_are_written_in_the_form_of_the_name(reviews, tmp_path, capsys):
    for style in STYLES:
        file = tmp_path / f"a.{style}"
        words = ["predict", reviews, "a fine caf\u00e9"]
        assert main([*words, "--output", str(file)]) == 0
        assert main([*words, "--format", style]) == 0
        assert file.read_text("utf-8") == capsys.readouterr().out
    words += ["--output", str(tmp_path / "a.csv"), "--format", "json"]
    assert main(words) == 0
    assert "a.csv is written as json" in capsys.readouterr().err
    assert json.loads((tmp_path / "a.csv").read_text("utf-8"))[0]["predictions"]
    assert main([*words, "-q"]) == 0
    assert capsys.readouterr().err == ""


def test_a_table_with_tabs_has_a_row_a_line():
    table = ["a", "b"], [["one\ttwo", "x\r\ny"], [3, '"']]
    written = write_answers("tsv", list, list, lambda: table)
    assert written == 'a\tb\none two\tx  y\n3\t"\n'
    assert write_answers("jsonl", list, lambda: [{"a": "é"}, {}], list) == (
        '{"a": "é"}\n{}\n'
    )
