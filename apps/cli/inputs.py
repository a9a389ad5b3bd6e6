"""The inputs of `predict`: words, a file, standard input, or a terminal."""

import codecs
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from ..common.errors import PolyheadError, UsageError, reason_of
from ..common.run.config import load_config
from ..common.task import Task
from ..common.text.cleaning import clean_text

if TYPE_CHECKING:
    from ..common.data.tables import Table

TYPED, ARRIVING = "typed", "arriving"  # inputs that are read one after the other
DRAWING = ("temperature", "top_k", "top_p", "seed")
PART = 2**16  # bytes of standard input that are read at once
STANDARD_INPUT = "standard input"


@dataclass(frozen=True)
class Inputs:
    """Texts to answer for, and the columns of the file that they came from."""

    texts: list[str]
    columns: dict[str, list]  # name -> values
    truncated: list[bool] | None = None  # which texts were cut, where that is known
    first: int = 1  # the line of standard input that has the first of them

    @property
    def given(self) -> list[str]:
        """What a run's `predict` takes."""
        return self.texts

    def records(self) -> list[dict]:
        """For JSON: each text, and whether it was cut."""
        if self.truncated is None:
            return [{"text": text} for text in self.texts]
        pairs = zip(self.texts, self.truncated, strict=True)
        return [{"text": text, "truncated": cut} for text, cut in pairs]


@dataclass(frozen=True)
class TableInputs:
    """A whole table to answer for."""

    # For a run's `predict`: a path, or what was read; None for the run's own data.
    given: "str | Table | None"
    columns: dict[str, list] = field(default_factory=dict)
    truncated: list[bool] | None = None  # unused: a table is not cut
    first: int = 1


def read_inputs(task: Task, arguments: Any, style: str) -> Inputs | TableInputs | str:
    """The inputs of a command.

    TYPED where they are to be typed; ARRIVING where they are lines of standard input
    that are answered as they arrive, which the `style` of the answers has to allow.
    """
    words, file = arguments.words, arguments.file
    if task.input == "table":
        if arguments.standard_input:
            return TableInputs(read_standard_table())
        files = [*words, *([file] if file else [])]
        if len(files) > 1:
            raise UsageError(f"give one file, not {len(files)}")
        return TableInputs(files[0] if files else None)
    config = load_config(task.config, task.name, arguments.run / "config.json")
    if not words and not file and sys.stdin is None:
        raise PolyheadError("standard input is closed: give texts, or --file F")
    if not words and not file and sys.stdin.isatty():
        if arguments.output:
            raise UsageError(
                "--output is for texts, a --file or a pipe, not for typing"
            )
        return TYPED
    # Draws are of all texts together: they must not depend on how these arrive.
    drawn = {*DRAWING} & {*arguments.options} & {*task.keras_options}
    whole = words or file or arguments.output or drawn
    if not whole and style in ("text", "jsonl"):
        return ARRIVING
    column = (arguments.column or config.input_column).strip()
    reads_lines = task.input == "lines"
    return read_texts(words, file, column, reads_lines, bool(arguments.column))


def read_texts(
    words: list[str],
    file: str | None,
    column: str,
    reads_lines: bool = False,
    named: bool = False,
) -> Inputs:
    """Returns the `Inputs` of a command: its words, a file, or standard input.

    With `reads_lines`, a file of no known kind, such as "test.en", is a text a line; it
    has no column that could be `named` on the command line.
    """
    if file:
        from ..common.data.tables import is_table, read_table
        from ..common.data.text_files import read_lines

        if reads_lines and not is_table(file):
            if named:
                raise UsageError(
                    f"{file}: is read as a text a line and has no column {column!r}: "
                    "leave --column out, or give a table (.csv, .tsv, .jsonl, .parquet)"
                )
            return Inputs(clean(lines := read_lines(file)), {column: lines})

        table = read_table(file, [column], keep_all=True)
        texts = [
            _to_text(value, f"{file}: row {row}", column)
            for value, row in zip(table.columns[column], table.rows, strict=True)
        ]
        columns = {
            clean_text(name): [
                clean_text(v) if isinstance(v, str) else v for v in values
            ]
            for name, values in table.columns.items()
        }
        return Inputs(texts := clean(texts), columns | {column: texts})
    texts = [check_word(word) for word in words] or _read_standard_input()
    return Inputs(clean(texts), {"text": texts})


