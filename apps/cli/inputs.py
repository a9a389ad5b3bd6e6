"""The inputs of `predict`: words, a file, standard input, or a terminal."""

import codecs
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TextIO

from ..common.errors import PolyheadError, UsageError
from ..common.run.config import load_config
from ..common.task import Task
from ..common.text.cleaning import clean_text


@dataclass(frozen=True)
class Inputs:
    """Texts to answer for, and the columns of the file that they came from."""

    texts: list[str]
    columns: dict[str, list]  # name -> values
    truncated: list[bool] | None = None  # which texts were cut, where that is known

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
    """A whole file to answer for."""

    given: str | None  # its path, for a run's `predict`; None for the run's own data
    columns: dict[str, list] = field(default_factory=dict)
    truncated: list[bool] | None = None  # unused: a table is not cut


def read_inputs(task: Task, arguments: Any) -> Inputs | TableInputs | None:
    """The inputs of a command; None where they are to be typed."""
    words, file = arguments.words, arguments.file
    if task.input == "table":
        files = [*words, *([file] if file else [])]
        if len(files) > 1:
            raise UsageError(f"give one file, not {len(files)}")
        return TableInputs(files[0] if files else None)
    config = load_config(task.config, task.name, arguments.run / "config.json")
    if not words and not file and sys.stdin.isatty():
        if arguments.output:
            raise UsageError(
                "--output is for texts, a --file or a pipe, not for typing"
            )
        return None
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
    texts = [check_word(word) for word in words] or list(_read_lines(sys.stdin.buffer))
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


def _read_lines(binary):
    for row, line in enumerate(binary, 1):
        if row == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
        try:
            yield line.decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise PolyheadError(
                f"standard input: row {row}: byte 0x{line[error.start]:02x} is not "
                "UTF-8; convert it: iconv -f latin1 -t utf-8"
            ) from None


def read_typed(prompt: TextIO) -> Iterator[Inputs]:
    """Yields the lines of a terminal as `Inputs`, one by one, until it ends."""
    while True:
        prompt.write("> ")
        prompt.flush()
        line = sys.stdin.readline()
        if not line:
            prompt.write("\n")
            return
        text = line.rstrip("\r\n")
        yield Inputs(clean([text]), {"text": [text]})
