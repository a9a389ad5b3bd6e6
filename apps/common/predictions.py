"""The inputs of `predict`, and its answers as text, JSON or CSV."""

import csv
import io
import json
import sys
from dataclasses import dataclass

from .errors import PolyheadError, UsageError


@dataclass(frozen=True)
class Inputs:
    """Texts to answer for, and the columns of the file that they came from."""

    texts: list[str]
    columns: dict[str, list]


def read_inputs(words, file, column):
    """Returns the `Inputs` of a command: its words, a file, or standard input."""
    if file:
        from .tables import read_table

        table = read_table(file, [column], keep_all=True)
        texts = [
            _to_text(value, f"{file}: row {row}", column)
            for value, row in zip(table.columns[column], table.rows, strict=True)
        ]
        return Inputs(texts, table.columns)
    texts = [_check_word(word) for word in words] or list(_read_lines(sys.stdin.buffer))
    return Inputs(texts, {"text": texts})


def _to_text(value, where, column):
    if value is None or isinstance(value, dict | list):
        raise PolyheadError(
            f"{where}: column '{column}' holds {json.dumps(value)[:40]}, not a text: "
            "correct or remove the row"
        )
    return str(value)


def _check_word(word):
    try:
        word.encode("utf-8")
    except UnicodeEncodeError:
        raise UsageError(f"the text {ascii(word)} is not UTF-8") from None
    return word


def _read_lines(binary):
    for row, line in enumerate(binary, 1):
        try:
            yield line.decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise PolyheadError(
                f"standard input: row {row}: byte 0x{line[error.start]:02x} is not "
                "UTF-8; convert it: iconv -f latin1 -t utf-8"
            ) from None


def format_predictions(inputs, answers, style, separator=None):
    """Returns what `predict` prints.

    Args:
        inputs: an `Inputs`.
        answers: for each text a list of (label, probability), best first.
        style: "text", "json" or "csv".
        separator: joins the labels of a text in CSV, where a text can have any
            number of them; None gives each rank columns of its own.
    """
    if style == "json":
        return _format_json(inputs.texts, answers)
    if style == "csv":
        return _format_csv(inputs.columns, answers, separator)
    lines = []
    for text, answer in zip(inputs.texts, answers, strict=True):
        fields = [f"{label}\t{probability:.4f}" for label, probability in answer]
        # One line an input, whatever the text holds.
        lines.append("\t".join([*(fields or ["-"]), " ".join(text.split())]) + "\n")
    return "".join(lines)


def _format_json(texts, answers):
    records = [
        {
            "text": text,
            "predictions": [
                {"label": label, "probability": round(float(probability), 6)}
                for label, probability in answer
            ],
        }
        for text, answer in zip(texts, answers, strict=True)
    ]
    lines = ",\n".join(json.dumps(record, ensure_ascii=False) for record in records)
    return f"[\n{lines}\n]\n" if records else "[]\n"


def _format_csv(columns, answers, separator):
    if separator is not None:
        answers = [_join(answer, separator) for answer in answers]
    else:
        answers = [[(name, f"{p:.6f}") for name, p in answer] for answer in answers]
    width = max(map(len, answers), default=0)
    header = list(columns)
    for rank in range(1, width + 1):
        for name in ("predicted_label", "probability"):
            name = name if rank == 1 else f"{name}_{rank}"
            while name in header:  # the file's own column keeps its name
                name += "_"
            header.append(name)
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow(header)
    rows = zip(*columns.values(), strict=True)
    for row, answer in zip(rows, answers, strict=True):
        writer.writerow([*row, *(field for pair in answer for field in pair)])
    return output.getvalue()


def _join(answer, separator):
    labels = separator.join(label for label, _ in answer)
    return [(labels, separator.join(f"{p:.6f}" for _, p in answer))]