def clean(texts: list[str]) -> list[str]:
    """As the texts of training: without zero bytes, at which a file stops to read."""
    return [clean_text(text) for text in texts]


def _to_text(value, where, column):
    if value is None or isinstance(value, dict | list):
        raise PolyheadError(
            f"{where}: column '{column}' holds {json.dumps(value)[:40]}, not a text: "
            "correct or remove the row"
        )
    return str(value)


def check_word(word: str) -> str:
    """Refuses an argument that is not UTF-8, in which no answer could be written."""
    try:
        word.encode("utf-8")
    except UnicodeEncodeError:
        raise UsageError(f"the text {ascii(word)} is not UTF-8") from None
    return word


def _read_standard_input():
    return [text for _, texts in read_lines_as_they_arrive() for text in texts]


def read_arriving() -> Iterator[Inputs]:
    """Yields the lines of standard input as `Inputs`, those that are there at once."""
    for first, texts in read_lines_as_they_arrive():
        yield Inputs(clean(texts), {"text": texts}, first=first)


def read_lines_as_they_arrive() -> Iterator[tuple[int, list[str]]]:
    """Yields whole lines of standard input, and the number of the first of them."""
    row, begun = 1, b""
    for part in _read_parts(sys.stdin.buffer):
        *lines, begun = (begun + part).split(b"\n")
        if not part and begun:  # the last line has no end
            lines.append(begun)
        if lines:
            yield row, [_decode(line, n) for n, line in enumerate(lines, row)]
        row += len(lines)


def _read_parts(binary: Any) -> Iterator[bytes]:
    """Yields what is there, as soon as anything is; b"" at the end."""
    try:
        while part := binary.read1(PART):
            yield part
        yield b""
    except OSError as error:
        raise PolyheadError(
            f"standard input: cannot be read ({reason_of(error)}): give texts, or "
            "--file F"
        ) from None


def _decode(line: bytes, row: int) -> str:
    if row == 1:
        line = line.removeprefix(codecs.BOM_UTF8)
    try:
        return line.decode("utf-8").rstrip("\r")
    except UnicodeDecodeError as error:
        raise PolyheadError(
            f"standard input: row {row}: byte 0x{line[error.start]:02x} is not "
            "UTF-8; convert it: iconv -f cp1252 -t utf-8"
        ) from None


def read_standard_table() -> "Table":
    """The table on standard input: CSV, or what its first line says."""
    from ..common.data.tables import read_table

    if sys.stdin is None:
        raise PolyheadError("standard input is closed: give --file F")
    content = b"".join(_read_parts(sys.stdin.buffer))
    first = content.split(b"\n", 1)[0]
    suffix = ".jsonl" if first.lstrip()[:1] == b"{" else ".csv"
    if b"\t" in first and b"," not in first:
        suffix = ".tsv"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"input{suffix}")
        path.write_bytes(content)
        try:
            return replace(read_table(path, [], keep_all=True), source=STANDARD_INPUT)
        except PolyheadError as error:
            text = str(error).replace(str(path), STANDARD_INPUT)
            raise type(error)(text) from None


def _read_typed_line():
    try:
        return sys.stdin.readline()
    except (OSError, UnicodeDecodeError) as error:
        raise PolyheadError(
            f"the terminal: cannot be read ({reason_of(error)}): set it to UTF-8, or "
            "give texts"
        ) from None


def read_typed(prompt: TextIO) -> Iterator[Inputs]:
    """Yields the lines of a terminal as `Inputs`, one by one, until it ends."""
    while True:
        prompt.write("> ")
        prompt.flush()
        line = _read_typed_line()
        if not line:
            prompt.write("\n")
            return
        text = line.rstrip("\r\n")
        yield Inputs(clean([text]), {"text": [text]})
